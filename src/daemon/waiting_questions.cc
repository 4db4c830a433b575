#include "daemon/waiting_questions.h"

#include <utility>

#include "approval/limits.h"

namespace aileron::daemon {

WaitingQuestions::WaitingQuestions(net::Loop& loop, Approvals& approvals, std::string session,
                                   Tell tell)
    : loop_(loop),
      approvals_(approvals),
      session_(std::move(session)),
      tell_(std::move(tell)),
      watcher_(approvals.Watch([this](const approval::Event& event) {
        if (event.session == session_ && !event.approval.empty()) LookSoon();
      })) {
  LookSoon();
}

WaitingQuestions::~WaitingQuestions() { approvals_.Unwatch(watcher_); }

// Later, and once for many changes: the queue is in a call of its own.
void WaitingQuestions::LookSoon() {
  if (std::exchange(looking_, true)) return;
  loop_.Post([this, alive = std::weak_ptr(alive_)] {
    if (!alive.expired()) Look();
  });
}

void WaitingQuestions::Look() {
  looking_ = false;
  const auto waiting = approvals_.queue().List({.states = {approval::State::kPending},
                                                .session = session_,
                                                .limit = approval::limits::kPendingOfSession});
  if (!waiting) return;
  std::string oldest = waiting->empty() ? "" : waiting->front().question.title;
  if (told_ && waiting->size() == count_ && oldest == oldest_) return;
  told_ = true;
  count_ = waiting->size();
  oldest_ = std::move(oldest);
  tell_(count_, oldest_);
}

}  // namespace aileron::daemon
