// Init: the first process of a sandbox.
//
// Takes the program from the launcher, puts up the last walls (Landlock, the system call filter),
// proves that all of them hold, starts the agent behind them, reaps what it
// leaves behind, passes signals on, and ends with the program's own exit code, which ends every
// other process of the sandbox. Beside the agent it keeps services (services.h), and makes
// connections into the sandbox for the launcher. It decides nothing and holds nothing: no
// capability, and no secret but the agent's own token.
#pragma once

#include "os/fd.h"

namespace aileron::shim {

// `channel`: see sandbox/channel.h. `control`: a listener for service/message.h. Returns the exit
// code of the process.
int RunInit(os::Fd channel, os::Fd control);

}  // namespace aileron::shim
