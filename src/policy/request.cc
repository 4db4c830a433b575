// Tested by src/policy/evaluator_test.cc.
#include "policy/request.h"

#include <algorithm>

#include "base/host_pattern.h"
#include "base/request_scope.h"
#include "base/text.h"
#include "policy/limits.h"

namespace aileron::policy {
namespace {

std::unexpected<Error> NoRequest(std::string_view text) {
  return Fail(Code::kInvalid,
              "\"{}\" is not a request: write it as METHOD URL, as in \"GET "
              "https://api.example.com/user\"",
              Printable(text.substr(0, limits::kRuleTextMax)));
}

std::optional<Protocol> ParseProtocol(std::string_view name) {
  for (const Protocol protocol : {Protocol::kHttp, Protocol::kHttps, Protocol::kTcp}) {
    if (Name(protocol) == name) return protocol;
  }
  return std::nullopt;
}

}  // namespace

Result<Request> ParseRequest(std::string_view text) {
  const std::size_t blank = text.find(' ');
  if (blank == std::string_view::npos) return NoRequest(text);
  Request request{.method = std::string(text.substr(0, blank))};
  if (!IsMethodName(request.method)) return NoRequest(text);
  std::string_view rest = Trim(text.substr(blank), " ");
  const std::size_t colon = rest.find("://");
  if (colon == std::string_view::npos) return NoRequest(text);
  const auto protocol = ParseProtocol(rest.substr(0, colon));
  if (!protocol) return NoRequest(text);
  request.protocol = *protocol;
  rest.remove_prefix(colon + 3);
  const std::size_t end = std::min(rest.find_first_of("/?#"), rest.size());
  auto host = ParseHostPort(rest.substr(0, end));
  if (!host || host->pattern.wildcard()) return NoRequest(text);
  request.host = host->pattern.host();
  request.port = host->port.value_or(UsualPort(*protocol));
  rest = rest.substr(end);
  rest = rest.substr(0, rest.find_first_of("?#"));
  if (!rest.empty()) request.path = rest;
  return request;
}

std::string Write(const Request& request) {
  const std::string place = FormatHostPort(request.host, request.port);
  const std::string_view shown = std::string_view(place).substr(
      0, request.port == UsualPort(request.protocol) ? place.rfind(':') : std::string_view::npos);
  return fmt::format("{} {}://{}{}", request.method, Name(request.protocol), shown, request.path);
}

}  // namespace aileron::policy
