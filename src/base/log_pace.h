// LogPace: lets one line of a kind into the log in a while, so that whoever causes it cannot fill
// the disk. How many were left out stands in the next one.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>

namespace aileron {

class LogPace {
 public:
  using Instant = std::chrono::steady_clock::time_point;
  using Interval = std::chrono::steady_clock::duration;

  explicit LogPace(Interval between) : between_(between) {}

  // What to write behind the line ("", or " (and 12 more like it)"); nothing when the line is to
  // be left out.
  std::optional<std::string> Pass(Instant now);

 private:
  Interval between_;
  std::optional<Instant> last_;
  std::size_t left_out_ = 0;
};

}  // namespace aileron
