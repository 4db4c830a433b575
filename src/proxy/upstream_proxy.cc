#include "proxy/upstream_proxy.h"

#include <optional>

#include "base/host_pattern.h"
#include "base/text.h"
#include "http/headers.h"
#include "policy/address.h"

namespace aileron::proxy {

namespace {

constexpr std::uint16_t kDefaultPort = 1080;

// Calls `visit(entry)` for each entry until it returns true; whether it did.
template <typename Visit>
bool AnyEntry(std::string_view list, Visit&& visit) {
  constexpr std::string_view separators = ", \t";
  while (true) {
    const std::size_t begin = list.find_first_not_of(separators);
    if (begin == std::string_view::npos) return false;
    list.remove_prefix(begin);
    const std::string_view entry = list.substr(0, list.find_first_of(separators));
    list.remove_prefix(entry.size());
    if (visit(entry)) return true;
  }
}

std::string_view WithoutBrackets(std::string_view entry) {
  if (entry.starts_with('[') && entry.ends_with(']')) return entry.substr(1, entry.size() - 2);
  return entry;
}

std::optional<policy::Prefix> AsPrefix(std::string_view entry) {
  if (const auto prefix = policy::Prefix::Parse(entry)) return prefix;
  return std::nullopt;
}

// An entry that names a host and all below it, in our spelling; empty when it is no name.
std::string AsName(std::string_view entry) {
  if (entry.starts_with('.')) entry.remove_prefix(1);
  const auto host = ParseHost(entry);
  return host && host->kind == HostKind::kName ? host->text : std::string();
}

bool Matches(std::string_view entry, std::string_view host,
             const std::optional<policy::Address>& address) {
  if (entry == "*") return true;
  if (address) {
    if (const auto same = policy::Address::Parse(WithoutBrackets(entry))) return *same == *address;
    const auto prefix = AsPrefix(entry);
    return prefix && prefix->Contains(*address);
  }
  const std::string name = AsName(entry);
  if (name.empty() || !host.ends_with(name)) return false;
  return host.size() == name.size() || host[host.size() - name.size() - 1] == '.';
}

}  // namespace

bool InNoProxy(std::string_view list, std::string_view host) {
  const auto address = policy::Address::Parse(host);
  return AnyEntry(list, [&](std::string_view entry) { return Matches(entry, host, address); });
}

Status CheckNoProxy(std::string_view list) {
  std::string_view wrong;
  AnyEntry(list, [&](std::string_view entry) {
    const bool good = entry == "*" || policy::Address::Parse(WithoutBrackets(entry)) ||
                      AsPrefix(entry) || !AsName(entry).empty();
    if (!good) wrong = entry;
    return !good;
  });
  if (wrong.empty()) return {};
  return Fail(Code::kInvalid,
              "--no-proxy: \"{}\" is neither a host, an address nor a range such as 10.0.0.0/8",
              Printable(wrong));
}

bool UpstreamProxy::Serves(std::string_view target) const {
  return !host.empty() && !InNoProxy(no_proxy, target);
}

std::string ProxyUrl::Plain() const {
  return fmt::format("http://{}{}{}", PercentEncode(username), username.empty() ? "" : "@",
                     FormatHostPort(host, port));
}

Result<ProxyUrl> ParseProxyUrl(std::string_view url) {
  constexpr std::string_view scheme = "http://";
  if (url.size() >= 8 && EqualsIgnoreCase(url.substr(0, 8), "https://")) {
    return Fail(Code::kInvalid,
                "a proxy that is itself spoken to with TLS (https://) is not supported; name its "
                "http:// port");
  }
  if (url.find("://") == std::string_view::npos) {
    // As curl and others have it: a proxy without a scheme speaks HTTP.
  } else if (url.size() > scheme.size() && EqualsIgnoreCase(url.substr(0, scheme.size()), scheme)) {
    url.remove_prefix(scheme.size());
  } else {
    return Fail(Code::kInvalid, "the proxy's URL has to begin with http://");
  }
  if (url.ends_with('/')) url.remove_suffix(1);
  ProxyUrl parsed;
  if (const std::size_t at = url.rfind('@'); at != std::string_view::npos) {
    const std::string_view user_info = url.substr(0, at);
    url.remove_prefix(at + 1);
    const std::size_t colon = user_info.find(':');
    auto username = PercentDecode(user_info.substr(0, colon));
    if (!username || username->empty() || username->contains(':') ||
        !http::IsFieldValue(*username)) {
      return Fail(Code::kInvalid,
                  "the user in the proxy's URL cannot be sent; write other "
                  "characters than letters as %XX");
    }
    parsed.username = std::move(*username);
    if (colon != std::string_view::npos) {
      auto password = PercentDecode(user_info.substr(colon + 1));
      if (!password) return Fail(Code::kInvalid, "the password in the proxy's URL has a wrong %XX");
      parsed.password = Secret(*password);
      Wipe({password->data(), password->size()});
    }
  }
  auto target = ParseHostPort(url);
  if (!target || target->pattern.wildcard()) {
    return Fail(Code::kInvalid, "the proxy's URL names no host: write it as http://HOST:PORT");
  }
  parsed.host = target->pattern.host();
  parsed.port = target->port.value_or(kDefaultPort);
  return parsed;
}

}  // namespace aileron::proxy
