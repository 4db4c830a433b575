// Covers: what stands over names in the workspace, so that the agent cannot put there what the host
// would run later.
//
// A cover is a mount, and the kernel takes a mount away when the host renames something over the
// name or removes it (as git does with .git/config, and editors with what they save). The watch
// hears of that at once and puts the cover up again; what an agent that waits for the moment can do
// in between is said in SECURITY.md.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "base/result.h"
#include "os/fd.h"
#include "sandbox/identity.h"
#include "sandbox/spec.h"

namespace aileron::sandbox {

// Where copies lie inside, each in a folder of its number: a writer such as git makes a lock file
// beside what it replaces.
inline constexpr std::string_view kCopiesFolder = "/run/aileron-copies";
// The name of a copy in its folder.
inline constexpr std::string_view kCopyName = "copy";

// Puts the covers up, in the mount namespace of this process, with the workspace and the mounts in
// place.
Status PutCovers(const std::vector<Cover>& covers, const Identity& identity);

// What the launcher keeps of a sandbox's covers.
class CoverWatch {
 public:
  CoverWatch() = default;
  // In the sandbox, by a process that has its capabilities still: what the launcher needs.
  static Result<CoverWatch> OfThisNamespace();
  // In the launcher, from what the other sent.
  CoverWatch(std::vector<Cover> covers, const Identity& identity, std::vector<os::Fd> descriptors);

  std::array<int, 4> descriptors() const;

  // Readable by poll(2) with POLLPRI when the sandbox's mounts changed; -1 when there is no cover.
  int mounts() const { return mounts_.get(); }
  // The folder of the copies. It outlives the namespace, so that they can be read when every
  // process that could write them has ended.
  const os::Fd& copies() const { return copies_; }

  // Puts up again what is missing: the paths, or why one of them cannot be protected any more.
  Result<std::vector<std::string>> Restore() const;

 private:
  Result<std::vector<std::string>> RestoreInside() const;

  std::vector<Cover> covers_;
  uid_t uid_ = 0;  // the agent's, inside
  gid_t gid_ = 0;
  os::Fd copies_, mounts_, user_namespace_, mount_namespace_;
};

}  // namespace aileron::sandbox
