// RootFs: what the agent sees as its file system, built on the host's root.
//
// The host's root is read-only; /tmp, /var/tmp, /run, /dev/shm, /home, root's home and every folder
// that the spec hides are private and empty; /dev is minimal; /proc and /sys are the sandbox's own,
// masked as an OCI runtime masks them (runtime-spec, config-linux, "Default Filesystems").
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "os/fd.h"
#include "sandbox/identity.h"
#include "sandbox/spec.h"

namespace aileron::sandbox {

// Trees of the host that were taken in the caller's own mount namespace, which only root can do:
// the owner is shown as the agent. The others are taken inside, by their resolved path, before
// anything is covered.
struct HostTrees {
  struct Tree {
    std::string source;  // empty: memory
    std::string target;
    Access access;
    Links links;
    std::uint64_t bytes;
    bool folder;
    os::Fd detached;                      // empty: to be taken inside
    std::uint64_t device = 0, inode = 0;  // of the source
  };
  std::vector<Tree> trees;     // as SharedTrees orders them
  std::string runtime_binary;  // this program, to be /run/aileron/bin/aileron
};

// Looks at what the sandbox will show, as the caller, before there is a namespace.
Result<HostTrees> OpenHostTrees(const Spec& spec, const Identity& identity);

// Builds the file system in the mount namespace of this process, which must be new and own it.
Status BuildRootFs(const Spec& spec, const Identity& identity, HostTrees trees);

}  // namespace aileron::sandbox
