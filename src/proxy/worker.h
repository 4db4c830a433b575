// The data-plane worker: one process a session, through which every request of an agent passes.
//
// It is started by the daemon as `aileron worker` with one end of a SOCK_SEQPACKET pair, over which
// the permits of permit.h go. It confines itself by seccomp before it reads a foreign byte, and it
// ends at once when the daemon does, so that a sandbox never has a way out that nobody decides.
#pragma once

#include "os/fd.h"

namespace aileron::proxy {

// Serves until Stop or the end of the channel. Returns the exit status of the process: 0 after a
// clean stop, 1 when the daemon went away, 78 when Start could not be carried out.
int RunWorker(os::Fd channel);

}  // namespace aileron::proxy
