// Native: a sandbox made of namespaces alone, by the caller itself.
//
// User, mount, pid, network, uts, ipc and cgroup namespaces; no helper binary, no privilege, no
// engine. The first process builds the walls from inside, gives up every capability and becomes
// `aileron init`. It dies with the process that started it.
#pragma once

#include "base/result.h"
#include "os/fd.h"
#include "os/process.h"
#include "sandbox/channel.h"
#include "sandbox/cover.h"
#include "sandbox/identity.h"
#include "sandbox/limits.h"
#include "sandbox/spec.h"

namespace aileron::sandbox {

struct NativeSandbox {
  os::Child init;
  os::Fd channel;         // see channel.h: Listeners come; Covers, Files and Program are waited for
  CoverWatch covers;      // from the message Covered
  ResourceLimits limits;  // removes its control groups when it goes
};

// Returns while the walls are being built; a failure there arrives on the channel.
Result<NativeSandbox> StartNative(const Spec& spec, const Identity& identity);

}  // namespace aileron::sandbox
