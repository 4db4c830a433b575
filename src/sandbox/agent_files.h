// Files of the agent's own, written before it starts: settings that hold look-alikes of
// credentials.
#pragma once

#include <vector>

#include "base/result.h"
#include "sandbox/spec.h"

namespace aileron::sandbox {

// Writes each file (RuntimeFile::name is an absolute path inside) with mode 0600 and the missing
// folders above it. To be called as the agent, who can write in private places alone. Fails where
// something stands at the path already, a symlink too; in a volume, which has it from the last
// sandbox, it takes its place.
Status WriteAgentFiles(const std::vector<RuntimeFile>& files, const std::vector<Volume>& volumes);

}  // namespace aileron::sandbox
