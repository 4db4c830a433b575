#include "os/alarm.h"

#include <sys/timerfd.h>

#include <cerrno>

namespace aileron::os {

Result<Alarm> Alarm::Make() {
  Fd timer(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
  if (!timer) return FailErrno("cannot make a timer");
  return Alarm(std::move(timer));
}

void Alarm::SetFor(Clock::time_point due) {
  if (set_ && *set_ <= due) return;
  set_ = due;
  const auto since = std::chrono::duration_cast<std::chrono::nanoseconds>(due.time_since_epoch());
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(since);
  itimerspec at{};
  at.it_value = {seconds.count(), (since - seconds).count()};
  (void)timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &at, nullptr);
}

void Alarm::Rang() {
  std::uint64_t times = 0;
  (void)!read(timer_.get(), &times, sizeof times);
  set_.reset();
}

}  // namespace aileron::os
