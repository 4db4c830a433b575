// The mediator: one process a session that judges what its commands are, for the daemon.
//
// It is started as `aileron mediator` with one end of a SOCK_SEQPACKET pair, over which the
// messages of messages.h go. It confines itself before it reads a byte of the sandbox's. How a
// command is caught and judged stands in docs/adr/0019: a call is seized and let go on; the
// judgement is at the stop that follows, where the program stands and has not begun.
#pragma once

#include "os/fd.h"

namespace aileron::mediation {

// Serves until Stop or the end of the channel. Returns the exit status of the
// process: 0 after a clean end, 1 when the daemon went away, 78 when it could not begin.
int RunMediator(os::Fd channel);

}  // namespace aileron::mediation
