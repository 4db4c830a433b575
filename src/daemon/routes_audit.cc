// Tested by tests/audit/test_audit.py.

// /v1/audit: list, show, follow, verify, export. Nothing changes the log.
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "daemon/routes.h"

namespace aileron::daemon {

using nlohmann::json;

namespace {

Result<audit::Query> QueryOf(const Request& request) {
  audit::Query query;
  AILERON_ASSIGN(query.session, SessionIn(request));
  if (const auto since = request.Query("since"); since && !since->empty()) {
    AILERON_ASSIGN(query.since, ParseTime(*since));
  }
  AILERON_ASSIGN(const auto after, NumberIn(request, "after_seq"));
  query.after_seq = after.value_or(0);
  AILERON_ASSIGN(query.limit, LimitIn(request, query.limit, limits::kAuditLimit));
  // Without a place to go on from, the newest records are what is wanted.
  if (!after && !query.since) query.order = audit::Order::kNewestFirst;
  return query;
}

// The records are JSON already: put side by side as they are, so that what is shown is what is
// kept.
Reply List(Api& api, const Request& request) {
  const auto query = QueryOf(request);
  if (!query) return Problem(query.error());
  (void)api.audit.Flush();
  auto records = api.audit.log().Find(*query);
  if (!records) return Problem(records.error());
  if (query->order == audit::Order::kNewestFirst) std::reverse(records->begin(), records->end());
  Reply reply;
  reply.body = "{\"records\":[";
  for (const audit::StoredRecord& record : *records) {
    if (reply.body.back() != '[') reply.body.push_back(',');
    reply.body += record.ToJson();
  }
  reply.body += "]}\n";
  return reply;
}

Reply Show(Api& api, const Request& request) {
  const auto seq = ParseInteger<std::uint64_t>(request.parameter("seq"));
  if (!seq) return Problem(Refusal{400, "invalid", "a record's number is a number", ""});
  (void)api.audit.Flush();
  const auto record = api.audit.log().Get(*seq);
  if (!record) return Problem(record.error());
  return Reply{.body = record->ToJson() + "\n"};
}

Reply Stream(Api& api, const Request& request) {
  const auto after = PlaceIn(request);
  if (!after) return Problem(after.error());
  std::optional<std::string> session;
  if (const auto given = request.Query("session"); given && !given->empty()) session = *given;
  Reply reply{.content_type = "text/event-stream"};
  reply.source = MakeAuditStream(api.loop, api.audit, std::move(session),
                                 after->value_or(api.audit.log().last_seq()), nullptr);
  return reply;
}

// Walks the whole log, so on the background thread, with a connection of its own.
void Verify(Api& api, Responder responder) {
  (void)api.audit.Flush();
  auto outcome = std::make_shared<Result<audit::VerifyReport>>(audit::VerifyReport{});
  const auto started = api.background.Run(
      [outcome, paths = api.audit.log().paths()] { *outcome = audit::VerifyLog(paths); },
      [outcome, responder] {
        if (!*outcome) return responder.Send(Problem(outcome->error()));
        const audit::VerifyReport& report = **outcome;
        json problems = json::array();
        for (const audit::Problem& problem : report.problems) {
          problems.push_back({{"seq", problem.seq}, {"what", problem.what}});
        }
        responder.Send(JsonReply(200, {{"ok", report.ok()},
                                       {"records", report.records},
                                       {"checkpoints", report.checkpoints},
                                       {"last_seq", report.last_seq},
                                       {"problems", std::move(problems)}}));
      });
  if (!started) responder.Send(Problem(started.error()));
}

Reply Export(Api& api, const Request& request) {
  if (request.Query("format").value_or("jsonl") != "jsonl") {
    return Problem(Refusal{400, "invalid", "the only format is jsonl", ""});
  }
  auto query = QueryOf(request);
  if (!query) return Problem(query.error());
  (void)api.audit.Flush();
  query->order = audit::Order::kOldestFirst;
  Reply reply{.content_type = "application/jsonl"};
  reply.source = MakeAuditExport(api.audit, std::move(*query));
  return reply;
}

}  // namespace

void AddAuditRoutes(Router& router, Api& api) {
  router.Add("GET", "/v1/audit?session&since&after_seq&limit", BodyKind::kNone,
             [&api](Request request, Responder responder) { responder.Send(List(api, request)); });
  router.Add(
      "GET", "/v1/audit/stream?after_seq&session", BodyKind::kNone,
      [&api](Request request, Responder responder) { responder.Send(Stream(api, request)); });
  router.Add("GET", "/v1/audit/verify", BodyKind::kNone,
             [&api](Request, Responder responder) { Verify(api, std::move(responder)); });
  router.Add(
      "GET", "/v1/audit/export?format&session&since&after_seq&limit", BodyKind::kNone,
      [&api](Request request, Responder responder) { responder.Send(Export(api, request)); });
  router.Add("GET", "/v1/audit/{seq}", BodyKind::kNone,
             [&api](Request request, Responder responder) { responder.Send(Show(api, request)); });
}

}  // namespace aileron::daemon
