#include "proxy/site.h"

#include <fmt/format.h>

#include "base/text.h"
#include "policy/address.h"

namespace aileron::proxy {

std::string Site::Authority() const {
  const bool v6 = host.find(':') != std::string::npos;
  const std::string name = v6 ? fmt::format("[{}]", host) : host;
  return port == default_port() ? name : fmt::format("{}:{}", name, port);
}

// Made for each request: without a format string.
std::string Site::Key(char kind) const {
  std::string key;
  key.reserve(host.size() + 9);
  key.append(host).append(1, '\n').append(fmt::format_int(port).c_str()).append(1, '\n');
  key += kind;
  return key;
}

std::optional<std::string> CanonicalHost(std::string_view host) {
  constexpr std::size_t name_max = 253;
  constexpr std::size_t label_max = 63;
  if (const auto address = policy::Address::Parse(host)) return address->ToString();
  if (host.ends_with('.')) host.remove_suffix(1);
  if (host.empty() || host.size() > name_max || policy::LooksLikeIpv4(host)) return std::nullopt;
  std::size_t label = 0;
  for (const char c : host) {
    if (c == '.') {
      if (label == 0) return std::nullopt;
      label = 0;
      continue;
    }
    const char lower = ToLower(c);
    const bool good =
        (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    if (!good || ++label > label_max) return std::nullopt;
  }
  if (label == 0) return std::nullopt;
  return ToLower(host);
}

}  // namespace aileron::proxy
