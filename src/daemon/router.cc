#include "daemon/router.h"

#include <algorithm>

#include "base/text.h"
#include "http/url.h"

namespace aileron::daemon {

namespace {

using Parameters = std::map<std::string, std::string, std::less<>>;

std::optional<Parameters> Match(std::string_view pattern, std::string_view path) {
  Parameters parameters;
  const auto wanted = Split(pattern, '/');
  const auto given = Split(path, '/');
  if (wanted.size() != given.size()) return std::nullopt;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (!wanted[i].starts_with('{')) {
      if (wanted[i] != given[i]) return std::nullopt;
      continue;
    }
    auto value = PercentDecode(given[i]);
    if (!value || value->empty()) return std::nullopt;
    parameters.emplace(wanted[i].substr(1, wanted[i].size() - 2), std::move(*value));
  }
  return parameters;
}

}  // namespace

void Router::Add(std::string_view method, std::string_view pattern, BodyKind body,
                 Handler handler) {
  routes_.push_back({method, pattern, body, std::move(handler)});
}

const Route* Router::Known(std::string_view method, std::string_view pattern) const {
  const auto known = std::ranges::find_if(routes_, [&](const Route& route) {
    return route.method == method && http::SplitTarget(route.pattern).path == pattern;
  });
  return known == routes_.end() ? nullptr : &*known;
}

std::variant<const Route*, Refusal> Router::Find(std::string_view method, std::string_view target,
                                                 Request& request) const {
  const http::PathAndQuery parts = http::SplitTarget(target);
  std::string allowed;
  for (const Route& route : routes_) {
    const auto [path, queries] = http::SplitTarget(route.pattern);
    auto parameters = Match(path, parts.path);
    if (!parameters) continue;
    if (route.method != method) {
      allowed += allowed.empty() ? "" : ", ";
      allowed += route.method;
      continue;
    }
    request.method = method;
    request.parameters = std::move(*parameters);
    bool valid = true;
    http::ForEachParameter(parts.query.value_or(""), [&](auto name, auto value, auto) {
      auto decoded_name = PercentDecode(name);
      auto decoded_value = PercentDecode(value);
      valid = decoded_name && decoded_value &&
              request.query.emplace(std::move(*decoded_name), std::move(*decoded_value)).second;
      return valid;
    });
    const std::vector<std::string_view> taken = Split(queries.value_or(""), '&');
    for (const auto& [name, value] : request.query) {
      if (std::ranges::find(taken, name) == taken.end()) {
        return Refusal{400, "bad_query",
                       fmt::format("there is no parameter \"{}\" here", Printable(name)), ""};
      }
    }
    if (!valid) {
      return Refusal{400, "bad_query", "the query is not well-formed, or names a parameter twice",
                     ""};
    }
    return &route;
  }
  if (!allowed.empty()) {
    return Refusal{405, "method_not_allowed",
                   fmt::format("{} is not possible here; possible: {}", Printable(method), allowed),
                   ""};
  }
  return Refusal{
      404, "no_such_route", "the daemon's API has no such path",
      "the client and the daemon may be of different versions: run \"aileron daemon stop\""};
}

}  // namespace aileron::daemon
