// SentinelFiles: where the look-alikes that bindings put into files go.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "launch/plan.h"
#include "sandbox/spec.h"

namespace aileron::launch {

// `wanted` maps a path, absolute or "~/…", to a file's content. kInvalid when a path is not in a
// private place (the agent's home, /tmp, /var/tmp, /dev/shm), or is in what is shared with the
// host: the file would be left behind there.
Result<std::vector<sandbox::RuntimeFile>> PlaceSentinelFiles(
    const std::map<std::string, std::string>& wanted, const Plan& plan);

}  // namespace aileron::launch
