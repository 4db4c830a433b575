// Tested by tests/shim/test_api.py.

// The sandbox's API: who it is, which tools there are, running operations, and their results; and
// look-alikes for clients that ask for a password.
#include <nlohmann/json.hpp>

#include "base/host_pattern.h"
#include "base/text.h"
#include "connector/connector_json.h"
#include "connector/search.h"
#include "connector/tools.h"
#include "daemon/look_alikes.h"
#include "daemon/members.h"
#include "daemon/operations.h"
#include "daemon/result_waiter.h"
#include "daemon/routes.h"
#include "daemon/sandbox_api.h"
#include "session/token.h"

namespace aileron::daemon {

using nlohmann::json;

namespace {

// Who asks, as the daemon sees it: for a program that wants to know that it is in a sandbox.
Reply Whoami(const Api& api, const Request& request) {
  const auto session = api.sessions.Get(request.session);
  if (!session) return Problem(session.error());
  return JsonReply(200, {{"id", session->id},
                         {"workspace", session->workspace},
                         {"driver", session->driver},
                         {"tier", session->tier},
                         {"profile", session->profile},
                         {"started", FormatTime(session->started)}});
}

Reply Tools(Api& api) {
  json list = json::array();
  for (const auto& one : api.connectors.All()) {
    for (const connector::Tool& tool : one->spec.tools) {
      list.push_back({{"name", tool.name},
                      {"summary", tool.summary},
                      {"connector", one->spec.fqn},
                      {"version", one->spec.version},
                      {"operations", connector::OperationsOf(one->spec, tool).size()}});
    }
  }
  return JsonReply(200, {{"tools", std::move(list)}});
}

Reply ShowTool(Api& api, const Request& request) {
  const auto found = api.connectors.FindTool(request.parameter("tool"));
  if (!found) return Problem(Refusal{404, "unknown_tool", found.error().message, ""});
  const connector::Connector& whole = found->connector->spec;
  const connector::Operation* named = whole.Find(request.Query("operation").value_or(""));
  const std::string spec =
      named != nullptr && connector::Covers(*found->tool, *named)
          ? connector::WriteConnectorJson(connector::OnlyFor(whole, *found->tool, *named))
          : found->connector->text;
  return JsonReply(200, {{"tool", found->tool->name}, {"spec", spec}});
}

Reply SearchTools(Api& api, const Request& request) {
  const auto limit = LimitIn(request, 10, limits::kHits);
  if (!limit) return Problem(limit.error());
  std::vector<const connector::Connector*> connectors;
  for (const auto& one : api.connectors.All()) connectors.push_back(&one->spec);
  json hits = json::array();
  for (const connector::Hit& hit :
       connector::Search(connectors, request.Query("q").value_or(""), *limit)) {
    const auto tool = std::ranges::find_if(hit.connector->tools, [&](const connector::Tool& one) {
      return connector::Covers(one, *hit.operation);
    });
    if (tool == hit.connector->tools.end()) continue;
    hits.push_back({{"tool", tool->name},
                    {"operation", hit.operation->name},
                    {"summary", hit.operation->summary}});
  }
  return JsonReply(200, {{"hits", std::move(hits)}});
}

Result<Operations::Asked> ReadAsked(const Request& request) {
  AILERON_ASSIGN(const json body, ObjectIn(request.body));
  Operations::Asked asked{.session = request.session};
  Members members(body, "");
  std::int64_t wait_s = 0;
  AILERON_TRY(members.Text("tool", asked.tool, 200));
  AILERON_TRY(members.Text("operation", asked.operation, 200));
  AILERON_TRY(members.Text("key", asked.key, 64));
  AILERON_TRY(members.Number("wait_s", wait_s));
  const json* arguments = members.Take("arguments");
  asked.arguments = arguments == nullptr || arguments->is_null() ? json::object() : *arguments;
  AILERON_TRY(members.Done());
  // It may be sent as a header.
  const bool plain = std::ranges::all_of(asked.key, [](char c) { return c > ' ' && c < 0x7F; });
  if (asked.key.empty() || !plain) {
    return Fail(Code::kInvalid, "\"key\" must be 1 to 64 visible characters of ASCII");
  }
  if (!asked.arguments.is_object()) return Fail(Code::kInvalid, "\"arguments\" must be an object");
  asked.wait = WaitOf(static_cast<std::uint64_t>(std::max<std::int64_t>(wait_s, 0)));
  return asked;
}

void Run(Api& api, const Request& request, const Responder& responder) {
  auto asked = ReadAsked(request);
  if (!asked) {
    return responder.Send(Problem(Refusal{400, "invalid", asked.error().message, ""}));
  }
  api.operations.Run(std::move(*asked), responder);
}

void ShowRun(Api& api, const Request& request, const Responder& responder) {
  const auto wait = WaitIn(request);
  if (!wait) return responder.Send(Problem(wait.error()));
  api.operations.Show(request.session, request.parameter("id"), *wait, responder);
}

// What is acknowledged is forgotten first, so that nothing is given twice to one that had it.
void Results(Api& api, const Request& request, const Responder& responder) {
  const auto body = ObjectIn(request.body.empty() ? "{}" : request.body);
  if (!body) return responder.Send(Problem(Refusal{400, "invalid", body.error().message, ""}));
  Members members(*body, "");
  std::vector<std::string> acknowledged;
  std::int64_t limit = limits::kResults;
  std::int64_t wait_s = 0;
  Status read = members.Texts("acknowledge", acknowledged, 1'000, 64 << 10);
  if (read) read = members.Number("limit", limit);
  if (read) read = members.Number("wait_s", wait_s);
  if (read) read = members.Done();
  if (!read) return responder.Send(Problem(Refusal{400, "invalid", read.error().message, ""}));
  const auto done = api.approvals.queue().Acknowledge(request.session, acknowledged, Now());
  if (!done) return responder.Send(Problem(done.error()));
  SendResults(
      api.loop, api.approvals,
      {.session = request.session,
       .limit = static_cast<std::size_t>(std::clamp<std::int64_t>(limit, 1, limits::kResults)),
       .wait = WaitOf(static_cast<std::uint64_t>(std::max<std::int64_t>(wait_s, 0)))},
      responder);
}

json ToJson(const LookAlike& one) {
  return {{"host", PlaceOf(one)},
          {"username", one.username},
          {"password", one.password},
          {"swapped", one.swapped}};
}

// Of one host what holds for it, or else all that are swapped.
Reply LookAlikes(Api& api, const Request& request) {
  const LiveSession* session = api.sessions.Find(request.session);
  if (session == nullptr) return Problem(Refusal{404, "not_found", "the session is over", ""});
  json list = json::array();
  if (const auto host = request.Query("host"); !host) {
    for (const LookAlike& one : api.sessions.LookAlikesOf(*session)) list.push_back(ToJson(one));
  } else if (const auto place = ParseHostPort(*host); place && !place->pattern.wildcard()) {
    const LookAlikeWish wish{.host = place->pattern.host(),
                             .port = place->port.value_or(443),
                             .path = std::string(request.Query("path").value_or("")),
                             .username = std::string(request.Query("username").value_or(""))};
    const auto found =
        FindLookAlike(api.bindings.set().Applicable(wish.host, wish.port, api.vault.names()),
                      session->sentinels(), wish);
    if (found) list.push_back(ToJson(*found));
  }
  return JsonReply(200, {{"look_alikes", std::move(list)}});
}

}  // namespace

void AddSandboxRoutes(Router& router, Api& api) {
  router.Add("GET", "/v1/tools", BodyKind::kNone,
             WithToken(api, session::kListTools,
                       [&api](const Request&, Responder answer) { answer.Send(Tools(api)); }));
  router.Add("GET", "/v1/tools/search?q&limit", BodyKind::kNone,
             WithToken(api, session::kListTools, [&api](const Request& request, Responder answer) {
               answer.Send(SearchTools(api, request));
             }));
  router.Add("GET", "/v1/tools/{tool}?operation", BodyKind::kNone,
             WithToken(api, session::kListTools, [&api](const Request& request, Responder answer) {
               answer.Send(ShowTool(api, request));
             }));
  router.Add(
      "POST", "/v1/runs", BodyKind::kJson,
      WithToken(api, session::kRunOperations,
                [&api](const Request& request, Responder answer) { Run(api, request, answer); }));
  router.Add(
      "GET", "/v1/runs/{id}?wait_s", BodyKind::kNone,
      WithToken(api, session::kPollApprovals, [&api](const Request& request, Responder answer) {
        ShowRun(api, request, answer);
      }));
  router.Add(
      "POST", "/v1/results", BodyKind::kJson,
      WithToken(api, session::kDrainResults, [&api](const Request& request, Responder answer) {
        Results(api, request, answer);
      }));
  router.Add(
      "GET", "/v1/look-alikes?host&path&username", BodyKind::kNone,
      WithToken(api, session::kReadLookAlikes, [&api](const Request& request, Responder answer) {
        answer.Send(LookAlikes(api, request));
      }));
  router.Add("GET", "/v1/session", BodyKind::kNone,
             WithToken(api, session::kListTools, [&api](const Request& request, Responder answer) {
               answer.Send(Whoami(api, request));
             }));
}

}  // namespace aileron::daemon
