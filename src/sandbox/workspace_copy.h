// WorkspaceCopy: a folder that takes what is written to the workspace, which stays as it is.
#pragma once

#include "base/result.h"
#include "os/fd.h"

namespace aileron::sandbox {

// An overlay of the kernel's over `workspace`, which takes what is written into `changes` (both
// detached trees, Spec::workspace_changes); detached as well. Mounts inside of the workspace are
// not in it. In a namespace whose mounts are this process's own; /run is covered meanwhile.
Result<os::Fd> LayOverWorkspace(const os::Fd& workspace, const os::Fd& changes);

}  // namespace aileron::sandbox
