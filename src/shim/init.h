// Init: the first process of a sandbox.
//
// Takes the program from the launcher, starts it behind the system call filter, reaps what it
// leaves behind, passes signals on, and ends with the program's own exit code, which ends every
// other process of the sandbox. It decides nothing and holds nothing: no capability, no secret, no
// environment.
#pragma once

#include "os/fd.h"

namespace aileron::shim {

// `channel`: see sandbox/channel.h. Returns the exit code of the process.
int RunInit(os::Fd channel);

}  // namespace aileron::shim
