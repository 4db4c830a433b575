// WrittenFolders: where an agent may write, or has written. Nothing of the host's is started there.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "sandbox/spec.h"

namespace aileron::modes {

// Of a launch in `workspace` (empty: the current folder): that and its project, those of the
// current folder, and what `mounts` let be written. Absolute, without links.
std::vector<std::string> WrittenFolders(const std::string& workspace = {},
                                        std::span<const sandbox::MountRequest> mounts = {});

}  // namespace aileron::modes
