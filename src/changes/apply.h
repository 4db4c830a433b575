// Apply: changes of a copy, carried out in the host's folder.
//
// Each file is written beside its place and renamed, so that a reader sees the old one or the new.
// No link of the host's folder is followed on the way to a name. What is done already is no change
// any more: whoever was killed in the middle applies again, and the rest is done.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "changes/change.h"
#include "os/fd.h"

namespace aileron::changes {

// Why a change was not carried out.
struct Left {
  std::string path;
  std::string why;
};

struct Applying {
  const os::Fd& upper;
  const os::Fd& host;
  // A name in the host's folders, for a file that is being written; nothing else may have it.
  std::string temporary;
  // Called with a folder before `temporary` is made in it, "." or a path.
  std::function<Status(const std::string& folder)> note;
};

// Carries them out in their order. What cannot be is left, and named.
Result<std::vector<Left>> Apply(const Applying& applying, const std::vector<Change>& changes);

// Takes away what a killed Apply may have left in `folder`.
void RemoveTemporary(const os::Fd& host, const std::string& folder, const std::string& temporary);

}  // namespace aileron::changes
