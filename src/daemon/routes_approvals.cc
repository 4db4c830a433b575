// Tested by tests/approval/test_approvals.py.

// /v1/approvals and /v1/grants: what waits for a person, the decision, and what is remembered.
#include <unistd.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "approval/limits.h"
#include "base/text.h"
#include "daemon/approval_json.h"
#include "daemon/approvals.h"
#include "daemon/members.h"
#include "daemon/routes.h"

namespace aileron::daemon {

using nlohmann::json;

namespace {

Result<approval::Scope> ReadScope(const json& object) {
  if (!object.is_object()) return Fail(Code::kInvalid, "\"scope\" must be an object");
  Members members(object, "scope.");
  std::string kind;
  std::int64_t times = 0;
  std::string lasts;
  AILERON_TRY(members.Text("kind", kind, 16));
  AILERON_TRY(members.Number("times", times));
  AILERON_TRY(members.Text("for", lasts, 32));
  AILERON_TRY(members.Done());
  const auto known = approval::ParseScopeKind(kind);
  if (!known) {
    return Fail(Code::kInvalid, "\"{}\" is no scope. Use once, times, until, session or always.",
                Printable(kind));
  }
  approval::Scope scope{.kind = *known, .times = times};
  if (*known == approval::ScopeKind::kUntil) {
    AILERON_ASSIGN(const Duration length, ParseDuration(lasts));
    scope.until = Now() + length;
  }
  AILERON_TRY(approval::CheckScope(scope, Now()));
  return scope;
}

Result<approval::Decision> ReadDecision(const Request& request, approval::Answer answer) {
  approval::Decision decision{.answer = answer};
  AILERON_ASSIGN(const json object, ObjectIn(request.body.empty() ? "{}" : request.body));
  Members members(object, "");
  if (const json* scope = members.Take("scope"); scope != nullptr && !scope->is_null()) {
    AILERON_ASSIGN(decision.scope, ReadScope(*scope));
  }
  std::string surface = "api";
  AILERON_TRY(members.Text("surface", surface, 32));
  AILERON_TRY(members.Text("reason", decision.reason, 500));
  if (const json* edited = members.Take("arguments"); edited != nullptr && !edited->is_null()) {
    if (!edited->is_object()) return Fail(Code::kInvalid, "\"arguments\" must be an object");
    decision.edited = JsonText(*edited);
  }
  AILERON_TRY(members.Done());
  if (!request.surface.empty()) surface = request.surface;
  // Whoever comes through a gate is this user.
  decision.by = fmt::format("uid {}, {}", geteuid(), Printable(surface));
  return decision;
}

// What a yes may cover: a policy may offer fewer scopes than there are.
std::vector<std::string> Offered(Api& api, const std::string& session) {
  const LiveSession* live = api.sessions.Find(session);
  if (live != nullptr && live->approvals().scopes) return *live->approvals().scopes;
  std::vector<std::string> all;
  for (const approval::ScopeKind kind : approval::kScopeKinds)
    all.emplace_back(approval::ScopeName(kind));
  return all;
}

std::optional<Refusal> CheckOffered(Api& api, const std::string& id,
                                    const approval::Decision& decision) {
  if (decision.answer != approval::Answer::kApprove) return {};
  const auto approval = api.approvals.queue().Get(id);
  if (!approval) return {};  // Decide says so
  const std::vector<std::string> offered = Offered(api, approval->question.session);
  const std::string_view scope = approval::ScopeName(decision.scope.kind);
  if (std::ranges::find(offered, scope) != offered.end()) return {};
  if (offered.empty()) {
    return Refusal{403, "scope_not_offered",
                   "the policy of this session offers no scope, so nobody can say yes",
                   "deny it, or let \"approvals: scopes:\" of the policy files have one in common: "
                   "\"aileron policy check\" names the line"};
  }
  return Refusal{403, "scope_not_offered",
                 fmt::format("the policy of this session offers no yes for \"{}\"", scope),
                 fmt::format("choose one that it offers: {}", Join(offered, ", "))};
}

// An operation that could not run so is not approved. What is no longer pending is told by Decide.
Status CheckEdits(Api& api, const std::string& id, const approval::Decision& decision) {
  if (decision.edited.empty()) return {};
  const auto approval = api.approvals.queue().Get(id);
  if (!approval || approval->state != approval::State::kPending ||
      approval->question.subject != approval::Subject::kOperation) {
    return {};
  }
  return api.operations.CheckEdits(*approval, json::parse(decision.edited, nullptr, false));
}

Reply Decide(Api& api, const Request& request, approval::Answer answer) {
  const auto decision = ReadDecision(request, answer);
  if (!decision) return Problem(Refusal{400, "invalid_decision", decision.error().message, ""});
  if (const Status possible = CheckEdits(api, request.parameter("id"), *decision); !possible) {
    return Problem(Refusal{400, "invalid_arguments", possible.error().message,
                           "run \"aileron approvals show\" to see what may be changed"});
  }
  if (auto refused = CheckOffered(api, request.parameter("id"), *decision)) {
    return Problem(*std::move(refused));
  }
  const auto decided = api.approvals.queue().Decide(request.parameter("id"), *decision, Now());
  if (!decided && decided.error().code == Code::kInvalid) {
    return Problem(
        Refusal{409, "not_pending", decided.error().message, "run \"aileron approvals list\""});
  }
  if (!decided) return Problem(decided.error());
  return JsonReply(200, ToJson(*decided));
}

Result<approval::Filter> FilterOf(const Request& request) {
  approval::Filter filter;
  const std::string_view state = request.Query("state").value_or("pending");
  if (state != "all") {
    const auto known = approval::ParseState(state);
    if (!known) return Fail(Code::kInvalid, "state: \"{}\" is no state", Printable(state));
    filter.states = {*known};
  } else {
    filter.order = approval::Order::kNewestFirst;
  }
  AILERON_ASSIGN(filter.session, SessionIn(request));
  AILERON_ASSIGN(filter.limit, LimitIn(request, filter.limit, approval::limits::kListMax));
  return filter;
}

Reply List(Api& api, const Request& request) {
  const auto filter = FilterOf(request);
  if (!filter) return Problem(filter.error());
  const auto found = api.approvals.queue().List(*filter);
  if (!found) return Problem(found.error());
  return JsonListReply("approvals", *found, [](const auto& one) { return ToJson(one); });
}

// At once, or when nothing is left to wait for.
void Show(Api& api, const Request& request, const Responder& responder) {
  const auto wait = WaitIn(request);
  if (!wait) return responder.Send(Problem(wait.error()));
  api.approvals.Await(request.parameter("id"), *wait,
                      [&api, responder](const Result<approval::Approval>& found) {
                        if (!found) return responder.Send(Problem(found.error()));
                        json shown = ToJson(*found);
                        shown["inputs"] = api.operations.EditableInputs(*found);
                        shown["scopes"] = Offered(api, found->question.session);
                        responder.Send(JsonReply(200, shown));
                      });
}

Reply Grants(Api& api, const Request& request) {
  const auto session = SessionIn(request);
  if (!session) return Problem(session.error());
  const auto found = api.approvals.queue().Grants(
      {.session = *session, .limit = approval::limits::kListMax}, Now());
  if (!found) return Problem(found.error());
  return JsonListReply("grants", *found, [](const auto& one) { return ToJson(one); });
}

// What a remembered yes let through ends; a no let nothing through.
void Cut(Api& api, const approval::Grant& grant) {
  if (grant.answer != approval::Answer::kApprove) return;
  std::size_t operations = 0;
  for (const std::string& rule : RulesOf(grant)) {
    api.sessions.Cut(grant.session, rule);
    operations += api.operations.Cut(rule);
  }
  api.audit.Event("grant.cut", "deny",
                  fmt::format("{}: {}, and {} operations that ran", grant.id,
                              approval::Explain(grant), operations),
                  grant.session);
}

Reply Revoke(Api& api, const Request& request) {
  const std::string_view cut = request.Query("cut").value_or("false");
  if (cut != "true" && cut != "false") {
    return Problem(Refusal{400, "invalid", "\"cut\" is true or false", ""});
  }
  const auto revoked = api.approvals.queue().Revoke(request.parameter("id"), Now());
  if (!revoked) return Problem(revoked.error());
  // After the queue's own word: what is cut asks again, and the grant is gone by then.
  if (cut == "true") Cut(api, *revoked);
  return JsonReply(200, ToJson(*revoked));
}

Reply Stream(Api& api, const Request& request) {
  const auto after = PlaceIn(request);
  if (!after) return Problem(after.error());
  Reply reply{.content_type = "text/event-stream"};
  std::int64_t seq = 0;
  if (*after) {
    seq = static_cast<std::int64_t>(**after);
  } else {
    const auto newest = api.approvals.queue().EventsAfter(0, 1);
    if (!newest) return Problem(newest.error());
    seq = newest->last;
  }
  reply.source = MakeApprovalStream(api.loop, api.approvals, seq);
  return reply;
}

}  // namespace

void AddApprovalRoutes(Router& router, Api& api) {
  router.Add("GET", "/v1/approvals?state&session&limit", BodyKind::kNone,
             [&api](const Request& request, Responder answer) { answer.Send(List(api, request)); });
  router.Add(
      "GET", "/v1/approvals/stream?after_seq", BodyKind::kNone,
      [&api](const Request& request, Responder answer) { answer.Send(Stream(api, request)); });
  router.Add("GET", "/v1/approvals/{id}?wait_s", BodyKind::kNone,
             [&api](const Request& request, Responder answer) { Show(api, request, answer); });
  router.Add("POST", "/v1/approvals/{id}/approve", BodyKind::kJson,
             [&api](const Request& request, Responder answer) {
               answer.Send(Decide(api, request, approval::Answer::kApprove));
             });
  router.Add("POST", "/v1/approvals/{id}/deny", BodyKind::kJson,
             [&api](const Request& request, Responder answer) {
               answer.Send(Decide(api, request, approval::Answer::kDeny));
             });
  router.Add(
      "GET", "/v1/grants?session", BodyKind::kNone,
      [&api](const Request& request, Responder answer) { answer.Send(Grants(api, request)); });
  router.Add(
      "DELETE", "/v1/grants/{id}?cut", BodyKind::kNone,
      [&api](const Request& request, Responder answer) { answer.Send(Revoke(api, request)); });
}

}  // namespace aileron::daemon
