// Beneath: files of a folder that others may write, opened so that no symlink leads out of it
// (openat2(2), RESOLVE_BENEATH and RESOLVE_NO_SYMLINKS).
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "os/fd.h"

namespace aileron::os {

// Opens `path`, relative to `folder`, with open(2)'s `flags`; no part of it may be a symlink. With
// O_PATH | O_NOFOLLOW the last part may be one, and is not followed.
Result<Fd> OpenBeneath(const Fd& folder, const std::string& path, int flags, unsigned mode = 0);

// The whole of a regular file there, at most `limit` bytes. Never waits for a pipe.
Result<std::string> ReadBeneath(const Fd& folder, const std::string& path, std::size_t limit);

// The names in a folder, without "." and "..", sorted. kNotFound when there is no such folder.
Result<std::vector<std::string>> ListBeneath(const Fd& folder, const std::string& path);

// "a/b/c" is "c" in "a/b"; "c" is "c" in ".".
struct PathParts {
  std::string folder, name;
};
PathParts SplitPath(const std::string& path);

}  // namespace aileron::os
