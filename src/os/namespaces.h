// Namespaces and identity: the child that starts in new namespaces, and who it is there.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "os/process.h"

namespace aileron::os {

// One line of /proc/PID/uid_map (user_namespaces(7)).
struct IdRange {
  std::uint32_t inside;
  std::uint32_t outside;
  std::uint32_t count = 1;
};

// clone3() with CLONE_PIDFD and `flags` (CLONE_NEW…). In the child, returns a Child with pid 0: the
// memory is a copy, and it must end in exec or _exit.
Result<Child> CloneInto(std::uint64_t flags);

// Maps ids into the user namespace of `pid`. Without privilege one line of the caller's own ids is
// what the kernel allows.
Status MapIds(pid_t pid, const std::vector<IdRange>& uids, const std::vector<IdRange>& gids);

// A descriptor of a fresh user namespace with these maps, for idmapped mounts. Needs root.
Result<Fd> UserNamespaceWith(const std::vector<IdRange>& uids, const std::vector<IdRange>& gids);

// Empties this process's capability sets. A program that it starts as root gets them back.
Status DropCapabilities();

// No program that this process execs gets a capability that it does not have.
Status DropBoundingSet();

// Becomes uid:gid with no supplementary groups, empties every capability set and the bounding set,
// and forbids gaining any. Nothing that this process execs gets a capability back.
enum class Groups { kClear, kKeep };  // kKeep: setgroups(2) is denied in this namespace anyway
Status BecomeUnprivileged(uid_t uid, gid_t gid, Groups groups);

}  // namespace aileron::os
