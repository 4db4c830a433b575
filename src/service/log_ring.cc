#include "service/log_ring.h"

#include <algorithm>

namespace aileron::service {

void LogRing::Append(std::string_view bytes) {
  if (bytes.size() > bound_) {
    begin_ += bytes_.size() + bytes.size() - bound_;
    bytes_ = bytes.substr(bytes.size() - bound_);
    return;
  }
  if (bytes_.size() + bytes.size() > bound_) {
    // A quarter at a time, so that a long log does not move with every line; at a line's end where
    // there is one.
    std::size_t gone = std::min(bytes_.size(), bytes.size() + bound_ / 4);
    const std::size_t line = bytes_.find('\n', gone - 1);
    if (line != std::string::npos) gone = line + 1;
    bytes_.erase(0, gone);
    begin_ += gone;
  }
  bytes_ += bytes;
}

std::string_view LogRing::Read(std::uint64_t& position, std::size_t most) const {
  position = std::clamp(position, begin(), end());
  const std::string_view piece =
      std::string_view(bytes_).substr(static_cast<std::size_t>(position - begin_), most);
  position += piece.size();
  return piece;
}

std::uint64_t LogRing::Tail(std::uint32_t lines) const {
  if (lines == 0) return end();
  std::string_view rest = bytes_;
  if (rest.ends_with('\n')) rest.remove_suffix(1);
  for (; lines > 0; --lines) {
    const std::size_t line = rest.rfind('\n');
    if (line == std::string_view::npos) return begin_;
    rest = rest.substr(0, line);
  }
  return begin_ + rest.size() + 1;
}

}  // namespace aileron::service
