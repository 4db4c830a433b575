// Filter: the system calls that an agent does not get.
//
// The walls are namespaces and the loss of every capability; this list takes away what those leave:
// kernel surface that agents do not need and that has broken namespaces before (new namespaces,
// mounts, bpf, io_uring, keyrings, perf, userfaultfd), address families that are not bound to a
// network namespace (vsock) or have no use here, and ways to type into a terminal (TIOCSTI).
// Programs of another architecture (i386, x32) find no system calls at all.
#pragma once

#include "base/result.h"
#include "sandbox/confinement.h"

namespace aileron::sandbox {

// For this process and every descendant, irrevocably. With Nesting::kAllowed the calls that make
// namespaces and mounts are left to the kernel, which allows them inside a user namespace that the
// agent owns and nowhere else; everything else stays refused.
Status InstallAgentFilter(Nesting nesting);

}  // namespace aileron::sandbox
