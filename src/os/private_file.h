// ReadPrivateFile: a file that holds a secret of the user's.
#pragma once

#include <string>

#include "base/result.h"
#include "base/secret.h"

namespace aileron::os {

// The whole file, at most `limit` bytes. It must be a regular file of the user's own that nobody
// else may read or write, else kDenied with what to do; a symbolic link is followed, and its target
// judged. Waits as long as the file system does.
Result<Secret> ReadPrivateFile(const std::string& path, std::size_t limit);

}  // namespace aileron::os
