// Notice: a question on the desktop, in words; and how often there may be one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "approval/approval.h"
#include "net/loop.h"

namespace aileron::daemon {

struct Notice {
  std::string title;
  std::string line;
};

Notice NoticeOf(const approval::Approval& approval);
Notice NoticeOfMany(std::int64_t waiting);

// The argv of notify-send(1). The line is text to it, whatever stands in it: notify-send takes
// backslash escapes out of it, and notification daemons read markup in it.
std::vector<std::string> NotifySendArguments(const Notice& notice);

// A few notices at once, then one every limits::kNoticePause, which tells how many wait. Without a
// clock of its own.
class NoticePace {
 public:
  enum class Say { kNow, kLater };
  // A question came. kLater: it is told with the others when due() has come.
  Say Asked(net::Instant now);
  std::optional<net::Instant> due() const { return due_; }
  // Those that were told later are told now.
  void Told(net::Instant now);

 private:
  void Refill(net::Instant now);

  int left_ = 0;
  std::optional<net::Instant> since_;  // when the last one came to `left_`
  std::optional<net::Instant> due_;
};

}  // namespace aileron::daemon
