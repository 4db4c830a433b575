// Turns: runs an object's steps until there is nothing left to do. Calls from within a step become
// another step, and after a number of them others get their turn. For what lives on one loop.
#pragma once

#include <memory>
#include <optional>
#include <utility>

#include "net/loop.h"

namespace aileron::net {

class Turns {
 public:
  struct Ran {
    bool moved;  // a step said that another may be worth it
    bool more;   // and the last one did
  };
  static constexpr int kNoLimit = 0;

  // Runs `step`, which says whether another may be worth it, at most `most` times. Nothing when
  // called from within a step: then another follows. The owner must outlive the call.
  template <typename Step>
  std::optional<Ran> Run(int most, const Step& step) {
    if (running_) {
      again_ = true;
      return std::nullopt;
    }
    running_ = true;
    bool moved = false;
    int steps = 0;
    do {
      again_ = false;
      const bool more = step();
      again_ |= more;
      moved |= again_;
    } while (again_ && ++steps != most);
    running_ = false;
    return Ran{moved, again_};
  }

  // Within a step: another is to follow.
  void Again() { again_ = true; }

  // Calls `pump` of the owner, whose member this is, in the loop's next turn, if the owner is still
  // there; within a step it is another step.
  template <typename Owner>
  void Soon(Loop& loop, std::weak_ptr<Owner> owner, void (Owner::*pump)()) {
    if (running_) {
      again_ = true;
      return;
    }
    if (std::exchange(scheduled_, true)) return;
    loop.Post([this, owner = std::move(owner), pump] {
      const auto kept = owner.lock();
      if (!kept) return;
      scheduled_ = false;
      (kept.get()->*pump)();
    });
  }

 private:
  bool running_ = false;
  bool again_ = false;
  bool scheduled_ = false;
};

}  // namespace aileron::net
