// WrittenFiles: which files of a workspace were written in some time, as far as their times tell.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/time.h"

namespace aileron::modes {

struct WrittenFiles {
  std::vector<std::string> files;  // relative to the workspace
  bool complete = true;            // every entry was looked at
};

// Looks at no more than `most` entries; follows no link.
WrittenFiles FilesWritten(const std::string& workspace, Time from, Time to, std::size_t most);

}  // namespace aileron::modes
