// Tested by tests/approval/test_browser.py.

// /v1/browser: links that sign a browser in, what is open, and the end of it.
#include <nlohmann/json.hpp>

#include "daemon/browser.h"
#include "daemon/limits.h"
#include "daemon/members.h"
#include "daemon/routes.h"

namespace aileron::daemon {

using nlohmann::json;

namespace {

json StateOf(const Browser& browser) {
  json state = {{"open", browser.open()},
                {"port", nullptr},
                {"links", browser.passes().links()},
                {"signed_in", browser.passes().sign_ins()}};
  if (browser.open()) state["port"] = browser.port();
  return state;
}

Result<Browser::WithPage> WithPageIn(const std::string& body) {
  AILERON_ASSIGN(const json object, ObjectIn(body.empty() ? "{}" : body));
  Members members(object, "");
  bool page = false;
  AILERON_TRY(members.Flag("page", page));
  AILERON_TRY(members.Done());
  return page ? Browser::WithPage::kYes : Browser::WithPage::kNo;
}

Reply MakeLink(Browser& browser, const Request& request) {
  const auto with_page = WithPageIn(request.body);
  if (!with_page) return Problem(with_page.error());
  const auto link = browser.MakeLink(*with_page);
  if (!link) return Problem(link.error());
  json answer = {{"url", link->url}, {"expires_s", limits::kBrowserLinkLife.count()}};
  if (!link->page.empty()) answer["page"] = link->page;
  return JsonReply(201, answer);
}

}  // namespace

void AddBrowserRoutes(Router& router, Browser& browser) {
  router.Add("GET", "/v1/browser", BodyKind::kNone, [&browser](const Request&, Responder answer) {
    answer.Send(JsonReply(200, StateOf(browser)));
  });
  router.Add("POST", "/v1/browser/links", BodyKind::kJson,
             [&browser](const Request& request, Responder answer) {
               answer.Send(MakeLink(browser, request));
             });
  router.Add("DELETE", "/v1/browser", BodyKind::kNone,
             [&browser](const Request&, Responder answer) {
               answer.Send(JsonReply(200, {{"ended", browser.Revoke()}}));
             });
}

void AddBrowserDoorRoutes(Router& router, Browser& browser) {
  router.Add("GET", "/v1/browser/enter/{link}", BodyKind::kNone,
             [&browser](const Request& request, Responder answer) {
               answer.Send(browser.Enter(request.parameter("link")));
             });
}

}  // namespace aileron::daemon
