// RuntimeChoice: the OCI runtime that makes the container of --sandbox=oci.
#pragma once

#include "launch/launch.h"
#include "modes/command.h"

namespace aileron::modes {

// Finds the one that --runtime names, or the first that is there, into `options`; nothing for
// another sandbox. 69 where there is none that no agent may have written. To be called again when
// mounts have come.
std::expected<void, Failure> ChooseRuntime(const Parsed& parsed, launch::Options& options);
// That a container has what it needs, once the image is chosen.
std::expected<void, Failure> CheckRuntime(const launch::Options& options);

}  // namespace aileron::modes
