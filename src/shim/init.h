// Init: the first process of a sandbox.
//
// Takes the program from the launcher, puts up the last walls (Landlock, the system call filter),
// proves that all of them hold, starts the agent behind them, reaps what it
// leaves behind, passes signals on, and ends with the program's own exit code, which ends every
// other process of the sandbox. It decides nothing and holds nothing: no capability, no secret, no
// environment.
#pragma once

#include "os/fd.h"

namespace aileron::shim {

// `channel`: see sandbox/channel.h. Returns the exit code of the process.
int RunInit(os::Fd channel);

}  // namespace aileron::shim
