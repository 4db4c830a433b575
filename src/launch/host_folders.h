// HostFolders: which folders of the host the user lets devcontainers have, whoever wrote those.
//
//   $XDG_CONFIG_HOME/aileron/devcontainers.yaml
//
//   version: 1
//   mounts:
//     - /data/models        # read-only
//     - ~/scratch:rw
//
// A bind of a devcontainer is taken whose source is one of these, as it is written here; what lies
// below one is not, since an agent that can write there could put a link in its place.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "image/permissions.h"
#include "os/paths.h"

namespace aileron::launch {

// kInvalid: "FILE:LINE:COLUMN: what". An empty text allows nothing.
Result<std::vector<image::HostFolder>> ParseHostFolders(std::string_view text,
                                                        std::string_view file,
                                                        const std::string& home);

// The user's; none where there is no file. kInvalid when others can write it.
Result<std::vector<image::HostFolder>> ReadHostFolders(const os::Paths& paths);

}  // namespace aileron::launch
