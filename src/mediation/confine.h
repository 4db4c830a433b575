// Confine: what a mediator gives up before it reads a byte of the sandbox's.
//
//   host's processes   it joins the sandbox's user namespace: nobody outside of it may be traced
//   host's network     it joins the sandbox's, where it may ask the kernel whose a connection is
//   host's files       its root folder is an empty one with a read-only proc, in whose folders of
//                      host processes it is let in nowhere; what it had open is the sandbox's
//   its own user       it becomes the agent's, and keeps CAP_SYS_PTRACE in that namespace, for
//                      programs that are not dumpable. The agent does not see its process
//   system calls       what tracing, looking at files and the daemon's channel need; anything else
//                      kills it
//
// So a mediator that was taken over has what the agent has anyway, and can let its commands pass.
#pragma once

#include "base/result.h"
#include "os/fd.h"

namespace aileron::mediation {

// The process dies with its parent, leaves no core dump, and cannot be traced.
Status HardenMediator();
// Joins the namespace of the sandbox's first process. One thread, and everything of the host that
// is needed is open.
Status EnterSandboxOf(const os::Fd& init, pid_t init_pid);
// The filter. It cannot be taken back.
Status FilterCalls();

}  // namespace aileron::mediation
