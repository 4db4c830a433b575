// RemoveTree: a folder and all that is in it, whoever wrote it.
//
// No symlink is followed, and folders whose modes shut their owner out are opened first. It needs
// two descriptors however deep the tree is, and no path longer than a name: what lies deeper than
// one level is moved up before it goes. So a tree that nobody can name by a path can be removed.
#pragma once

#include <string>

#include "base/result.h"
#include "os/fd.h"

namespace aileron::os {

// Removes `name`, of any kind, in `folder`. What is not there is removed already. What was removed
// before an error stays so; calling again goes on.
Status RemoveTree(const Fd& folder, const std::string& name);
// The same by a path, whose last part is removed.
Status RemoveTree(const std::string& path);

}  // namespace aileron::os
