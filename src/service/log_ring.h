// LogRing: the last bytes that a service printed, bounded. Readers keep a position in all that was
// ever printed; what they were too slow for is gone, and they go on with the oldest that is left.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace aileron::service {

class LogRing {
 public:
  explicit LogRing(std::size_t bound) : bound_(bound) {}

  void Append(std::string_view bytes);

  std::uint64_t begin() const { return begin_; }
  std::uint64_t end() const { return begin_ + bytes_.size(); }
  // At most `most` bytes from `position` on, which moves behind them.
  std::string_view Read(std::uint64_t& position, std::size_t most) const;
  // Where the last `lines` lines begin. A line that has not ended is one.
  std::uint64_t Tail(std::uint32_t lines) const;

 private:
  std::size_t bound_;
  std::string bytes_;
  std::uint64_t begin_ = 0;  // the position of its first byte
};

}  // namespace aileron::service
