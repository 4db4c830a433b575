#include "base/service_url.h"

#include <algorithm>

#include "base/host_pattern.h"

namespace aileron {
namespace {

constexpr std::size_t kUrlMax = 1024;
constexpr std::string_view kHttps = "https://";
constexpr std::string_view kHttp = "http://";

bool IsPathCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("/-._~!$&'()*+,;=:@%").find(c) != std::string_view::npos;
}

}  // namespace

bool IsThisMachine(std::string_view host) {
  const auto parsed = ParseHost(host);
  return parsed && (parsed->text == "localhost" || parsed->text == "::1" ||
                    (parsed->kind == HostKind::kIpv4 && parsed->text.starts_with("127.")));
}

Result<ServiceUrl> ServiceUrl::Parse(std::string_view text) {
  ServiceUrl url;
  if (text.size() > kUrlMax) return Fail(Code::kInvalid, "longer than {} characters", kUrlMax);
  if (text.starts_with(kHttps)) {
    text.remove_prefix(kHttps.size());
  } else if (text.starts_with(kHttp)) {
    text.remove_prefix(kHttp.size());
    url.tls = false;
  } else {
    return Fail(Code::kInvalid, "not a URL: write it as https://HOST/PATH");
  }
  const std::size_t slash = std::min(text.find('/'), text.size());
  AILERON_ASSIGN(const HostPort where, ParseHostPort(text.substr(0, slash)));
  if (where.pattern.wildcard()) return Fail(Code::kInvalid, "a URL has no wildcard");
  if (!url.tls && !IsThisMachine(where.pattern.host())) {
    return Fail(Code::kInvalid,
                "what is sent there is not for others to read, which needs https://");
  }
  url.host = where.pattern.host();
  url.port = where.port.value_or(url.tls ? 443 : 80);
  if (slash != text.size()) url.path = text.substr(slash);
  if (!std::ranges::all_of(url.path, IsPathCharacter)) {
    return Fail(Code::kInvalid, "its path may hold no blank, query or fragment");
  }
  return url;
}

std::string ServiceUrl::Authority() const {
  if (port != (tls ? 443 : 80)) return FormatHostPort(host, port);
  return host.contains(':') ? fmt::format("[{}]", host) : host;
}

}  // namespace aileron
