// Loop: one thread that waits for sockets and deadlines.
//
// Readiness is edge-triggered and a descriptor is registered once, so a request on a kept
// connection costs no epoll_ctl. Who is told "readable" reads until the socket is empty. Handlers
// run to completion, one at a time; what they may not do while others are on the stack they Post().
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "base/result.h"
#include "os/fd.h"

namespace aileron::net {

using Instant = std::chrono::steady_clock::time_point;
using Interval = std::chrono::steady_clock::duration;

struct Readiness {
  bool readable = false;
  bool writable = false;
  bool hangup = false;  // the peer has ended its side, or the socket is broken: a read tells which
};

class Timer;

class Loop {
 public:
  class Handler {
   public:
    virtual void OnReady(Readiness ready) = 0;

   protected:
    ~Handler() = default;
  };
  enum class Trigger { kEdge, kLevelRead, kLevelWrite, kLevelBoth };

  static Result<std::unique_ptr<Loop>> Make();
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // `handler` hears of `descriptor` until Forget. kEdge watches both directions.
  Status Watch(int descriptor, Handler& handler, Trigger trigger = Trigger::kEdge);
  Status Change(int descriptor, Handler& handler, Trigger trigger);
  // Before the descriptor is closed or the handler dies.
  void Forget(int descriptor, Handler& handler);

  // Runs `task` after the handlers of this turn.
  void Post(std::function<void()> task);

  // The time at which this turn began: cheap, and the same for everything in a turn.
  Instant now() const { return now_; }

  // Until Stop().
  void Run();
  void Stop() { stopped_ = true; }
  // One turn: waits for at most `longest`.
  void Turn(Interval longest);

 private:
  friend class Timer;
  struct Batch;
  explicit Loop(os::Fd epoll);
  int WaitTime(Interval longest) const;
  void RunTimers();
  void RunPosted();

  os::Fd epoll_;
  std::unique_ptr<Batch> batch_;
  Instant now_;
  std::set<std::pair<Instant, Timer*>> timers_;
  std::vector<std::function<void()>> posted_;
  bool stopped_ = false;
};

// Timer: a deadline that moves often and fires seldom. Moving it to a later time costs a store.
class Timer {
 public:
  Timer(Loop& loop, std::function<void()> expired) : loop_(loop), expired_(std::move(expired)) {}
  ~Timer();
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  void Set(Interval after);
  void Cancel() { deadline_ = Instant::max(); }
  bool armed() const { return deadline_ != Instant::max(); }

 private:
  friend class Loop;
  Loop& loop_;
  std::function<void()> expired_;
  Instant deadline_ = Instant::max();
  Instant queued_ = Instant::max();  // the key in Loop::timers_; max: not in it
};

}  // namespace aileron::net
