// LaunchContainer: what a launch makes of the workspace's devcontainer.json and of --image
// (docs/adr/0024): its image, and all else that it says, as options of the launch.
#pragma once

#include <optional>

#include "launch/launch.h"
#include "modes/command.h"
#include "modes/image_store.h"

namespace aileron::modes {

// Asks for trust in the file where a person can be asked, and says what is left out without it.
// The image is the caller's to keep until the sandbox has ended; nothing for the host's root.
std::expected<std::optional<UsedImage>, Failure> PrepareContainer(const Parsed& parsed,
                                                                  launch::Options& options);

// For a launch that will be prepared where nobody can be asked: asks what there is to ask, and
// makes its image ready.
std::expected<void, Failure> SettleDetached(const Parsed& parsed, const launch::Options& options);

}  // namespace aileron::modes
