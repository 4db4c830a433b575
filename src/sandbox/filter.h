// Filter: the system calls that an agent does not get.
//
// The walls are namespaces and the loss of every capability; this list takes away what those leave:
// kernel surface that agents do not need and that has broken namespaces before (new namespaces,
// mounts, bpf, io_uring, keyrings, perf, userfaultfd), address families that are not bound to a
// network namespace (vsock) or have no use here, and ways to type into a terminal (TIOCSTI).
// Programs of another architecture (i386, x32) find no system calls at all.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "os/fd.h"
#include "sandbox/confinement.h"

namespace aileron::sandbox {

// For this process and every descendant, irrevocably. With Nesting::kAllowed the calls that make
// namespaces and mounts are left to the kernel, which allows them inside a user namespace that the
// agent owns and nowhere else; everything else stays refused.
// With Commands::kMediated nobody writes another process's memory while it is looked at, nor
// becomes a supervisor beside ours.
Status InstallAgentFilter(Nesting nesting, Commands commands = Commands::kFree);

// The calls that are refused whatever their arguments are, by their names, those
// that make namespaces and mounts left out: what an engine can be told to refuse to a container in
// which a sandbox is built.
std::vector<std::string> NamesOfDeniedCalls();

// From now on each execve() and execveat() of this process and every descendant waits for whoever
// holds the listener that this returns, irrevocably. Before InstallAgentFilter.
Result<os::Fd> InstallCommandFilter();

}  // namespace aileron::sandbox
