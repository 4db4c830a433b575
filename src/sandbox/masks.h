// Masks: what of /proc and /sys tells about the host or acts on it is hidden, as an OCI runtime
// does (runtime-spec, config-linux, "Masked Paths" and "Readonly Paths").
//
// What a kernel does not have is left out.
#pragma once

#include <string>

#include "base/result.h"
#include "os/fd.h"

namespace aileron::sandbox {

// Under `root`: "" is this mount namespace's own. A folder becomes an empty one, a file
// `null_device`
// (/dev/null of the host).
Status MaskProc(const std::string& root, const os::Fd& null_device);
Status MaskSys(const std::string& root, const os::Fd& null_device);

}  // namespace aileron::sandbox
