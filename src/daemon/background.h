// Background: one thread for work that takes longer than a turn of the loop may: key derivation,
// verification of the whole audit log. Started when first needed.
//
// A task sees nothing but what it was given; its end is told on the loop.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

#include "net/loop.h"
#include "os/fd.h"

namespace aileron::daemon {

class Background final : private net::Loop::Handler {
 public:
  explicit Background(net::Loop& loop) : loop_(loop) {}
  // Waits for the task that is running; the others, and all ends not yet told, are dropped.
  ~Background();

  Status Start();
  // At most kTasks wait: kUnavailable beyond that.
  Status Run(std::function<void()> task, std::function<void()> done);

  static constexpr std::size_t kTasks = 16;

 private:
  struct Task {
    std::function<void()> work;
    std::function<void()> done;
  };
  void OnReady(net::Readiness ready) override;
  void Work();

  net::Loop& loop_;
  os::Fd event_;
  std::thread thread_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Task> waiting_;
  std::deque<std::function<void()>> done_;
  bool stopping_ = false;
};

}  // namespace aileron::daemon
