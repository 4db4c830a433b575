// Tested by src/approval/queue_results_test.cc
#include "approval/journal.h"

#include "approval/limits.h"

namespace aileron::approval {

namespace {

using store::Statement;

Event FromRow(const Statement& row) {
  Event event;
  event.seq = row.Integer(0);
  event.time = Time(Duration(row.Integer(1)));
  event.change = ParseChange(row.Text(2)).value_or(Change::kAsked);
  event.approval = row.Text(3);
  event.grant = row.Text(4);
  event.session = row.Text(5);
  return event;
}

}  // namespace

Status Journal::Write(Event& event) const {
  AILERON_ASSIGN(Statement insert,
                 database_->Prepare("INSERT INTO events (time_us, change, approval, grant_id, "
                                    "session) VALUES (?,?,?,?,?) RETURNING seq"));
  insert.Bind(0, std::int64_t{event.time.time_since_epoch().count()})
      .Bind(1, ChangeName(event.change))
      .Bind(2, event.approval)
      .Bind(3, event.grant)
      .Bind(4, event.session);
  AILERON_TRY(insert.Step());
  event.seq = insert.Integer(0);
  AILERON_TRY(insert.Run());
  AILERON_ASSIGN(Statement prune, database_->Prepare("DELETE FROM events WHERE seq <= ?"));
  return prune.Bind(0, event.seq - limits::kEventsKept).Run();
}

Result<Events> Journal::After(std::int64_t seq, std::size_t limit) const {
  Events answer;
  AILERON_ASSIGN(answer.last,
                 database_->QueryInteger("SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE "
                                         "name = 'events'), 0)"));
  AILERON_ASSIGN(const std::int64_t first,
                 database_->QueryInteger(
                     fmt::format("SELECT coalesce(min(seq), {}) FROM events", answer.last + 1)));
  answer.gap = seq + 1 < first || seq > answer.last;
  if (answer.gap) return answer;
  AILERON_ASSIGN(Statement query,
                 database_->Prepare("SELECT seq, time_us, change, approval, grant_id, session FROM "
                                    "events WHERE seq > ? ORDER BY seq LIMIT ?"));
  query.Bind(0, seq).Bind(1, static_cast<std::int64_t>(std::min(limit, limits::kEventsMax)));
  while (true) {
    AILERON_ASSIGN(const Statement::Next next, query.Step());
    if (next == Statement::Next::kDone) return answer;
    answer.events.push_back(FromRow(query));
  }
}

}  // namespace aileron::approval
