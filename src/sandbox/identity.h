// Identity: who the agent is, inside and on the host.
//
// An ordinary user keeps the own id: one line in the map. Root does not run an agent as root: the
// agent is user 1000 inside, and on the host an id that owns nothing. Its workspace and mounts are
// shown to it as its own (idmapped mounts), so files it writes belong to whoever owns the
// workspace.
//
// That takes a root that rules the whole machine. Root of a user namespace (a rootless container),
// or one without CAP_SYS_ADMIN (a container's default), goes the ordinary user's way: its agent has
// its own id on the host and no capability, and is shown as user 1000, since programs take user 0
// for somebody who may do everything.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/result.h"
#include "os/fd.h"
#include "os/namespaces.h"

namespace aileron::sandbox {

struct Identity {
  uid_t uid = 0;  // inside
  gid_t gid = 0;
  std::string name;  // for USER and /etc/passwd
  std::string home;  // inside: private and empty
  std::vector<os::IdRange> uids;
  std::vector<os::IdRange> gids;
  bool mapped = false;  // the agent's host id is not the caller's: mounts need MapOwner

  // The agent shows as another id than it has on the host, of which /etc/passwd knows nothing.
  bool renamed() const { return uids.back().inside != uids.back().outside; }
};

// Whether the caller is a root that can run an agent as somebody else: in the machine's own user
// namespace, with the capabilities that idmapped mounts and foreign ids need.
bool RulesTheMachine();

// Of the calling process. `home` is its home folder on the host.
Result<Identity> IdentityOfCaller(const std::string& home);

// Shows the owner of `tree` (a file or folder, detached) as the agent. kUnsupported where the file
// system has no idmapped mounts.
Status MapOwner(const os::Fd& tree, const Identity& identity);

}  // namespace aileron::sandbox
