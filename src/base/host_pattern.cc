#include "base/host_pattern.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "base/text.h"

namespace aileron {
namespace {

constexpr std::size_t kNameMax = 253;
constexpr std::size_t kLabelMax = 63;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

bool IsLabelCharacter(char c) {
  return (c >= 'a' && c <= 'z') || IsDigit(c) || c == '-' || c == '_';
}

// Would some reader take a name that ends in this label for an IPv4 address (WHATWG URL,
// inet_aton)?
bool LooksNumeric(std::string_view label) {
  if (label.starts_with("0x")) {
    return std::ranges::all_of(label.substr(2),
                               [](char c) { return IsDigit(c) || (c >= 'a' && c <= 'f'); });
  }
  return std::ranges::all_of(label, IsDigit);
}

// Strictly four decimal parts. inet_pton of glibc refuses leading zeros, musl's did not always.
std::optional<std::string> ParseIpv4(std::string_view text) {
  const auto parts = Split(text, '.');
  if (parts.size() != 4) return std::nullopt;
  for (const auto part : parts) {
    if (part.size() > 3 || (part.size() > 1 && part[0] == '0')) return std::nullopt;
    if (!part.empty() && !std::ranges::all_of(part, IsDigit)) return std::nullopt;
    if (const auto value = ParseInteger<unsigned>(part); !value || *value > 255) {
      return std::nullopt;
    }
  }
  return std::string(text);
}

std::optional<Host> ParseIpv6(std::string_view text) {
  std::array<unsigned char, 16> bytes;
  if (text.size() >= INET6_ADDRSTRLEN) return std::nullopt;
  if (inet_pton(AF_INET6, std::string(text).c_str(), bytes.data()) != 1) return std::nullopt;
  constexpr std::array<unsigned char, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  char out[INET6_ADDRSTRLEN];
  if (std::equal(kMapped.begin(), kMapped.end(), bytes.begin())) {
    inet_ntop(AF_INET, bytes.data() + 12, out, sizeof out);
    return Host{HostKind::kIpv4, out};
  }
  inet_ntop(AF_INET6, bytes.data(), out, sizeof out);
  return Host{HostKind::kIpv6, out};
}

Result<Host> ParseName(std::string_view shown, std::string name) {
  if (name.ends_with('.')) name.pop_back();
  if (name.empty() || name.size() > kNameMax) {
    return Fail(Code::kInvalid, "\"{}\" is not a host name: it must have 1 to {} characters",
                Printable(shown.substr(0, 300)), kNameMax);
  }
  const auto labels = Split(name, '.');
  for (const auto label : labels) {
    const bool valid = !label.empty() && label.size() <= kLabelMax &&
                       std::ranges::all_of(label, IsLabelCharacter) && label.front() != '-' &&
                       label.back() != '-';
    if (!valid) {
      return Fail(Code::kInvalid,
                  "\"{}\" is not a host name: \"{}\" is not a valid label (write international "
                  "names in their xn-- form)",
                  Printable(shown), Printable(label));
    }
  }
  if (LooksNumeric(labels.back())) {
    return Fail(
        Code::kInvalid,
        "\"{}\" is an unusual spelling of an IPv4 address: write four decimal numbers, as in "
        "192.0.2.1",
        Printable(shown));
  }
  return Host{HostKind::kName, std::move(name)};
}

}  // namespace

Result<Host> ParseHost(std::string_view text) {
  if (text.starts_with('[')) {
    if (!text.ends_with(']')) {
      return Fail(Code::kInvalid, "\"{}\" lacks the closing bracket", Printable(text));
    }
    if (auto address = ParseIpv6(text.substr(1, text.size() - 2))) return *std::move(address);
    return Fail(Code::kInvalid, "\"{}\" is not an IPv6 address", Printable(text));
  }
  if (text.find(':') != std::string_view::npos) {
    if (auto address = ParseIpv6(text)) return *std::move(address);
    return Fail(Code::kInvalid, "\"{}\" is not an IPv6 address", Printable(text));
  }
  if (auto address = ParseIpv4(text)) return Host{HostKind::kIpv4, *std::move(address)};
  return ParseName(text, ToLower(text));
}

Result<HostPattern> HostPattern::Parse(std::string_view text) {
  HostPattern pattern;
  std::string_view rest = text;
  if (rest.starts_with("*.")) {
    pattern.wildcard_ = true;
    rest.remove_prefix(2);
  }
  if (rest.find('*') != std::string_view::npos) {
    return Fail(
        Code::kInvalid,
        "\"{}\" is not a host pattern: \"*.\" may stand once, in front, as in *.example.com",
        Printable(text));
  }
  AILERON_ASSIGN(Host host, ParseHost(rest));
  if (pattern.wildcard_ && host.kind != HostKind::kName) {
    return Fail(Code::kInvalid, "\"{}\" is not a host pattern: an address takes no \"*.\"",
                Printable(text));
  }
  pattern.kind_ = host.kind;
  pattern.host_ = std::move(host.text);
  return pattern;
}

bool HostPattern::Matches(std::string_view host) const {
  if (!wildcard_) return host == host_;
  return host.size() > host_.size() + 1 && host.ends_with(host_) &&
         host[host.size() - host_.size() - 1] == '.';
}

Result<HostPort> ParseHostPort(std::string_view text) {
  std::string_view host = text;
  std::optional<std::string_view> port;
  const auto colon = text.rfind(':');
  if (text.starts_with('[')) {
    const auto close = text.find(']');
    if (close != std::string_view::npos && close + 1 < text.size()) {
      if (text[close + 1] != ':') {
        return Fail(Code::kInvalid, "\"{}\" has something other than a port behind the bracket",
                    Printable(text));
      }
      host = text.substr(0, close + 1);
      port = text.substr(close + 2);
    }
  } else if (colon != std::string_view::npos && text.find(':') == colon) {
    host = text.substr(0, colon);
    port = text.substr(colon + 1);
  }
  HostPort result;
  AILERON_ASSIGN(result.pattern, HostPattern::Parse(host));
  if (port) {
    result.port = ParseInteger<std::uint16_t>(*port);
    if (result.port.value_or(0) == 0) {
      return Fail(Code::kInvalid, "\"{}\" is not a port: it must be a number from 1 to 65535",
                  Printable(*port));
    }
  }
  return result;
}

std::string FormatHostPort(std::string_view host, std::uint16_t port) {
  const bool brackets = host.find(':') != std::string_view::npos && !host.starts_with('[');
  return brackets ? fmt::format("[{}]:{}", host, port) : fmt::format("{}:{}", host, port);
}

}  // namespace aileron
