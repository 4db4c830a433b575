// Clone: a second one of a folder that an agent wrote, for sessions that are forked.
//
// No link is followed, nothing but regular files is opened, and nothing is a byte longer than it
// is: file systems that can share the bytes of two files do (FICLONE, ioctl_ficlonerange(2)), holes
// stay holes, and what is one file by two names stays one. Modes but files' set-id bits, times,
// owners and users' attributes are kept, and so are overlayfs's marks (change.h). Sockets and
// devices are left out, which nobody could use.
#pragma once

#include <cstdint>
#include <functional>

#include "base/result.h"
#include "os/fd.h"

namespace aileron::changes {

// How many bytes of the disk have been seen to.
using CloneProgress = std::function<void(std::uint64_t bytes)>;

// All that is in the folder `from`, which nobody changes or clones meanwhile, into the empty folder
// `to`. What shuts its owner out lets him in as long as it is cloned. kUnsupported for folders that
// are too deep. What was cloned before an error stays.
Status Clone(const os::Fd& from, const os::Fd& to, const CloneProgress& progress);

}  // namespace aileron::changes
