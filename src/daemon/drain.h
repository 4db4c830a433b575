// Drain: the end of a daemon that lets what it has begun come to its end.
//
//   Begin ──▶ no new session, nothing begins ──▶ the last operation has landed, and its answer had
//   a
//             moment to reach who asked, or took longer than any may ──▶ `stop`
//
// Sessions are not waited for: they keep their walls, and the next daemon takes them up. So does it
// with questions, and with what was approved and has not begun.
#pragma once

#include <functional>
#include <string>

#include "daemon/operations.h"
#include "daemon/sessions.h"
#include "net/loop.h"

namespace aileron::daemon {

class Drain {
 public:
  // All are borrowed. `stop` is called with why, perhaps from within Begin, and may be called
  // again.
  Drain(net::Loop& loop, Operations& operations, Sessions& sessions,
        std::function<void(std::string why)> stop);

  // Asked for again, it goes on.
  void Begin();
  bool begun() const { return begun_; }

 private:
  void OnLanded();
  void OnTimeOver();

  Operations& operations_;
  Sessions& sessions_;
  std::function<void(std::string why)> stop_;
  net::Timer end_;
  net::Timer linger_;
  bool begun_ = false;
};

}  // namespace aileron::daemon
