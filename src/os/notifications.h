// Notifications: system calls that wait for a supervisor (seccomp_unotify(2)).
//
// The kernel writes a call that it hands out into a page that is shared with whoever keeps the
// listener, and the page holds it until it is answered. So a supervisor that takes over finds the
// one call that the last had taken along into its death, which nobody is told of again.
#pragma once

#include <sys/types.h>

#include <cstdint>

#include "base/result.h"
#include "os/fd.h"

namespace aileron::os {

// A memory file for Notifications::Make.
Result<Fd> MakeNotificationPage();

class Notifications {
 public:
  struct Call {
    std::uint64_t id;
    pid_t thread;  // as this process numbers it; 0 when it sees no such process
  };

  // Whoever supervised before has ended: a call that it had taken is answered with EPERM.
  static Result<Notifications> Make(Fd listener, const Fd& page);
  Notifications(Notifications&& other) noexcept;
  Notifications& operator=(Notifications&&) = delete;
  ~Notifications();

  // kNotFound when the call that waited is gone, or another was faster. Blocks when none waits: ask
  // after the listener has become readable.
  Result<Call> Next();
  // The call that Next gave goes on in the kernel, which reads its arguments only now.
  Status GoOn(const Call& call);
  Status Fail(const Call& call, int error);

  int descriptor() const { return listener_.get(); }

 private:
  Notifications(Fd listener, void* page) : listener_(std::move(listener)), page_(page) {}
  Status Answer(std::uint64_t id, int error, std::uint32_t flags);

  Fd listener_;
  void* page_;
};

// Answers the calls that wait now with EPERM: for who keeps a listener that nobody supervises.
void RefuseWaitingCalls(const Fd& listener);

}  // namespace aileron::os
