#include "histogram.h"

#include <algorithm>
#include <bit>

namespace loadgen {
namespace {

constexpr int kBits = 8;  // 2^kBits buckets for each power of two
constexpr Nanos kMost = (Nanos{1} << 40) - 1;

// The position of a value: its highest kBits + 1 bits, after 2^kBits places for each bit cut off.
std::size_t Place(Nanos value) {
  const auto bits = static_cast<std::uint64_t>(std::clamp<Nanos>(value, 0, kMost));
  const int cut = std::max(0, static_cast<int>(std::bit_width(bits)) - kBits - 1);
  return (static_cast<std::size_t>(cut) << kBits) + static_cast<std::size_t>(bits >> cut);
}

// The middle of the bucket at `place`.
double Middle(std::size_t place) {
  if (place < (std::size_t{2} << kBits)) return static_cast<double>(place);
  const std::size_t cut = (place >> kBits) - 1;
  const std::size_t high = place - (cut << kBits);
  const std::uint64_t width = std::uint64_t{1} << cut;
  return static_cast<double>(high * width) + static_cast<double>(width) / 2;
}

constexpr double Micros(double nanos) { return nanos / 1e3; }

}  // namespace

void Histogram::Add(Nanos value) {
  if (buckets_.empty()) buckets_.resize(Place(kMost) + 1);
  min_ = count_ == 0 ? value : std::min(min_, value);
  max_ = std::max(max_, value);
  ++buckets_[Place(value)];
  ++count_;
  sum_ += static_cast<double>(value);
}

void Histogram::Merge(const Histogram& other) {
  if (other.count_ == 0) return;
  if (buckets_.empty()) buckets_.resize(other.buckets_.size());
  for (std::size_t i = 0; i < buckets_.size(); ++i) buckets_[i] += other.buckets_[i];
  min_ = count_ == 0 ? other.min_ : std::min(min_, other.min_);
  max_ = std::max(max_, other.max_);
  count_ += other.count_;
  sum_ += other.sum_;
}

double Histogram::At(double quantile) const {
  const auto rank = static_cast<std::uint64_t>(quantile * static_cast<double>(count_ - 1) + 0.5);
  std::uint64_t seen = 0;
  for (std::size_t place = 0; place < buckets_.size(); ++place) {
    seen += buckets_[place];
    if (seen > rank) return Micros(Middle(place));
  }
  return Micros(static_cast<double>(max_));
}

Summary Histogram::Summarize() const {
  if (count_ == 0) return {};
  return {.count = count_,
          .min = Micros(static_cast<double>(min_)),
          .mean = Micros(sum_ / static_cast<double>(count_)),
          .p50 = At(0.5),
          .p90 = At(0.9),
          .p99 = At(0.99),
          .p999 = At(0.999),
          .max = Micros(static_cast<double>(max_))};
}

}  // namespace loadgen
