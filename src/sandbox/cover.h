// Covers: what stands over names in the workspace, so that the agent cannot put there what the host
// would run later.
#pragma once

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
// place. Gives the folder of the copies, empty when there is none: it outlives the namespace, so
// that the copies can be read when every process that could write them has ended.
Result<os::Fd> PutCovers(const std::vector<Cover>& covers, const Identity& identity);

}  // namespace aileron::sandbox
