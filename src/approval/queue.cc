#include "approval/queue.h"

#include "approval/arguments.h"
#include "approval/core.h"
#include "approval/limits.h"
#include "approval/question.h"
#include "approval/shown_text.h"
#include "base/ulid.h"

namespace aileron::approval {

namespace {

bool IsOperation(const Approval& approval) {
  return approval.question.subject == Subject::kOperation;
}

// Whether its time is over, though nobody has called Expire yet.
bool IsDue(const Approval& approval, Time now) {
  if (approval.state == State::kPending) return approval.question.expires <= now;
  return approval.state == State::kApproved && IsOperation(approval) && approval.decided &&
         *approval.decided + limits::kYesLife <= now;
}

Status MoveToExpired(Write& write, Approval& approval) {
  approval.reason = approval.state == State::kPending ? "nobody decided in time"
                                                      : "it was approved, and not begun in time";
  return write.Move(approval, State::kExpired);
}

// The approval as it is now: expired, if that is due.
Result<Approval> Load(Core& core, std::string_view id, Time now) {
  AILERON_ASSIGN(Approval approval, core.approvals.Get(id));
  if (!IsDue(approval, now)) return approval;
  AILERON_ASSIGN(Write write, Write::Begin(core, now));
  AILERON_TRY(MoveToExpired(write, approval));
  AILERON_TRY(write.Commit());
  return approval;
}

std::unexpected<Error> Refuse(const Approval& approval, std::string_view what) {
  return Fail(Code::kInvalid, "cannot {} {}: {}", what, approval.id, Describe(approval));
}

std::string ByGrant(const Grant& grant) { return "grant " + grant.id; }

Asked SpokenBy(const Grant& grant) {
  Asked asked{.kind = Asked::Kind::kGranted, .grant = grant.id};
  if (grant.answer == Answer::kDeny) {
    asked.kind = Asked::Kind::kDenied;
    asked.message = Explain(grant);
  }
  if (grant.scope != ScopeKind::kTimes) asked.scope.kind = grant.scope;
  if (grant.expires) asked.scope.until = *grant.expires;
  return asked;
}

Asked SpokenBy(const Approval& approval) {
  if (approval.state == State::kApproved) {
    return {.kind = Asked::Kind::kGranted, .approval = approval.id, .scope = approval.scope};
  }
  return {.kind = Asked::Kind::kDenied,
          .approval = approval.id,
          .message = fmt::format("{}{}{}", Describe(approval), approval.reason.empty() ? "" : ": ",
                                 approval.reason)};
}

// Told to somebody: no longer to be claimed or collected.
Status MarkTold(Core& core, Write& write, const Approval& approval, Time now) {
  AILERON_TRY(core.approvals.SetClaim(approval.id, std::nullopt));
  AILERON_ASSIGN(const std::vector<std::string> marked,
                 core.approvals.MarkCollected(approval.question.session, approval.id, now));
  return marked.empty() ? Status() : write.Tell(Change::kCollected, approval);
}

// Whether an identical question that comes later is answered by this decision: a remembered one
// answers it by its grant.
bool ToBeClaimed(const Approval& approval, ScopeKind scope) {
  return (scope == ScopeKind::kOnce || scope == ScopeKind::kTimes) &&
         (approval.state == State::kDenied || !IsOperation(approval));
}

std::optional<Asked> Full(std::string_view code, std::string message) {
  return Asked{.kind = Asked::Kind::kFull, .code = code, .message = std::move(message)};
}

// Why there is no room for one result more, if so. Those that are still to come count, too.
Result<std::optional<Asked>> CheckResults(const Core& core, std::string_view session) {
  AILERON_ASSIGN(const std::int64_t results,
                 core.approvals.Number(
                     "SELECT count(*) FROM approvals WHERE session = ? AND subject = 'operation' "
                     "AND state != 'pending' AND collected_us IS NULL",
                     {session}));
  if (results < limits::kUncollectedOfSession) return std::nullopt;
  return Full(kCodeTooManyResults,
              fmt::format("{} results of this session are still to come or were not collected. "
                          "Run \"aileron drain\", then try again",
                          results));
}

// Why there is no room for the question, if so.
Result<std::optional<Asked>> CheckRoom(const Core& core, const Question& question) {
  const std::string_view session = question.session;
  AILERON_ASSIGN(
      const std::int64_t waiting,
      core.approvals.Number(
          "SELECT count(*) FROM approvals WHERE state = 'pending' AND session = ?", {session}));
  AILERON_ASSIGN(const std::int64_t bytes,
                 core.approvals.Number("SELECT sum(length(arguments)) FROM approvals WHERE state = "
                                       "'pending' AND session = ?",
                                       {session}));
  if (waiting >= limits::kPendingOfSession) {
    return Full(kCodeTooManyQuestions,
                fmt::format("{} questions of this session wait for a person already. Wait until "
                            "some are decided, then try again",
                            waiting));
  }
  if (bytes + static_cast<std::int64_t>(question.arguments.size()) > limits::kArgumentsOfSession) {
    return Full(kCodeTooManyQuestions,
                fmt::format("the questions of this session that wait for a person hold {} bytes of "
                            "arguments already. Wait until some are decided, then try again",
                            bytes));
  }
  AILERON_ASSIGN(
      const std::int64_t in_all,
      core.approvals.Number("SELECT count(*) FROM approvals WHERE state = 'pending'", {}));
  if (in_all >= limits::kPendingInAll) {
    return Full(kCodeQueueFull,
                fmt::format("{} questions of all sessions wait for a person already. Wait until "
                            "some are decided, then try again",
                            in_all));
  }
  if (question.subject != Subject::kOperation) return std::nullopt;
  return CheckResults(core, session);
}

// Whoever asks again with the same name finds this approval.
Status NameCall(Core& core, const CheckedQuestion& checked, std::string_view approval) {
  const Question& question = checked.question;
  if (question.call.empty()) return {};
  return core.calls.Put(question.session, question.call, approval, checked.same);
}

// The same question waits already, as `id`.
Result<Asked> Join(Core& core, const CheckedQuestion& checked, std::string id, Time now) {
  Asked asked{.kind = Asked::Kind::kPending, .approval = std::move(id), .joined = true};
  if (checked.question.call.empty()) return asked;
  AILERON_ASSIGN(const std::int64_t names, core.calls.Count(asked.approval));
  if (names >= limits::kCallsOfQuestion) {
    return *Full(kCodeTooManyQuestions,
                 fmt::format("this was asked {} times already and waits for a person as {}. Wait "
                             "for that one",
                             names, asked.approval));
  }
  AILERON_ASSIGN(Write write, Write::Begin(core, now));
  AILERON_TRY(NameCall(core, checked, asked.approval));
  AILERON_TRY(write.Commit());
  return asked;
}

Result<Asked> Enqueue(Core& core, CheckedQuestion checked, Time now) {
  AILERON_ASSIGN(std::optional<Asked> full, CheckRoom(core, checked.question));
  if (full) return std::move(*full);
  AILERON_ASSIGN(Write write, Write::Begin(core, now));
  const Approval approval{
      .id = Ulid::Make(now).ToString(), .question = checked.question, .created = now};
  AILERON_TRY(core.approvals.Insert(approval, checked));
  AILERON_TRY(NameCall(core, checked, approval.id));
  AILERON_TRY(write.Tell(Change::kAsked, approval));
  AILERON_TRY(write.Commit());
  return Asked{.kind = Asked::Kind::kPending, .approval = approval.id};
}

// What a remembered answer says. An operation that it lets through is kept like one that a person
// said yes to, so that it runs once.
Result<Asked> Remembered(Core& core, const CheckedQuestion& checked, Grant& grant, Time now) {
  Asked asked = SpokenBy(grant);
  const bool runs =
      asked.kind == Asked::Kind::kGranted && checked.question.subject == Subject::kOperation;
  if (!runs && !grant.uses_left) return asked;
  if (runs) {
    AILERON_ASSIGN(std::optional<Asked> full, CheckResults(core, checked.question.session));
    if (full) return std::move(*full);
  }
  AILERON_ASSIGN(Write write, Write::Begin(core, now));
  if (grant.uses_left) AILERON_TRY(write.Use(grant));
  if (runs) {
    Approval approval{
        .id = Ulid::Make(now).ToString(), .question = checked.question, .created = now};
    AILERON_TRY(core.approvals.Insert(approval, checked));
    AILERON_TRY(NameCall(core, checked, approval.id));
    approval.decided_by = ByGrant(grant);
    approval.scope = asked.scope;
    AILERON_TRY(write.Move(approval, State::kApproved));
    asked.approval = approval.id;
  }
  AILERON_TRY(write.Commit());
  return asked;
}

Status CheckDecision(const Decision& decision, Time now) {
  AILERON_TRY(CheckScope(decision.scope, now));
  if (decision.answer == Answer::kApprove) return {};
  if (decision.scope.kind == ScopeKind::kTimes) {
    return Fail(Code::kInvalid, "a denial is for once, until a time, this session or always");
  }
  if (!decision.edited.empty()) {
    return Fail(Code::kInvalid, "a denial changes no arguments; approve to run them changed");
  }
  return {};
}

// The grant that a decision makes, if any: the answered question is the first of N times.
std::optional<Grant> GrantOf(const Approval& approval, Time now) {
  const Scope& scope = approval.scope;
  const bool counted = scope.kind == ScopeKind::kTimes;
  if (scope.kind == ScopeKind::kOnce || (counted && scope.times == 1)) return std::nullopt;
  Grant grant{.id = Ulid::Make(now).ToString(),
              .answer = approval.state == State::kDenied ? Answer::kDeny : Answer::kApprove,
              .subject = approval.question.subject,
              .key = approval.question.key,
              .session = scope.kind == ScopeKind::kAlways ? "" : approval.question.session,
              .scope = scope.kind,
              .created = now,
              .approval = approval.id,
              .by = approval.decided_by};
  if (counted) grant.uses_left = scope.times - 1;
  if (scope.kind == ScopeKind::kUntil) grant.expires = scope.until;
  return grant;
}

// Decides what waits with the key of a new grant, oldest first, as far as the grant reaches.
Status DecideOthers(Core& core, Write& write, Grant& grant, const crypto::Digest& topic, Time now) {
  AILERON_ASSIGN(std::vector<Approval> others,
                 core.approvals.Select("WHERE state = 'pending' AND topic = ? AND expires_us > ? "
                                       "AND ? IN (session, '') ORDER BY n",
                                       {&topic, now, grant.session}));
  for (Approval& other : others) {
    if (grant.uses_left == 0) break;
    if (grant.uses_left) AILERON_TRY(write.Use(grant));
    other.decided_by = ByGrant(grant);
    AILERON_TRY(
        write.Move(other, grant.answer == Answer::kApprove ? State::kApproved : State::kDenied));
    if (ToBeClaimed(other, grant.scope)) {
      AILERON_TRY(core.approvals.SetClaim(other.id, now + limits::kYesLife));
    }
  }
  return {};
}

Status Remember(Core& core, Write& write, const Approval& approval, Time now) {
  std::optional<Grant> grant = GrantOf(approval, now);
  if (!grant) return {};
  AILERON_ASSIGN(const std::int64_t count, core.grants.Count());
  if (count >= limits::kGrantsInAll) {
    return Fail(Code::kUnavailable,
                "cannot remember one decision more: {} are remembered. Revoke some, or decide for "
                "once",
                count);
  }
  AILERON_ASSIGN(const crypto::Digest topic, core.approvals.TopicOf(approval.id));
  AILERON_TRY(core.grants.Insert(*grant, topic));
  AILERON_TRY(write.Tell(Change::kGranted, *grant));
  return DecideOthers(core, write, *grant, topic, now);
}

Result<std::vector<Approval>> CancelAll(Core& core, Write& write, std::string_view session,
                                        std::string_view by) {
  AILERON_ASSIGN(
      std::vector<Approval> open,
      core.approvals.Select("WHERE session = ? AND (state = 'pending' OR (state = 'approved' AND "
                            "subject = 'operation')) ORDER BY n",
                            {session}));
  for (Approval& approval : open) {
    approval.decided_by = ShownText(by, limits::kLineMax);
    AILERON_TRY(write.Move(approval, State::kCancelled));
  }
  return open;
}

// What was running when the last daemon ended: it may have happened or not.
Status Interrupt(Core& core, Time now) {
  AILERON_ASSIGN(Write write, Write::Begin(core, now));
  AILERON_ASSIGN(std::vector<Approval> running,
                 core.approvals.Select("WHERE state = 'running' ORDER BY n", {}));
  for (Approval& approval : running) {
    approval.outcome = Outcome{
        .end = Outcome::End::kFailed,
        .code = std::string(kCodeInterrupted),
        .message =
            "interrupted by the end of the daemon: it may have happened or not. Look before "
            "you ask again"};
    AILERON_TRY(write.Move(approval, State::kFailed));
  }
  AILERON_TRY(core.approvals.Prune(now));
  return write.Commit();
}

}  // namespace

Queue::Queue(std::unique_ptr<Core> core) : core_(std::move(core)) {}
Queue::Queue(Queue&&) noexcept = default;
Queue& Queue::operator=(Queue&&) noexcept = default;
Queue::~Queue() = default;

Result<Queue> Queue::Open(const std::string& path, Time now) {
  AILERON_ASSIGN(std::unique_ptr<Core> core, Core::Open(path));
  AILERON_TRY(Interrupt(*core, now));
  return Queue(std::move(core));
}

void Queue::SetObserver(Observer observer) { core_->observer = std::move(observer); }

Result<Asked> Queue::Ask(const Question& question, Time now) {
  AILERON_ASSIGN(CheckedQuestion checked, Check(question, now));
  AILERON_ASSIGN(std::optional<Grant> grant,
                 core_->grants.Find(checked.topic, question.session, now));
  if (grant && !grant->uses_left) return Remembered(*core_, checked, *grant, now);
  AILERON_ASSIGN(const std::optional<std::string> claimed,
                 core_->approvals.FindId("WHERE same = ? AND claim_until_us > ? ORDER BY n",
                                         {&checked.same, now}));
  if (claimed) {
    AILERON_ASSIGN(const Approval approval, core_->approvals.Get(*claimed));
    AILERON_TRY(Claim(*claimed, now));
    return SpokenBy(approval);
  }
  if (grant) return Remembered(*core_, checked, *grant, now);
  AILERON_ASSIGN(const std::optional<std::string> waiting,
                 core_->approvals.FindId("WHERE same = ? AND state = 'pending' AND expires_us > ?",
                                         {&checked.same, now}));
  if (waiting) return Join(*core_, checked, *waiting, now);
  return Enqueue(*core_, std::move(checked), now);
}

Result<std::optional<Calls::Found>> Queue::FindCall(const Question& question, Time now) const {
  AILERON_ASSIGN(const CheckedQuestion checked, Check(question, now));
  if (question.call.empty()) return std::nullopt;
  return core_->calls.Find(question.session, question.call, checked.same);
}

Status Queue::SetPreview(std::string_view id, std::string_view preview, Time now) {
  AILERON_ASSIGN(const Approval approval, Load(*core_, id, now));
  if (approval.state != State::kPending) return Refuse(approval, "show a preview of");
  AILERON_ASSIGN(Write write, Write::Begin(*core_, now));
  AILERON_TRY(core_->approvals.SetLarge(id, ApprovalTable::Column::kPreview,
                                        ShownText(preview, limits::kPreviewMax, Lines::kMany)));
  AILERON_TRY(write.Tell(Change::kPreviewed, approval));
  return write.Commit();
}

Result<Approval> Queue::Decide(std::string_view id, const Decision& decision, Time now) {
  AILERON_ASSIGN(Approval approval, Load(*core_, id, now));
  if (approval.state != State::kPending) return Refuse(approval, "decide");
  AILERON_TRY(CheckDecision(decision, now));
  if (!decision.edited.empty()) {
    Question& question = approval.question;
    AILERON_ASSIGN(EditedArguments edited,
                   EditArguments(question.arguments, question.editable, decision.edited));
    question.arguments = std::move(edited.text);
    approval.edited = std::move(edited.names);
  }
  approval.decided_by = ShownText(decision.by, limits::kLineMax);
  approval.reason = ShownText(decision.reason, limits::kLineMax);
  approval.scope = decision.scope;
  AILERON_ASSIGN(Write write, Write::Begin(*core_, now));
  if (!approval.edited.empty()) {
    AILERON_TRY(core_->approvals.SetLarge(id, ApprovalTable::Column::kArguments,
                                          approval.question.arguments));
  }
  AILERON_TRY(write.Move(approval,
                         decision.answer == Answer::kApprove ? State::kApproved : State::kDenied));
  if (ToBeClaimed(approval, decision.scope.kind)) {
    AILERON_TRY(core_->approvals.SetClaim(id, now + limits::kYesLife));
  }
  AILERON_TRY(Remember(*core_, write, approval, now));
  AILERON_TRY(write.Commit());
  return approval;
}

Status Queue::Claim(std::string_view id, Time now) {
  AILERON_ASSIGN(const Approval approval, Load(*core_, id, now));
  if (!approval.finished) return Refuse(approval, "claim");
  AILERON_ASSIGN(Write write, Write::Begin(*core_, now));
  AILERON_TRY(MarkTold(*core_, write, approval, now));
  return write.Commit();
}

Result<Approval> Queue::Begin(std::string_view id, Time now) {
  AILERON_ASSIGN(Approval approval, Load(*core_, id, now));
  if (!MayBecome(approval.question.subject, approval.state, State::kRunning)) {
    return Refuse(approval, "run");
  }
  AILERON_ASSIGN(Write write, Write::Begin(*core_, now));
  AILERON_TRY(write.Move(approval, State::kRunning));
  AILERON_TRY(write.Commit());
  return approval;
}

Result<Approval> Queue::Finish(std::string_view id, const Outcome& outcome, Time now) {
  AILERON_ASSIGN(Approval approval, core_->approvals.Get(id));
  if (approval.state != State::kRunning) return Refuse(approval, "finish");
  const std::string_view body = std::string_view(outcome.body).substr(0, limits::kBodyMax);
  approval.outcome =
      Outcome{.end = outcome.end,
              .status = outcome.status,
              .content_type = ShownText(outcome.content_type, limits::kContentTypeMax),
              .body = std::string(body),
              .code = ShownText(outcome.code, limits::kFieldNameMax),
              .message = ShownText(outcome.message, limits::kLineMax),
              .body_size = static_cast<std::int64_t>(outcome.body.size())};
  AILERON_ASSIGN(Write write, Write::Begin(*core_, now));
  AILERON_TRY(core_->approvals.SetLarge(id, ApprovalTable::Column::kBody, body));
  AILERON_TRY(write.Move(
      approval, outcome.end == Outcome::End::kSucceeded ? State::kSucceeded : State::kFailed));
  AILERON_TRY(write.Commit());
  return approval;
}

Result<Approval> Queue::Cancel(std::string_view id, std::string_view by, Time now) {
  AILERON_ASSIGN(Approval approval, Load(*core_, id, now));
  if (!MayBecome(approval.question.subject, approval.state, State::kCancelled)) {
    return Refuse(approval, "cancel");
  }
  approval.decided_by = ShownText(by, limits::kLineMax);
  AILERON_ASSIGN(Write write, Write::Begin(*core_, now));
  AILERON_TRY(write.Move(approval, State::kCancelled));
  AILERON_TRY(write.Commit());
  return approval;
}

Result<std::vector<Approval>> Queue::CancelSession(std::string_view session, std::string_view by,
                                                   Time now) {
  AILERON_ASSIGN(Write write, Write::Begin(*core_, now));
  AILERON_ASSIGN(std::vector<Approval> cancelled, CancelAll(*core_, write, session, by));
  AILERON_TRY(write.Commit());
  return cancelled;
}

Result<std::vector<Approval>> Queue::EndSession(std::string_view session, Time now) {
  // Most sessions ask nothing, and each of them ends.
  AILERON_ASSIGN(const std::optional<std::string> any,
                 core_->approvals.FindId("WHERE session = ?", {session}));
  AILERON_ASSIGN(const std::vector<Grant> grants,
                 core_->grants.Select("session = ?", {session}, limits::kGrantsInAll));
  if (!any && grants.empty()) return std::vector<Approval>();
  AILERON_ASSIGN(Write write, Write::Begin(*core_, now));
  AILERON_ASSIGN(std::vector<Approval> cancelled,
                 CancelAll(*core_, write, session, "the end of its session"));
  for (const Grant& grant : grants) AILERON_TRY(write.End(grant));
  AILERON_ASSIGN(const std::vector<std::string> collected,
                 core_->approvals.MarkCollected(session, std::nullopt, now));
  for (const std::string& id : collected) {
    AILERON_TRY(write.Tell(Change::kCollected, id, {}, session));
  }
  AILERON_TRY(write.Commit());
  return cancelled;
}

Result<std::vector<Approval>> Queue::Expire(Time now) {
  AILERON_ASSIGN(std::vector<Approval> due,
                 core_->approvals.Select(
                     "WHERE (state = 'pending' AND expires_us <= ?) OR (state = "
                     "'approved' AND subject = 'operation' AND decided_us <= ?) ORDER BY n",
                     {now, now - limits::kYesLife}));
  AILERON_ASSIGN(const std::vector<Grant> grants,
                 core_->grants.Select("expires_us <= ?", {now}, limits::kGrantsInAll));
  if (due.empty() && grants.empty()) return due;
  AILERON_ASSIGN(Write write, Write::Begin(*core_, now));
  for (Approval& approval : due) AILERON_TRY(MoveToExpired(write, approval));
  for (const Grant& grant : grants) AILERON_TRY(write.End(grant));
  AILERON_TRY(write.Commit());
  return due;
}

Result<std::optional<Time>> Queue::NextExpiry() const {
  AILERON_ASSIGN(
      const std::int64_t next,
      core_->approvals.Number(
          "SELECT min(due) FROM (SELECT min(expires_us) AS due FROM approvals WHERE state = "
          "'pending' UNION ALL SELECT min(decided_us) + ? FROM approvals WHERE state = 'approved' "
          "AND subject = 'operation' UNION ALL SELECT min(expires_us) FROM grants WHERE expires_us "
          "IS NOT NULL)",
          {std::int64_t{Duration(limits::kYesLife).count()}}));
  if (next == 0) return std::nullopt;
  return Time(Duration(next));
}

Result<Approval> Queue::Get(std::string_view id) const { return core_->approvals.Get(id); }

Result<std::vector<Approval>> Queue::List(const Filter& filter) const {
  std::vector<std::string> states;
  for (const State state : filter.states) states.push_back(fmt::format("'{}'", StateName(state)));
  return core_->approvals.Select(
      fmt::format(
          "WHERE {} AND {} AND {} ORDER BY n {} LIMIT {}",
          states.empty() ? "true" : fmt::format("state IN ({})", fmt::join(states, ",")),
          filter.session ? "session = ?" : "? = ''",
          filter.subject ? fmt::format("subject = '{}'", SubjectName(*filter.subject)) : "true",
          filter.order == Order::kNewestFirst ? "DESC" : "ASC",
          std::min(filter.limit, limits::kListMax)),
      {filter.session ? std::string_view(*filter.session) : ""});
}

Result<std::int64_t> Queue::Pending() const {
  return core_->approvals.Number("SELECT count(*) FROM approvals WHERE state = 'pending'", {});
}

Result<std::vector<Approval>> Queue::Collect(std::string_view session, std::size_t limit) const {
  AILERON_ASSIGN(std::vector<Approval> finished,
                 core_->approvals.Select(
                     fmt::format("WHERE session = ? AND finished_us IS NOT NULL AND collected_us "
                                 "IS NULL ORDER BY finished_us, n LIMIT {}",
                                 std::min(limit, limits::kCollectMax)),
                     {session}));
  std::vector<Approval> collected;
  std::size_t bytes = 0;
  for (const Approval& approval : finished) {
    bytes += approval.outcome ? static_cast<std::size_t>(approval.outcome->body_size) : 0;
    if (!collected.empty() && bytes > limits::kCollectBytes) break;
    AILERON_ASSIGN(Approval whole, core_->approvals.Get(approval.id));
    collected.push_back(std::move(whole));
  }
  return collected;
}

Result<std::int64_t> Queue::Acknowledge(std::string_view session, std::span<const std::string> ids,
                                        Time now) {
  AILERON_ASSIGN(Write write, Write::Begin(*core_, now));
  std::int64_t fresh = 0;
  for (const std::string& id : ids.first(std::min(ids.size(), limits::kListMax))) {
    AILERON_ASSIGN(const std::vector<std::string> marked,
                   core_->approvals.MarkCollected(session, id, now));
    if (marked.empty()) continue;
    ++fresh;
    AILERON_TRY(write.Tell(Change::kCollected, id, {}, session));
  }
  AILERON_TRY(write.Commit());
  return fresh;
}

Result<std::vector<Grant>> Queue::Grants(const GrantFilter& filter, Time now) const {
  const std::string_view session = filter.session ? std::string_view(*filter.session) : "";
  return core_->grants.Select(fmt::format("(expires_us IS NULL OR expires_us > ?) AND {}",
                                          filter.session ? "session IN (?, '')" : "? = ''"),
                              {now, session}, std::min(filter.limit, limits::kListMax));
}

Result<Grant> Queue::Revoke(std::string_view id, Time now) {
  AILERON_ASSIGN(Grant grant, core_->grants.Get(id));
  AILERON_ASSIGN(Write write, Write::Begin(*core_, now));
  AILERON_TRY(write.End(grant));
  AILERON_TRY(write.Commit());
  return grant;
}

Result<Events> Queue::EventsAfter(std::int64_t seq, std::size_t limit) const {
  return core_->journal.After(seq, limit);
}

Result<std::optional<std::int64_t>> Queue::Place(std::string_view follower) const {
  return core_->places.Get(follower);
}

Status Queue::SetPlace(std::string_view follower, std::int64_t seq) {
  return core_->places.Set(follower, seq);
}

Status Queue::KeepPlaces(std::span<const std::string> followers) {
  return core_->places.Keep(followers);
}

store::Database& Queue::database() { return *core_->database; }

}  // namespace aileron::approval
