// Tested by tests/approval/test_webhooks.py.

// /v1/surfaces, /v1/webhooks: who is told of questions, and how that fares.
#include <nlohmann/json.hpp>

#include "daemon/members.h"
#include "daemon/routes.h"

namespace aileron::daemon {

using nlohmann::json;

namespace {

constexpr std::size_t kUrlMax = 2048;

std::string_view StateName(WebhookSender::State state) {
  switch (state) {
    case WebhookSender::State::kIdle:
      return "idle";
    case WebhookSender::State::kSending:
      return "sending";
    case WebhookSender::State::kWaiting:
      return "waiting";
    case WebhookSender::State::kStuck:
      return "stuck";
  }
  return "idle";
}

json ToJson(const WebhookSender& sender) {
  json events = json::array();
  for (const Occasion occasion : sender.webhook().events) events.push_back(OccasionName(occasion));
  return {{"url", sender.webhook().written}, {"secret", sender.webhook().secret},
          {"events", std::move(events)},     {"state", StateName(sender.state())},
          {"delivered", sender.delivered()}, {"problem", sender.problem()}};
}

Reply Show(const Api& api) {
  json webhooks = json::array();
  for (const auto& [url, sender] : api.webhooks.senders()) webhooks.push_back(ToJson(*sender));
  return JsonReply(200, {{"file", api.surfaces.path()},
                         {"problem", api.surfaces.problem()},
                         {"desktop", api.surfaces.surfaces().desktop},
                         {"desktop_problem", api.notifier.problem()},
                         {"webhooks", std::move(webhooks)}});
}

Result<std::string> UrlIn(const std::string& body) {
  AILERON_ASSIGN(const json object, ObjectIn(body));
  Members members(object, "");
  std::string url;
  AILERON_TRY(members.Text("url", url, kUrlMax));
  AILERON_TRY(members.Done());
  return url;
}

void Test(Api& api, const Request& request, const Responder& answer) {
  const auto url = UrlIn(request.body);
  if (!url) return answer.Send(Problem(url.error()));
  api.webhooks.Test(*url, [answer](const Result<int>& status) {
    if (!status) return answer.Send(Problem(status.error()));
    answer.Send(JsonReply(200, {{"status", *status}}));
  });
}

}  // namespace

void AddSurfaceRoutes(Router& router, Api& api) {
  router.Add("GET", "/v1/surfaces", BodyKind::kNone,
             [&api](const Request&, Responder answer) { answer.Send(Show(api)); });
  router.Add("POST", "/v1/webhooks/test", BodyKind::kJson,
             [&api](const Request& request, Responder answer) { Test(api, request, answer); });
}

}  // namespace aileron::daemon
