#include "http/url.h"

#include "base/text.h"
#include "http/chars.h"
#include "http/limits.h"

namespace aileron::http {

namespace {

std::optional<std::uint16_t> ParsePort(std::string_view text) {
  if (text.empty() || text.size() > 5) return std::nullopt;
  const auto port = ParseInteger<std::uint16_t>(text);
  if (!port || *port == 0) return std::nullopt;
  return port;
}

// Enough to keep a bracket's content apart from everything else; who connects parses it fully.
bool LooksLikeIpv6(std::string_view text) {
  if (text.size() < 2 || text.size() > 45 || !text.contains(':')) return false;
  for (const char c : text) {
    if (!Is(c, kHexChar) && c != ':' && c != '.') return false;
  }
  return true;
}

bool LooksLikeName(std::string_view text) {
  if (text.empty() || text.size() > limits::host_bytes || !AllAre(text, kHostChar)) return false;
  // Neither empty labels nor a lone dot; one final dot is the root's.
  if (text.front() == '.' || text.contains("..")) return false;
  return true;
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::optional<Authority> ParseAuthority(std::string_view text) {
  Authority authority;
  std::string_view rest;
  if (text.starts_with('[')) {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos) return std::nullopt;
    authority.host = text.substr(1, close - 1);
    authority.literal = true;
    if (!LooksLikeIpv6(authority.host)) return std::nullopt;
    rest = text.substr(close + 1);
  } else {
    const std::size_t colon = text.find(':');
    authority.host = text.substr(0, colon);
    if (!LooksLikeName(authority.host)) return std::nullopt;
    rest = colon == std::string_view::npos ? std::string_view() : text.substr(colon);
  }
  if (rest.empty()) return authority;
  if (rest.front() != ':') return std::nullopt;
  authority.port = ParsePort(rest.substr(1));
  if (!authority.port) return std::nullopt;
  return authority;
}

bool SameAuthority(std::string_view a, std::string_view b, std::uint16_t default_port) {
  if (a == b) return true;
  const auto first = ParseAuthority(a);
  const auto second = ParseAuthority(b);
  return first && second && first->literal == second->literal &&
         EqualsIgnoreCase(first->host, second->host) &&
         first->port.value_or(default_port) == second->port.value_or(default_port);
}

PathAndQuery SplitTarget(std::string_view path_and_query) {
  const std::size_t mark = path_and_query.find('?');
  if (mark == std::string_view::npos) return {path_and_query, std::nullopt};
  return {path_and_query.substr(0, mark), path_and_query.substr(mark + 1)};
}

bool ParameterIs(std::string_view undecoded, std::string_view name) {
  std::size_t at = 0;
  for (const char expected : name) {
    if (at >= undecoded.size()) return false;
    char c = undecoded[at++];
    if (c == '+') {
      c = ' ';
    } else if (c == '%' && at + 1 < undecoded.size() && Is(undecoded[at], kHexChar) &&
               Is(undecoded[at + 1], kHexChar)) {
      c = static_cast<char>(HexDigit(undecoded[at]) * 16 + HexDigit(undecoded[at + 1]));
      at += 2;
    }
    if (c != expected) return false;
  }
  return at == undecoded.size();
}

std::string ReplaceParameter(std::string_view path_and_query, std::string_view name,
                             std::string_view value) {
  const auto [path, query] = SplitTarget(path_and_query);
  std::string target(path);
  char separator = '?';
  ForEachParameter(query.value_or(""),
                   [&](std::string_view parameter, std::string_view, std::string_view whole) {
                     if (ParameterIs(parameter, name)) return true;
                     target += separator;
                     target += whole;
                     separator = '&';
                     return true;
                   });
  target += separator;
  target += PercentEncode(name);
  target += '=';
  target += PercentEncode(value);
  return target;
}

}  // namespace aileron::http
