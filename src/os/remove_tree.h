// RemoveTree: a folder and all that is in it.
#pragma once

#include <string>

#include "base/result.h"
#include "os/fd.h"

namespace aileron::os {

// Removes `name`, an entry of `folder`, whatever it is and whatever its folders' modes are, if they
// are the caller's own. Follows no link, and holds few descriptors however deep it goes.
// Nothing there is no error. kInvalid where a path below it is longer than the kernel takes
// (4,095).
Status RemoveTree(const Fd& folder, const std::string& name);
// The same by a path, whose last part is removed.
Status RemoveTree(const std::string& path);

}  // namespace aileron::os
