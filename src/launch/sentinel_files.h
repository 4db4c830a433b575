// SentinelFiles: where the look-alikes that bindings put into files go, and the file by which
// clients of registries find the helper that has them.
#pragma once

#include <map>
#include <optional>
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

// ~/.docker/config.json, which sends clients of registries on `hosts` to the credential helper
// (shim/docker_credential.h); for other registries it says nothing, so that a login in the sandbox
// is kept as ever. Nothing when there is no host, when a binding writes that file itself, or when
// it is shared with the host.
std::optional<sandbox::RuntimeFile> DockerConfig(const std::vector<std::string>& hosts,
                                                 const std::vector<sandbox::RuntimeFile>& placed,
                                                 const Plan& plan);

}  // namespace aileron::launch
