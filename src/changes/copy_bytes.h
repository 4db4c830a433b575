// CopyBytes: the data of a file, which may be an agent's.
#pragma once

#include "base/result.h"
#include "os/fd.h"

namespace aileron::changes {

// All of `from` into the empty file `to`: shared where the file system can (FICLONE,
// ioctl_ficlonerange(2)), and holes stay holes, since one that says to be huge need not be.
// kUnavailable when it becomes shorter meanwhile.
Status CopyBytes(const os::Fd& from, const os::Fd& to);

}  // namespace aileron::changes
