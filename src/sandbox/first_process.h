// FirstProcess: what the first process of a sandbox does, in namespaces that are new, until it is
// `aileron init`: it builds the walls from inside and gives up every capability.
#pragma once

#include <sched.h>

#include <cstdint>

#include "os/fd.h"
#include "sandbox/identity.h"
#include "sandbox/root_fs.h"
#include "sandbox/spec.h"

namespace aileron::sandbox {

// That it starts in. It makes the cgroup namespace itself, once it is in its groups.
inline constexpr std::uint64_t kNamespaces =
    CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWIPC;

// Waits for Go on the channel, with its ids mapped by then. What goes wrong is told there.
[[noreturn]] void RunFirstProcess(const Spec& spec, const Identity& identity, HostTrees trees,
                                  const os::Fd& channel);

}  // namespace aileron::sandbox
