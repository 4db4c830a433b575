// IsOrBelow: paths compared by their parts, as they are written.
#pragma once

#include <string_view>

namespace aileron {

// Whether `path` is `folder` or below it. Both absolute, or both relative to the same folder, which
// is "."; without ".." and "//".
inline bool IsOrBelow(std::string_view path, std::string_view folder) {
  if (folder == "/" || folder == "." || path == folder) return true;
  return path.starts_with(folder) && path[folder.size()] == '/';
}

}  // namespace aileron
