#include "daemon/browser_gate.h"

#include <unistd.h>

#include "daemon/limits.h"
#include "http/cookie.h"
#include "http/url.h"
#include "os/socket.h"

namespace aileron::daemon {

namespace {

bool IsSafe(std::string_view method) { return method == "GET" || method == "HEAD"; }

Refusal Foreign(std::string detail) {
  return {403, "foreign_request", std::move(detail), "use the page that \"aileron open\" opens"};
}

// At most one field of that name; nothing when there are more.
std::optional<std::string_view> Only(const http::Headers& headers, std::string_view name) {
  if (headers.Count(name) > 1) return std::nullopt;
  return headers.Find(name).value_or("");
}

bool IsOurOrigin(std::string_view origin, std::string_view host) {
  constexpr std::string_view kScheme = "http://";
  return origin.starts_with(kScheme) && origin.substr(kScheme.size()) == host;
}

}  // namespace

BrowserGate::BrowserGate(BrowserPasses& passes)
    : passes_(passes),
      fields_({{"Content-Security-Policy",
                "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"},
               {"X-Content-Type-Options", "nosniff"},
               {"X-Frame-Options", "DENY"},
               {"Referrer-Policy", "no-referrer"},
               {"Cross-Origin-Resource-Policy", "same-origin"},
               {"Cross-Origin-Opener-Policy", "same-origin"}}) {}

void BrowserGate::set_port(std::uint16_t port) {
  hosts_[0] = fmt::format("127.0.0.1:{}", port);
  hosts_[1] = fmt::format("localhost:{}", port);
  cookie_name_ = fmt::format("aileron-{}", port);
}

Status BrowserGate::Admit(int socket) {
  auto user = os::OwnerOfPeer(socket);
  if (!user) return Wrap(std::move(user.error()), "it cannot be told who connects");
  if (*user == geteuid()) return {};
  return Fail(Code::kDenied, "user {} is not the user of this daemon", *user);
}

// Another port's server may have put cookies of our name into the jar: one that is right is enough.
bool BrowserGate::HasCookie(const http::RequestHead& head) const {
  bool admitted = false;
  std::size_t seen = 0;
  for (const std::string_view field : head.headers.FindAll("Cookie")) {
    http::ForEachCookie(field, [&](std::string_view name, std::string_view value, auto) {
      if (name != cookie_name_) return true;
      admitted = passes_.Admits(value, Uptime());
      return !admitted && ++seen < limits::kBrowserCookies;
    });
    if (admitted || seen >= limits::kBrowserCookies) break;
  }
  return admitted;
}

std::optional<Refusal> BrowserGate::Check(const http::RequestHead& head, Request& request) {
  const std::string_view host = head.host();
  if (head.form() != http::TargetForm::kOrigin || (host != hosts_[0] && host != hosts_[1])) {
    return Refusal{421, "wrong_host", "this is served under the name that the link has", ""};
  }
  const auto origin = Only(head.headers, "Origin");
  const auto site = Only(head.headers, "Sec-Fetch-Site");
  if (!origin || !site || (!origin->empty() && !IsOurOrigin(*origin, host))) {
    return Foreign("another site's page asks");
  }
  const http::PathAndQuery target = http::SplitTarget(head.target());
  // A link is followed from the terminal, or from the page that opens it.
  const bool enters = head.method() == "GET" && target.path.starts_with(kBrowserEnter);
  if (enters && !head.headers.Find("Sec-Purpose")) return std::nullopt;
  if (!site->empty() && *site != "same-origin" && *site != "none") {
    return Foreign("another page asks");
  }
  if (!IsSafe(head.method()) &&
      (origin->empty() || head.headers.Find(kBrowserRequestField).value_or("").empty())) {
    return Foreign("what changes something needs Origin and Aileron-Request");
  }
  if (HasCookie(head)) {
    request.surface = "browser";
    return std::nullopt;
  }
  if (head.method() == "GET" && target.path == kBrowserPage) return std::nullopt;
  return Refusal{401, "not_signed_in", "the browser is not signed in, or no longer",
                 "run \"aileron open\""};
}

}  // namespace aileron::daemon
