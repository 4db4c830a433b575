// Notifier: tells a person on the desktop that a question waits, by running notify-send(1).
//
// One notify-send runs at a time, for limits::kNoticeWait at most. It gets nothing but the words;
// whoever may list this user's processes sees them as long as it runs.
#pragma once

#include <deque>
#include <optional>
#include <string>

#include "daemon/approvals.h"
#include "daemon/command_world.h"
#include "daemon/notice.h"
#include "net/loop.h"
#include "os/process.h"

namespace aileron::daemon {

class Notifier final : private net::Loop::Handler {
 public:
  Notifier(net::Loop& loop, Approvals& approvals, CommandWorld world);
  ~Notifier();

  enum class Desktop { kTold, kNotTold };
  // kTold looks for notify-send, too.
  void Use(Desktop desktop);
  // Why nobody is told, though the user wants it; empty when all is well.
  const std::string& problem() const { return problem_; }

 private:
  void OnEvent(const approval::Event& event);
  void TellOfMany();
  void Tell(Notice notice);
  void StartNext();
  Status Start(const Notice& notice);
  void OnReady(net::Readiness ready) override;
  void Stop();

  net::Loop& loop_;
  Approvals& approvals_;
  CommandWorld world_;
  std::string program_;
  std::string problem_;
  std::optional<std::uint64_t> watcher_;
  NoticePace pace_;
  net::Timer due_;
  std::deque<Notice> next_;  // the pace lets at most kNoticesAtOnce be here
  std::optional<os::Child> child_;
  net::Timer deadline_;
};

}  // namespace aileron::daemon
