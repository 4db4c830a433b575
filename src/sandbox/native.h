// Native: a sandbox made of namespaces alone, by the caller itself.
//
// User, mount, pid, network, uts, ipc and cgroup namespaces; no helper binary, no privilege, no
// engine. The first process builds the walls from inside, gives up every capability and becomes
// `aileron init`. It dies with the process that started it.
#pragma once

#include "base/result.h"
#include "sandbox/identity.h"
#include "sandbox/sandbox.h"
#include "sandbox/spec.h"

namespace aileron::sandbox {

// Returns while the walls are being built; a failure there arrives on the channel.
Result<Sandbox> StartNative(const Spec& spec, const Identity& identity);

}  // namespace aileron::sandbox
