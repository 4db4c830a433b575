// HostCommands: initializeCommand of a devcontainer.json, which a person trusted, on the host.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "sandbox/spec.h"

namespace aileron::launch {

// Runs them in `folder` with the caller's environment, one group after the other, each all at once;
// they read nothing and print to standard error. kUnavailable names the first that fails.
Status RunOnHost(const std::vector<std::vector<sandbox::Step>>& groups, const std::string& folder);

}  // namespace aileron::launch
