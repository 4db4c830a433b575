// Approvals: the queue of questions to people (approval/queue.h), with those who wait for an
// answer.
//
//   Ask     a question of the daemon's: told at once when somebody said yes or no before, else when
//           it is decided, or after `hold` that it is still open
//   Await   an asker that has the id already: told when nothing is left to wait for
//   Watch   somebody who looks at all of it
//
// Every change is recorded in the audit log, by whom and for which session.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "approval/queue.h"
#include "daemon/audit_service.h"
#include "daemon/limits.h"
#include "net/loop.h"
#include "policy/document.h"
#include "session/session.h"

namespace aileron::daemon {

class Approvals {
 public:
  Approvals(net::Loop& loop, AuditService& audit, approval::Queue queue);

  // What came of a question.
  struct Said {
    enum class Kind { kYes, kNo, kPending, kFull };
    Kind kind = Kind::kFull;
    std::string approval;  // its id; empty when a grant spoke, or nothing is asked
    std::string rule;      // what decided, for the record: "grant 01…", "approval 01…"
    std::string code;      // stable, of all but kYes
    std::string message;   // for the one who asked
    Time until{};          // of kYes: as long as it may be remembered
    bool once = false;     // of kYes: for this question, and for no other
  };
  using Told = std::function<void(const Said&)>;
  // `told` is called once, perhaps from within the call.
  void Ask(const approval::Question& question, Duration hold, Told told);

  // With the approval as it is then; at once when there is nothing to wait for. kNotFound.
  using Done = std::function<void(const Result<approval::Approval>&)>;
  void Await(const std::string& id, Duration longest, Done done);

  approval::Queue& queue() { return queue_; }

  // A session is over: its questions are cancelled and its grants end.
  void EndSession(const std::string& session);

  // `wake` is called after each change, until Unwatch.
  using Wake = std::function<void(const approval::Event&)>;
  std::uint64_t Watch(Wake wake);
  bool crowded() const { return watchers_.size() >= limits::kWatchers; }
  void Unwatch(std::uint64_t watcher) { watchers_.erase(watcher); }
  // Called when a person has said yes to `id`.
  void set_on_approved(std::function<void(const std::string& id)> call) {
    on_approved_ = std::move(call);
  }
  // Called when a yes that was given may not hold any more.
  void set_on_withdrawn(std::function<void()> call) { on_withdrawn_ = std::move(call); }

 private:
  struct Waiter {
    Waiter(net::Loop& loop, Done call, std::function<void()> expired)
        : done(std::move(call)), timer(loop, std::move(expired)) {}
    Done done;
    net::Timer timer;
  };
  using Waiters = std::multimap<std::string, std::unique_ptr<Waiter>>;

  void OnEvent(const approval::Event& event);
  void Record(const approval::Event& event);
  void Tell(const std::string& id);
  Said SaidBy(const approval::Approval& approval) const;
  Said SaidBefore(const approval::Asked& asked) const;
  void ArmExpiry();

  net::Loop& loop_;
  AuditService& audit_;
  approval::Queue queue_;
  Waiters waiters_;  // by approval
  net::Timer expiry_;
  std::map<std::uint64_t, Wake> watchers_;
  std::uint64_t next_watcher_ = 0;
  std::function<void()> on_withdrawn_;
  std::function<void(const std::string& id)> on_approved_;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

// What let something through, as a record names it: the grant that decided, or the approval.
std::string RuleOf(const approval::Approval& approval);
// All that a grant let through was let through by one of these.
std::vector<std::string> RulesOf(const approval::Grant& grant);

// A question of that session, with who asks and until when; what is asked is the caller's.
approval::Question QuestionOf(const session::Session& session, approval::Subject subject);
// It waits no longer than the policy of its session says.
void ShortenLife(approval::Question& question, const policy::Approvals& policy);

}  // namespace aileron::daemon
