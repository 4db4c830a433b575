// Pause: a while before something is tried again, which ends early when it is given up.
#pragma once

#include <algorithm>
#include <atomic>
#include <thread>

#include "base/time.h"
#include "fetch/limits.h"

namespace aileron::registry {

// No longer than until `stop`, if there is one, is set.
inline void Pause(Duration time, const std::atomic<bool>* stop) {
  constexpr Duration kStep = fetch::limits::kStopCheck;
  for (; time > Duration::zero() && (stop == nullptr || !*stop); time -= kStep) {
    std::this_thread::sleep_for(std::min(time, kStep));
  }
}

}  // namespace aileron::registry
