// Tested by tests/approval/test_browser.py.

#include "daemon/browser.h"

#include <unistd.h>

#include <array>
#include <utility>

#include "base/log.h"
#include "daemon/limits.h"
#include "daemon/routes.h"
#include "os/fd.h"
#include "os/socket.h"

namespace aileron::daemon {

namespace {

// What of the control API a browser may ask for, and nothing else.
constexpr auto kShared = std::to_array<std::pair<std::string_view, std::string_view>>({
    {"GET", "/v1/approvals"},
    {"GET", "/v1/approvals/stream"},
    {"GET", "/v1/approvals/{id}"},
    {"POST", "/v1/approvals/{id}/approve"},
    {"POST", "/v1/approvals/{id}/deny"},
    {"GET", "/v1/grants"},
    {"DELETE", "/v1/grants/{id}"},
    {"GET", "/v1/sessions"},
    {"GET", "/v1/sessions/{id}"},
    {"GET", "/v1/sessions/{id}/events"},
    {"GET", "/v1/audit"},
    {"GET", "/v1/audit/stream"},
    {"GET", "/v1/audit/{seq}"},
});

Reply Html(int status, std::string_view title, std::string_view head, std::string_view body) {
  Reply reply{.status = status, .content_type = "text/html; charset=utf-8"};
  reply.body = fmt::format(
      "<!doctype html>\n<html lang=\"en\"><head><meta "
      "charset=\"utf-8\"><title>{}</title>{}</head>\n"
      "<body>\n<h1>{}</h1>\n{}</body></html>\n",
      title, head, title, body);
  return reply;
}

constexpr std::string_view kSignedIn =
    "<p>This browser is signed in to the aileron daemon of your user. What it can ask for, as "
    "<code>api/openapi.yaml</code> describes it:</p>\n"
    "<ul>\n"
    "<li><a href=\"/v1/approvals\">/v1/approvals</a>: what waits for you; POST to "
    "<code>/v1/approvals/ID/approve</code> or <code>/deny</code> decides</li>\n"
    "<li><code>/v1/approvals/stream</code>: each change as a server-sent event</li>\n"
    "<li><a href=\"/v1/grants\">/v1/grants</a>: the answers that are remembered</li>\n"
    "<li><a href=\"/v1/sessions\">/v1/sessions</a>: what runs</li>\n"
    "<li><a href=\"/v1/audit\">/v1/audit</a>: the record</li>\n"
    "</ul>\n"
    "<p>On the command line: <code>aileron approvals watch</code>. To sign out everywhere: "
    "<code>aileron open --revoke</code>.</p>\n";

// The page itself goes on: a redirect would be part of a navigation that another page may have
// begun, and the browser would not send the new cookie along.
constexpr std::string_view kGoOn = "<meta http-equiv=\"refresh\" content=\"0; url=/#/\">";

}  // namespace

Browser::Browser(net::Loop& loop, AuditService& audit, const Router& control, std::string page)
    : audit_(audit),
      page_(std::move(page)),
      gate_(passes_),
      server_(loop, router_, gate_, limits::kBrowserConnections),
      check_(loop, [this] { Check(); }) {
  AddRoutes(control);
}

Browser::~Browser() { RemovePage(); }

void Browser::AddRoutes(const Router& control) {
  for (const auto& [method, pattern] : kShared) {
    const Route* route = control.Known(method, pattern);
    AILERON_CHECK(route != nullptr);
    router_.Add(method, route->pattern, route->body, route->handler);
  }
  router_.Add("GET", kBrowserPage, BodyKind::kNone,
              [this](const Request& request, Responder answer) { answer.Send(Page(request)); });
  AddBrowserDoorRoutes(router_, *this);
}

Result<Browser::Link> Browser::MakeLink(WithPage with_page) {
  AILERON_TRY(Open());
  AILERON_ASSIGN(const std::string secret, passes_.MakeLink(Uptime()));
  Link link{.url = fmt::format("http://127.0.0.1:{}{}{}#/", port_, kBrowserEnter, secret)};
  if (with_page == WithPage::kYes) {
    const Reply page =
        Html(200, "aileron",
             fmt::format("<meta http-equiv=\"refresh\" content=\"0; url={}\">", link.url),
             fmt::format("<p><a href=\"{}\">Sign in</a></p>\n", link.url));
    AILERON_TRY(os::ReplaceFile(page_, page.body, 0600));
    page_written_ = true;
    link.page = page_;
  }
  audit_.Event("browser.link", "allow", fmt::format("for {} s", limits::kBrowserLinkLife.count()));
  return link;
}

Reply Browser::Enter(std::string_view link) {
  const auto cookie = passes_.Enter(link, Uptime());
  if (!cookie) {
    audit_.Event("browser.enter", "deny", "no such link, or it was used or is over");
    return Html(403, "aileron: this link is over", "",
                "<p>A link signs in once, within a minute. For another one run "
                "<code>aileron open</code>.</p>\n");
  }
  audit_.Event("browser.enter", "allow", "");
  if (passes_.links() == 0) RemovePage();
  Reply reply = Html(200, "aileron: signed in", kGoOn, "<p><a href=\"/\">Go on</a></p>\n");
  const auto life = std::chrono::seconds(limits::kBrowserSignInLife).count();
  reply.headers.emplace_back("Set-Cookie",
                             fmt::format("{}={}; Path=/; Max-Age={}; HttpOnly; SameSite=Strict",
                                         gate_.cookie_name(), *cookie, life));
  return reply;
}

Reply Browser::Page(const Request& request) const {
  if (!request.surface.empty()) return Html(200, "aileron: signed in", "", kSignedIn);
  return Html(401, "aileron: not signed in", "",
              "<p>Run <code>aileron open</code> to sign this browser in.</p>\n");
}

Status Browser::Open() {
  if (open()) return {};
  AILERON_ASSIGN(os::Fd listener, os::ListenLoopback());
  AILERON_ASSIGN(const std::uint16_t port, os::PortOf(listener.get()));
  AILERON_TRY(server_.Listen(std::move(listener)));
  port_ = port;
  gate_.set_port(port_);
  check_.Set(limits::kBrowserCheck);
  LogInfo("listening on 127.0.0.1:{} for a browser", port_);
  return {};
}

void Browser::Close() {
  if (!open()) return;
  LogInfo("no longer listening on 127.0.0.1:{}", port_);
  server_.StopListening();
  server_.CloseAll();
  check_.Cancel();
  port_ = 0;
  RemovePage();
}

std::size_t Browser::Revoke() {
  const std::size_t ended = passes_.Revoke();
  if (open()) audit_.Event("browser.revoke", "allow", fmt::format("{} were signed in", ended));
  Close();
  return ended;
}

void Browser::Check() {
  if (server_.busy()) passes_.KeepAlive(Uptime());
  // A connection does not say whose it is: the others sign in again by their cookies.
  if (passes_.Expire(Uptime())) server_.CloseAll();
  if (passes_.links() == 0) RemovePage();
  if (passes_.links() == 0 && passes_.sign_ins() == 0) return Close();
  check_.Set(limits::kBrowserCheck);
}

void Browser::RemovePage() {
  if (std::exchange(page_written_, false)) unlink(page_.c_str());
}

}  // namespace aileron::daemon
