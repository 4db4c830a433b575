#include "modes/environment_proxy.h"

#include <initializer_list>

#include "base/secret_writer.h"
#include "modes/limits.h"
#include "os/environment.h"
#include "proxy/upstream_proxy.h"

namespace aileron::modes {

namespace {

// The first that is set.
const char* FirstSet(std::initializer_list<const char*> names) {
  for (const char* name : names) {
    if (!os::Variable(name).empty()) return name;
  }
  return nullptr;
}

// RFC 7617; empty without a user.
Secret BasicOf(const proxy::ProxyUrl& url) {
  if (url.username.empty()) return {};
  SecretWriter pair(limits::proxy_url_bytes), value(2 * limits::proxy_url_bytes);
  pair.Put(url.username);
  pair.Put(":");
  pair.Put(url.password.Reveal());
  value.Put("Basic ");
  value.PutBase64(pair.View());
  AILERON_CHECK(!pair.overflowed() && !value.overflowed());
  return value.Take();
}

}  // namespace

Result<std::optional<fetch::Proxy>> EnvironmentProxy(const ServiceUrl& url) {
  if (IsThisMachine(url.host)) return std::nullopt;
  // HTTP_PROXY is what a web server sets for what it runs (httpoxy), and no proxy's name.
  const char* name = url.tls ? FirstSet({"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"})
                             : FirstSet({"http_proxy", "all_proxy", "ALL_PROXY"});
  if (name == nullptr) return std::nullopt;
  const char* exempt = FirstSet({"no_proxy", "NO_PROXY"});
  if (exempt != nullptr && proxy::InNoProxy(os::Variable(exempt), url.host)) return std::nullopt;
  const std::string text = os::Variable(name);
  if (text.size() > limits::proxy_url_bytes) return Fail(Code::kInvalid, "{} is too long", name);
  auto parsed = proxy::ParseProxyUrl(text);
  if (!parsed) {
    return Fail(parsed.error().code,
                "{}: {}. Set {} to a proxy that speaks HTTP, or add {} to NO_PROXY", name,
                parsed.error().message, url.tls ? "https_proxy" : "http_proxy", url.host);
  }
  return fetch::Proxy{.host = parsed->host,
                      .port = parsed->port,
                      .authorization = BasicOf(*parsed),
                      .origin = name};
}

}  // namespace aileron::modes
