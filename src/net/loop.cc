#include "net/loop.h"

#include <sys/epoll.h>

#include <algorithm>
#include <cerrno>

#include "net/limits.h"

namespace aileron::net {
namespace {

std::uint32_t EventsFor(Loop::Trigger trigger) {
  switch (trigger) {
    case Loop::Trigger::kEdge:
      return EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
    case Loop::Trigger::kLevelRead:
      return EPOLLIN;
    case Loop::Trigger::kLevelWrite:
      return EPOLLOUT;
    case Loop::Trigger::kLevelBoth:
      return EPOLLIN | EPOLLOUT;
  }
  return 0;
}

}  // namespace

// The events of the turn that is being served. Forget() takes out those that are still to come.
struct Loop::Batch {
  epoll_event events[limits::events_per_turn];
  int count = 0;
  int next = 0;
};

Loop::Loop(os::Fd epoll)
    : epoll_(std::move(epoll)),
      batch_(std::make_unique<Batch>()),
      now_(std::chrono::steady_clock::now()) {}

Loop::~Loop() = default;

Result<std::unique_ptr<Loop>> Loop::Make() {
  os::Fd epoll(epoll_create1(EPOLL_CLOEXEC));
  if (!epoll) return os::FailErrno("cannot make an epoll descriptor");
  return std::unique_ptr<Loop>(new Loop(std::move(epoll)));
}

Status Loop::Watch(int descriptor, Handler& handler, Trigger trigger) {
  epoll_event event{};
  event.events = EventsFor(trigger);
  event.data.ptr = &handler;
  if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, descriptor, &event) != 0) {
    return os::FailErrno("cannot watch a descriptor");
  }
  return {};
}

Status Loop::Change(int descriptor, Handler& handler, Trigger trigger) {
  epoll_event event{};
  event.events = EventsFor(trigger);
  event.data.ptr = &handler;
  if (epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, descriptor, &event) != 0) {
    return os::FailErrno("cannot watch a descriptor");
  }
  return {};
}

void Loop::Forget(int descriptor, Handler& handler) {
  epoll_event unused{};
  epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, descriptor, &unused);
  for (int i = batch_->next; i < batch_->count; ++i) {
    if (batch_->events[i].data.ptr == &handler) batch_->events[i].data.ptr = nullptr;
  }
}

void Loop::Post(std::function<void()> task) { posted_.push_back(std::move(task)); }

void Loop::Run() {
  stopped_ = false;
  while (!stopped_) Turn(std::chrono::hours(1));
}

void Loop::Turn(Interval longest) {
  Batch& batch = *batch_;
  const int count =
      epoll_wait(epoll_.get(), batch.events, limits::events_per_turn, WaitTime(longest));
  AILERON_CHECK(count >= 0 || errno == EINTR);
  now_ = std::chrono::steady_clock::now();
  batch.count = std::max(count, 0);
  for (batch.next = 0; batch.next < batch.count;) {
    const epoll_event event = batch.events[batch.next++];
    if (event.data.ptr == nullptr) continue;
    static_cast<Handler*>(event.data.ptr)
        ->OnReady({.readable = (event.events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0,
                   .writable = (event.events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0,
                   .hangup = (event.events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0});
  }
  batch.count = 0;
  RunTimers();
  RunPosted();
}

int Loop::WaitTime(Interval longest) const {
  if (!posted_.empty()) return 0;
  Interval wait = longest;
  if (!timers_.empty()) {
    wait = std::min(wait, timers_.begin()->first - std::chrono::steady_clock::now());
  }
  if (wait <= Interval::zero()) return 0;
  // Rounded up, or the last fraction of a millisecond would be spent spinning.
  return static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(wait).count());
}

void Loop::RunTimers() {
  while (!timers_.empty() && timers_.begin()->first <= now_) {
    Timer* timer = timers_.begin()->second;
    timers_.erase(timers_.begin());
    timer->queued_ = Instant::max();
    if (timer->deadline_ > now_) {
      if (timer->deadline_ == Instant::max()) continue;
      timer->queued_ = timer->deadline_;
      timers_.emplace(timer->queued_, timer);
      continue;
    }
    timer->deadline_ = Instant::max();
    timer->expired_();  // may destroy the timer
  }
}

void Loop::RunPosted() {
  // Tasks posted by tasks wait for the next turn, so that none can starve the sockets.
  std::vector<std::function<void()>> tasks;
  tasks.swap(posted_);
  for (auto& task : tasks) task();
}

Timer::~Timer() {
  if (queued_ != Instant::max()) loop_.timers_.erase({queued_, this});
}

void Timer::Set(Interval after) {
  deadline_ = loop_.now_ + after;
  if (queued_ <= deadline_) return;
  if (queued_ != Instant::max()) loop_.timers_.erase({queued_, this});
  queued_ = deadline_;
  loop_.timers_.emplace(queued_, this);
}

}  // namespace aileron::net
