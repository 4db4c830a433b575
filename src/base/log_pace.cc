#include "base/log_pace.h"

#include <fmt/format.h>

#include <utility>

namespace aileron {

std::optional<std::string> LogPace::Pass(Instant now) {
  if (last_ && now - *last_ < between_) {
    ++left_out_;
    return std::nullopt;
  }
  last_ = now;
  const std::size_t count = std::exchange(left_out_, 0);
  return count == 0 ? std::string() : fmt::format(" (and {} more like it)", count);
}

}  // namespace aileron
