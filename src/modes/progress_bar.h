// ProgressBar: the line on a terminal that says how far it is, for what takes longer than a moment.
#pragma once

#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/text.h"
#include "base/time.h"
#include "modes/terminal.h"
#include "os/fd.h"

namespace aileron::modes {

class ProgressBar {
 public:
  explicit ProgressBar(std::string_view doing) : doing_(doing) {}
  void Show(std::uint64_t read, std::uint64_t all) {
    if (!terminal_ || Uptime() - begin_ < kBarAfter || all == 0) return;
    shown_ = true;
    const std::size_t full = std::min<std::uint64_t>(kBarWidth, read * kBarWidth / all);
    std::string bar(full, '#');
    bar.resize(kBarWidth, '.');
    (void)os::WriteAll(STDERR_FILENO, fmt::format("\r\x1b[K{} [{}] {} of {}", doing_, bar,
                                                  Bytes(std::min(read, all)), Bytes(all)));
  }
  ~ProgressBar() {
    if (shown_) (void)os::WriteAll(STDERR_FILENO, "\r\x1b[K");
  }

 private:
  static constexpr auto kBarAfter = std::chrono::seconds(1);
  static constexpr std::size_t kBarWidth = 24;
  const std::string_view doing_;
  const bool terminal_ = isatty(STDERR_FILENO) != 0;
  const Duration begin_ = Uptime();
  bool shown_ = false;
};

}  // namespace aileron::modes
