#include "service/mapping.h"

#include <array>
#include <optional>

#include "base/host_pattern.h"
#include "base/text.h"

namespace aileron::service {

namespace {

std::unexpected<Error> BadMapping(std::string_view text) {
  return Fail(Code::kInvalid,
              "\"{}\" is not [HOST:]HOSTPORT[:PORT], such as 8080, 8080:80, :80 or "
              "127.0.0.1:8080:80",
              Printable(text));
}

bool IsDigits(std::string_view text) {
  return text.find_first_not_of("0123456789") == std::string_view::npos;
}

// Takes "HOST:" off the front of `rest`, if one is there; nothing when it is no address.
std::optional<policy::Address> TakeHost(std::string_view& rest) {
  const bool bracketed = rest.starts_with('[');
  const std::size_t end = bracketed ? rest.find(']') : rest.find(':');
  if (end == std::string_view::npos) {
    return bracketed || !IsDigits(rest) ? std::nullopt : std::optional(Loopback());
  }
  std::string_view host = rest.substr(0, end);
  if (!bracketed && IsDigits(host)) return Loopback();  // a port, or nothing
  if (bracketed) host.remove_prefix(1);
  rest.remove_prefix(bracketed ? end + 1 : end);
  if (!rest.starts_with(':')) return std::nullopt;
  rest.remove_prefix(1);
  if (!bracketed && host == "localhost") return Loopback();
  const auto address = policy::Address::Parse(host);
  const auto wanted = bracketed ? policy::Family::kIpv6 : policy::Family::kIpv4;
  if (!address || address->family() != wanted) return std::nullopt;
  return address;
}

// A link-local one would need the name of its device.
bool CanListenOn(const policy::Address& host) {
  const policy::AddressKind kind = Classify(host);
  return kind != policy::AddressKind::kMulticast && kind != policy::AddressKind::kBroadcast &&
         !(kind == policy::AddressKind::kLinkLocal && host.family() == policy::Family::kIpv6);
}

}  // namespace

policy::Address Loopback() {
  constexpr std::array<std::uint8_t, 4> kOctets = {127, 0, 0, 1};
  return policy::Address::V4(kOctets);
}

std::string Place::ToString() const { return FormatHostPort(host.ToString(), port); }

Result<Mapping> ParseMapping(std::string_view text) {
  std::string_view rest = text;
  const auto host = TakeHost(rest);
  if (!host || !CanListenOn(*host)) return BadMapping(text);
  Mapping mapping{.outside = {.host = *host, .port = 0}, .port = 0};
  const std::size_t colon = rest.find(':');
  const std::string_view first = rest.substr(0, colon);
  const bool both = colon != std::string_view::npos;
  if (!first.empty()) {
    const auto port = ParseInteger<std::uint16_t>(first);
    if (!port) return BadMapping(text);
    mapping.outside.port = *port;
  }
  const auto inside =
      both ? ParseInteger<std::uint16_t>(rest.substr(colon + 1)) : mapping.outside.port;
  if (!inside || *inside == 0) return BadMapping(text);
  mapping.port = *inside;
  return mapping;
}

Result<Place> ParsePlace(std::string_view text) {
  std::string_view rest = text;
  const auto host = TakeHost(rest);
  const auto port = ParseInteger<std::uint16_t>(rest);
  if (!host || !port || !CanListenOn(*host)) {
    return Fail(Code::kInvalid, "\"{}\" is not [HOST:]PORT, such as 8080 or 127.0.0.1:8080",
                Printable(text));
  }
  return Place{.host = *host, .port = *port};
}

}  // namespace aileron::service
