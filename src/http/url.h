// Request targets and authorities (RFC 3986), as views: nothing is copied, decoded or normalised.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace aileron::http {

struct Authority {
  std::string_view host;              // without brackets; not folded to lower case
  std::optional<std::uint16_t> port;  // 1 to 65535
  bool literal = false;               // an IPv6 address in brackets
};

// authority = host [ ":" port ];  host = 1*( ALPHA / DIGIT / "-" / "." / "_" ) / "[" IPv6 "]"
// No user information, no percent-encoding, no empty port: what resolvers and site checks could
// read differently is nothing.
std::optional<Authority> ParseAuthority(std::string_view text);

// Whether both name the same host and port, `default_port` standing for a missing one.
bool SameAuthority(std::string_view a, std::string_view b, std::uint16_t default_port);

struct PathAndQuery {
  std::string_view path;
  std::optional<std::string_view> query;  // without "?"; "/a?" has an empty one
};
PathAndQuery SplitTarget(std::string_view path_and_query);

// Calls `visit(name, value, whole)` for each parameter of a query, undecoded, until it returns
// false. `whole` is the parameter's text between the "&".
template <typename Visit>
void ForEachParameter(std::string_view query, Visit&& visit) {
  while (!query.empty()) {
    const std::size_t stop = query.find('&');
    const std::string_view whole = query.substr(0, stop);
    query = stop == std::string_view::npos ? std::string_view() : query.substr(stop + 1);
    if (whole.empty()) continue;
    const std::size_t equals = whole.find('=');
    const std::string_view value =
        equals == std::string_view::npos ? std::string_view() : whole.substr(equals + 1);
    if (!visit(whole.substr(0, equals), value, whole)) return;
  }
}

// Whether an undecoded parameter name means `name`: decoded, with "+" read as a blank.
bool ParameterIs(std::string_view undecoded, std::string_view name);

// The target with every parameter `name` dropped and one put at the end, percent-encoded.
std::string ReplaceParameter(std::string_view path_and_query, std::string_view name,
                             std::string_view value);

}  // namespace aileron::http
