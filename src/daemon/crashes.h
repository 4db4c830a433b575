// Crashes: how often a process of a session has ended by itself lately, and whether it is worth
// starting again.
#pragma once

#include <deque>
#include <string>

#include "daemon/limits.h"
#include "net/loop.h"

namespace aileron::daemon {

class Crashes {
 public:
  // Counts one. False when they are too many: more than limits::kWorkerRestarts within
  // limits::kWorkerRestartWindow.
  bool MayRestart(net::Instant now) {
    times_.push_back(now);
    while (times_.front() + limits::kWorkerRestartWindow < now) times_.pop_front();
    return times_.size() <= static_cast<std::size_t>(limits::kWorkerRestarts);
  }
  // "crashed 6 times in 10 s"
  std::string Text() const {
    return fmt::format("crashed {} times in {} s", times_.size(),
                       limits::kWorkerRestartWindow.count());
  }

 private:
  std::deque<net::Instant> times_;
};

}  // namespace aileron::daemon
