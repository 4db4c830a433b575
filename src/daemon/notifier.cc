#include "daemon/notifier.h"

#include <fcntl.h>
#include <signal.h>

#include <utility>

#include "base/log.h"
#include "daemon/limits.h"

namespace aileron::daemon {

Notifier::Notifier(net::Loop& loop, Approvals& approvals, CommandWorld world)
    : loop_(loop),
      approvals_(approvals),
      world_(std::move(world)),
      due_(loop, [this] { TellOfMany(); }),
      deadline_(loop, [this] {
        problem_ = "notify-send does not end: is there a desktop that shows notifications?";
        Stop();
        StartNext();
      }) {}

Notifier::~Notifier() {
  if (watcher_) approvals_.Unwatch(*watcher_);
  Stop();
}

void Notifier::Use(Desktop desktop) {
  problem_.clear();
  if (watcher_) approvals_.Unwatch(*std::exchange(watcher_, std::nullopt));
  if (desktop == Desktop::kNotTold) return;
  auto found = world_.Find("notify-send");
  if (!found) {
    problem_ =
        "notifications are wanted, and there is no program notify-send. Install libnotify-bin, and "
        "run \"aileron daemon stop\".";
    LogWarning("{}", problem_);
    return;
  }
  program_ = *std::move(found);
  watcher_ = approvals_.Watch([this](const approval::Event& event) { OnEvent(event); });
}

void Notifier::OnEvent(const approval::Event& event) {
  if (event.change != approval::Change::kAsked) return;
  if (pace_.Asked(loop_.now()) == NoticePace::Say::kNow) {
    const auto approval = approvals_.queue().Get(event.approval);
    if (approval) Tell(NoticeOf(*approval));
  } else if (!due_.armed()) {
    due_.Set(*pace_.due() - loop_.now());
  }
}

void Notifier::TellOfMany() {
  due_.Cancel();
  pace_.Told(loop_.now());
  const auto waiting = approvals_.queue().Pending();
  if (waiting && *waiting > 0 && watcher_) Tell(NoticeOfMany(*waiting));
}

void Notifier::Tell(Notice notice) {
  if (next_.size() >= static_cast<std::size_t>(limits::kNoticesAtOnce)) next_.pop_front();
  next_.push_back(std::move(notice));
  StartNext();
}

void Notifier::StartNext() {
  if (child_ || next_.empty()) return;
  const Notice notice = std::move(next_.front());
  next_.pop_front();
  if (auto started = Start(notice); !started) {
    problem_ = started.error().message;
    LogWarning("nobody is told on the desktop: {}", problem_);
  }
}

Status Notifier::Start(const Notice& notice) {
  const os::Fd nothing(open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!nothing) return os::FailErrno("cannot open /dev/null");
  AILERON_ASSIGN(
      child_,
      os::Spawn({.path = program_,
                 .argv = NotifySendArguments(notice),
                 .environment = world_.environment,
                 .descriptors = {{nothing.get(), 0}, {nothing.get(), 1}, {nothing.get(), 2}},
                 .with_parent = os::WithParent::kDies,
                 .folder = world_.home,
                 .own_session = true}));
  deadline_.Set(limits::kNoticeWait);
  auto watched = loop_.Watch(child_->pidfd.get(), *this, net::Loop::Trigger::kLevelRead);
  if (!watched) Stop();
  return watched;
}

void Notifier::OnReady(net::Readiness) {
  loop_.Forget(child_->pidfd.get(), *this);
  const auto status = os::WaitFor(*child_);
  child_.reset();
  deadline_.Cancel();
  if (status && *status == 0) {
    problem_.clear();
  } else {
    problem_ = "notify-send failed: is there a desktop that shows notifications?";
  }
  StartNext();
}

void Notifier::Stop() {
  deadline_.Cancel();
  if (!child_) return;
  loop_.Forget(child_->pidfd.get(), *this);
  (void)kill(-child_->pid, SIGKILL);
  (void)os::SignalChild(*child_, SIGKILL);
  (void)os::WaitFor(*child_);
  child_.reset();
}

}  // namespace aileron::daemon
