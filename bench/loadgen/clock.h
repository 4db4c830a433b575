// Time, in nanoseconds of CLOCK_MONOTONIC: the clock of every figure, and of the stamps in
// server-sent events (the sender on the same machine reads the same clock).
#pragma once

#include <cstdint>
#include <ctime>

namespace loadgen {

using Nanos = std::int64_t;

inline Nanos Now() {
  timespec ts{};
  clock_gettime(CLOCK_MONOTONIC, &ts);
  return Nanos{ts.tv_sec} * 1'000'000'000 + ts.tv_nsec;
}

constexpr Nanos Seconds(double seconds) { return static_cast<Nanos>(seconds * 1e9); }

constexpr timespec ToTimespec(Nanos nanos) {
  return {nanos / 1'000'000'000, nanos % 1'000'000'000};
}

}  // namespace loadgen
