// GitWrite: changes a repository's folder on the host, where other programs and other sandboxes may
// be at work: by descriptors, following no symlink, and with git's own lock.
#pragma once

#include <functional>
#include <string>

#include "base/result.h"
#include "launch/git_config.h"
#include "os/fd.h"

namespace aileron::launch {

// Replaces `folder`/config by what `change` makes of it, while `folder`/config.lock is held, as git
// itself does it. Waits a little for a lock; kUnavailable names it when it stays. A text that is
// the same is not written.
Status UpdateGitConfig(const os::Fd& root, const std::string& folder,
                       const std::function<std::string(const GitConfig& now)>& change);

// Removes a file, a link or a folder with all that is in it. Nothing there is no mistake.
Status RemoveBeneath(const os::Fd& root, const std::string& path);

}  // namespace aileron::launch
