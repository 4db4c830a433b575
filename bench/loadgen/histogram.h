// Histogram: how long things took, in bounded memory.
//
// Values fall into buckets whose width grows with the value, 256 of them for each power of two, so
// a percentile is right to 0.2 % from a nanosecond to 18 minutes; longer ones count as 18 minutes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "clock.h"

namespace loadgen {

// Microseconds.
struct Summary {
  std::uint64_t count = 0;
  double min = 0, mean = 0, p50 = 0, p90 = 0, p99 = 0, p999 = 0, max = 0;
};

class Histogram {
 public:
  void Add(Nanos value);
  void Merge(const Histogram& other);
  Summary Summarize() const;

 private:
  double At(double quantile) const;

  std::vector<std::uint64_t> buckets_;  // empty until the first value
  std::uint64_t count_ = 0;
  double sum_ = 0;
  Nanos min_ = 0, max_ = 0;
};

}  // namespace loadgen
