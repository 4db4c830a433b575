#include "daemon/approvals.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "daemon/limits.h"
#include "policy/limits.h"

namespace aileron::daemon {

namespace {

using approval::Change;
using approval::State;
using approval::Subject;

bool IsYes(const approval::Approval& approval) {
  return approval.state == State::kApproved || approval.state == State::kRunning ||
         approval.state == State::kSucceeded || approval.state == State::kFailed;
}

// How long a yes may be remembered by who asked.
Time UntilOf(const approval::Scope& scope, Time now) {
  switch (scope.kind) {
    case approval::ScopeKind::kOnce:
    case approval::ScopeKind::kTimes:
      return now + limits::kYesOnce;
    case approval::ScopeKind::kUntil:
      return scope.until;
    case approval::ScopeKind::kSession:
    case approval::ScopeKind::kAlways:
      return Time::max();
  }
  return now;
}

bool IsOnce(const approval::Scope& scope) {
  return scope.kind == approval::ScopeKind::kOnce || scope.kind == approval::ScopeKind::kTimes;
}

std::string HowToDecide(const std::string& id) {
  return fmt::format("a person decides: aileron approvals approve {} on the host", id);
}

// How the queue names a grant that decided, where a person's words would stand.
constexpr std::string_view kByGrant = "grant ";

// Whether who waits for it has nothing more to wait for.
bool IsSettled(const approval::Approval& approval) {
  return approval::IsFinal(approval.question.subject, approval.state);
}

}  // namespace

std::string RuleOf(const approval::Approval& approval) {
  if (approval.decided_by.starts_with(kByGrant)) return approval.decided_by;
  return fmt::format("approval {}", approval.id);
}

std::vector<std::string> RulesOf(const approval::Grant& grant) {
  return {fmt::format("{}{}", kByGrant, grant.id), fmt::format("approval {}", grant.approval)};
}

approval::Question QuestionOf(const session::Session& session, approval::Subject subject) {
  return {.session = session.id,
          .agent = session.command.empty() ? "" : session.command.front(),
          .project = session.workspace,
          .subject = subject,
          .expires = Now() + limits::kQuestionLife};
}

static_assert(policy::limits::kExpiresMost == limits::kQuestionLife,
              "what a policy may say is what has an effect");

void ShortenLife(approval::Question& question, const policy::Approvals& policy) {
  if (policy.expires) question.expires = std::min(question.expires, Now() + *policy.expires);
}

Approvals::Approvals(net::Loop& loop, AuditService& audit, approval::Queue queue)
    : loop_(loop), audit_(audit), queue_(std::move(queue)), expiry_(loop, [this] {
        if (auto expired = queue_.Expire(Now()); !expired) {
          LogError("cannot end what has expired: {}", expired.error().message);
        }
        ArmExpiry();
      }) {
  queue_.SetObserver([this](const approval::Event& event) { OnEvent(event); });
  ArmExpiry();
}

void Approvals::Ask(const approval::Question& question, Duration hold, Told told) {
  const auto asked = queue_.Ask(question, Now());
  if (!asked) {
    return told({.kind = Said::Kind::kFull,
                 .code = "approval_unavailable",
                 .message = asked.error().message});
  }
  if (asked->kind != approval::Asked::Kind::kPending) return told(SaidBefore(*asked));
  Await(asked->approval, hold,
        [this, told = std::move(told)](const Result<approval::Approval>& result) {
          if (!result) {
            return told({.kind = Said::Kind::kFull,
                         .code = "approval_unavailable",
                         .message = result.error().message});
          }
          // Told, and so used, be it yes or no: the same question asks again.
          if (result->finished && result->question.subject != Subject::kOperation) {
            (void)queue_.Claim(result->id, Now());
          }
          told(SaidBy(*result));
        });
}

Approvals::Said Approvals::SaidBefore(const approval::Asked& asked) const {
  Said said{.approval = asked.approval, .code = std::string(asked.code), .message = asked.message};
  said.rule = asked.grant.empty() ? fmt::format("approval {}", asked.approval)
                                  : fmt::format("{}{}", kByGrant, asked.grant);
  switch (asked.kind) {
    case approval::Asked::Kind::kGranted:
      said.kind = Said::Kind::kYes;
      said.until = UntilOf(asked.scope, Now());
      said.once = IsOnce(asked.scope);
      break;
    case approval::Asked::Kind::kDenied:
      said.kind = Said::Kind::kNo;
      said.code = "approval_denied";
      break;
    default:
      said.kind = Said::Kind::kFull;
  }
  return said;
}

Approvals::Said Approvals::SaidBy(const approval::Approval& approval) const {
  Said said{.approval = approval.id, .rule = RuleOf(approval)};
  if (IsYes(approval)) {
    said.kind = Said::Kind::kYes;
    said.until = UntilOf(approval.scope, Now());
    said.once = IsOnce(approval.scope);
  } else if (approval.state == State::kPending) {
    said.kind = Said::Kind::kPending;
    said.code = "approval_pending";
    said.message = HowToDecide(approval.id);
  } else {
    said.kind = Said::Kind::kNo;
    said.code = fmt::format("approval_{}", approval::StateName(approval.state));
    said.message = approval.reason.empty()
                       ? fmt::format("it was {}", approval::StateName(approval.state))
                       : approval.reason;
  }
  return said;
}

void Approvals::Await(const std::string& id, Duration longest, Done done) {
  const auto now = queue_.Get(id);
  if (!now || IsSettled(*now) || longest <= Duration::zero() ||
      waiters_.count(id) >= limits::kAwaiting) {
    return done(now);
  }
  const auto waiter = waiters_.emplace(id, nullptr);
  waiter->second = std::make_unique<Waiter>(loop_, std::move(done), [this, waiter] {
    const auto expired = waiters_.extract(waiter);
    expired.mapped()->done(queue_.Get(expired.key()));
  });
  waiter->second->timer.Set(longest);
}

// Whoever is told may ask again, or wait again.
void Approvals::Tell(const std::string& id) {
  const auto [first, last] = waiters_.equal_range(id);
  if (first == last) return;
  const auto approval = queue_.Get(id);
  if (approval && !IsSettled(*approval)) return;
  std::vector<std::unique_ptr<Waiter>> told;
  for (auto at = first; at != last; ++at) told.push_back(std::move(at->second));
  waiters_.erase(first, last);
  for (const auto& waiter : told) waiter->done(approval);
}

void Approvals::OnEvent(const approval::Event& event) {
  Record(event);
  ArmExpiry();
  if (!event.approval.empty()) {
    // Later: the queue is in a call of its own.
    loop_.Post([this, alive = std::weak_ptr(alive_), id = event.approval, change = event.change] {
      if (alive.expired()) return;
      if (change == Change::kApproved && on_approved_) on_approved_(id);
      Tell(id);
    });
  }
  if (event.change == Change::kGrantEnded && on_withdrawn_) on_withdrawn_();
  for (const auto& [number, wake] : watchers_) wake(event);
}

// Who decided what stands in the queue; the log has it chained and signed.
void Approvals::Record(const approval::Event& event) {
  const std::string kind = fmt::format("approval.{}", approval::ChangeName(event.change));
  if (event.change == Change::kGrantUsed || event.change == Change::kPreviewed) return;
  std::string detail = event.approval.empty() ? event.grant : event.approval;
  std::string_view action = "ask";
  if (!event.approval.empty()) {
    const auto approval = queue_.Get(event.approval);
    if (approval) {
      detail += fmt::format(": {}", approval->question.title);
      if (!approval->decided_by.empty()) detail += fmt::format(" ({})", approval->decided_by);
      action = IsYes(*approval) ? "allow" : approval->state == State::kPending ? "ask" : "deny";
    }
  }
  audit_.Event(kind, action, std::move(detail), event.session);
}

void Approvals::EndSession(const std::string& session) {
  if (auto ended = queue_.EndSession(session, Now()); !ended) {
    LogError("cannot end what session {} asked: {}", session, ended.error().message);
  }
}

std::uint64_t Approvals::Watch(Wake wake) {
  watchers_.emplace(next_watcher_, std::move(wake));
  return next_watcher_++;
}

void Approvals::ArmExpiry() {
  const auto next = queue_.NextExpiry();
  if (!next || !*next) return expiry_.Cancel();
  expiry_.Set(std::max<Duration>(**next - Now(), std::chrono::milliseconds(1)));
}

}  // namespace aileron::daemon
