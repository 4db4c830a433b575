// Poller: epoll(7) for who has a loop of his own already. Its descriptor is readable when one of
// the descriptors in it is ready, so that it takes one place in a poll(2).
#pragma once

#include <cstdint>
#include <span>

#include "base/result.h"
#include "os/fd.h"

namespace aileron::os {

class Poller {
 public:
  enum class Trigger {
    kLevelRead,  // told as long as something can be read or accepted
    kEdge,       // told once of every change, in both directions
  };

  static Result<Poller> Make();

  // `tag` is what Ready gives for it. Closing the descriptor takes it out, unless it has copies.
  Status Add(int descriptor, std::uint64_t tag, Trigger trigger);
  void Remove(int descriptor);

  // The tags of those that are ready now, as many as fit.
  std::span<std::uint64_t> Ready(std::span<std::uint64_t> room) const;

  int descriptor() const { return epoll_.get(); }

 private:
  explicit Poller(Fd epoll) : epoll_(std::move(epoll)) {}
  Fd epoll_;
};

}  // namespace aileron::os
