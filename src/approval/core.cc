// Tested by src/approval/queue_test.cc
#include "approval/core.h"

#include "approval/limits.h"

namespace aileron::approval {

namespace {

constexpr std::string_view kEventsSchema = R"(
    CREATE TABLE events(
      seq INTEGER PRIMARY KEY AUTOINCREMENT, time_us INTEGER NOT NULL, change TEXT NOT NULL,
      approval TEXT NOT NULL, grant_id TEXT NOT NULL, session TEXT NOT NULL) STRICT;)";

Change ChangeTo(State state) {
  switch (state) {
    case State::kPending:
      return Change::kAsked;
    case State::kApproved:
      return Change::kApproved;
    case State::kDenied:
      return Change::kDenied;
    case State::kExpired:
      return Change::kExpired;
    case State::kCancelled:
      return Change::kCancelled;
    case State::kRunning:
      return Change::kBegan;
    case State::kSucceeded:
      return Change::kSucceeded;
    case State::kFailed:
      return Change::kFailed;
  }
  return Change::kAsked;
}

}  // namespace

Core::Core(std::unique_ptr<store::Database> opened)
    : database(std::move(opened)),
      approvals(database.get()),
      grants(database.get()),
      journal(database.get()),
      places(database.get()),
      calls(database.get()) {}

Result<std::unique_ptr<Core>> Core::Open(const std::string& path) {
  const std::string schema =
      fmt::format("{}{}{}", ApprovalTable::kSchema, GrantTable::kSchema, kEventsSchema);
  const std::string named = fmt::format("{}{}", ApprovalTable::kCallColumn, Calls::kSchema);
  const store::Migration migrations[] = {{schema}, {Places::kSchema}, {named}};
  AILERON_ASSIGN(auto database, store::Database::Open({.path = path,
                                                       .what = "approval database",
                                                       .migrations = migrations,
                                                       .durability = store::Durability::kFull}));
  return std::make_unique<Core>(std::move(database));
}

void Core::Publish(std::vector<Event> events) {
  for (Event& event : events) outbox_.push_back(std::move(event));
  if (telling_) return;
  telling_ = true;
  while (!outbox_.empty()) {
    const Event event = std::move(outbox_.front());
    outbox_.pop_front();
    if (observer) observer(event);
  }
  telling_ = false;
}

Result<Write> Write::Begin(Core& core, Time now) {
  AILERON_ASSIGN(store::Transaction transaction, store::Transaction::Begin(*core.database));
  return Write(&core, std::move(transaction), now);
}

Status Write::Move(Approval& approval, State to) {
  const Subject subject = approval.question.subject;
  AILERON_CHECK(MayBecome(subject, approval.state, to));
  approval.state = to;
  if (!approval.decided || to == State::kCancelled) approval.decided = now_;
  if (to == State::kRunning) approval.began = now_;
  if (IsFinal(subject, to)) {
    approval.finished = now_;
    ++ended_;
  }
  AILERON_TRY(core_->approvals.Update(approval));
  return Tell(ChangeTo(to), approval);
}

Status Write::Use(Grant& grant) {
  AILERON_TRY(core_->grants.Use(grant));
  AILERON_TRY(Tell(Change::kGrantUsed, grant));
  return grant.uses_left == 0 ? Tell(Change::kGrantEnded, grant) : Status();
}

Status Write::End(const Grant& grant) {
  AILERON_TRY(core_->grants.Remove(grant.id));
  return Tell(Change::kGrantEnded, grant);
}

Status Write::Tell(Change change, std::string_view approval, std::string_view grant,
                   std::string_view session) {
  Event event{.time = now_,
              .change = change,
              .approval = std::string(approval),
              .grant = std::string(grant),
              .session = std::string(session)};
  AILERON_TRY(core_->journal.Write(event));
  events_.push_back(std::move(event));
  return {};
}

Status Write::Tell(Change change, const Approval& approval) {
  return Tell(change, approval.id, {}, approval.question.session);
}

Status Write::Tell(Change change, const Grant& grant) {
  return Tell(change, {}, grant.id, grant.session);
}

Status Write::Commit() {
  const bool prune = core_->ended + ended_ >= limits::kPruneEvery;
  if (prune) AILERON_TRY(core_->approvals.Prune(now_));
  AILERON_TRY(transaction_.Commit());
  core_->ended = prune ? 0 : core_->ended + ended_;
  core_->Publish(std::move(events_));
  return {};
}

}  // namespace aileron::approval
