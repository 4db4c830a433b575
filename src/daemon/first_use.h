// FirstUse: tells once when somebody uses a session's listeners, or when it is time in any case.
//
// A worker costs a launch as much processor time as half of the rest. A command that ends without a
// word to the network never needs one; for others, a first connection waits in its listener until
// the worker has come.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "net/loop.h"
#include "os/fd.h"

namespace aileron::daemon {

class FirstUse final : private net::Loop::Handler {
 public:
  // `used` may destroy this.
  FirstUse(net::Loop& loop, std::function<void()> used);
  ~FirstUse() { End(); }

  // `sockets` stay open until it has told or ended. Tells after `longest` though nobody came.
  Status Await(std::span<const os::Fd> sockets, net::Interval longest);
  void End();

 private:
  void OnReady(net::Readiness readiness) override;
  void Tell();

  net::Loop& loop_;
  std::function<void()> used_;
  std::vector<int> watched_;
  net::Timer timer_;
};

}  // namespace aileron::daemon
