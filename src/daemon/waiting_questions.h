// WaitingQuestions: how many questions of one session wait for a person, and what the oldest is.
// Told when it begins, and after each change of either.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "daemon/approvals.h"
#include "net/loop.h"

namespace aileron::daemon {

class WaitingQuestions {
 public:
  using Tell = std::function<void(std::size_t count, const std::string& oldest)>;
  // All are borrowed. `tell` is called from the loop, not from within this.
  WaitingQuestions(net::Loop& loop, Approvals& approvals, std::string session, Tell tell);
  ~WaitingQuestions();
  WaitingQuestions(const WaitingQuestions&) = delete;
  WaitingQuestions& operator=(const WaitingQuestions&) = delete;

 private:
  void LookSoon();
  void Look();

  net::Loop& loop_;
  Approvals& approvals_;
  std::string session_;
  Tell tell_;
  std::uint64_t watcher_ = 0;
  bool looking_ = false;
  std::size_t count_ = 0;
  std::string oldest_;
  bool told_ = false;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

}  // namespace aileron::daemon
