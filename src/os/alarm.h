// Alarm: a descriptor that becomes readable at a time.
//
// For loops that wait often and are seldom late: setting a deadline with each wait programs the
// machine's timer each time, which in a virtual machine costs more than the wait.
#pragma once

#include <chrono>
#include <optional>

#include "base/result.h"
#include "os/fd.h"

namespace aileron::os {

class Alarm {
 public:
  using Clock = std::chrono::steady_clock;
  static Result<Alarm> Make();

  // At `due`, or earlier when it was set to something earlier that has not come yet.
  void SetFor(Clock::time_point due);
  // It has rung.
  void Rang();
  int descriptor() const { return timer_.get(); }

 private:
  explicit Alarm(Fd timer) : timer_(std::move(timer)) {}

  Fd timer_;
  std::optional<Clock::time_point> set_;
};

}  // namespace aileron::os
