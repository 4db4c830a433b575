// Tested by tests/image/test_store.py.

// aileron sandbox: what sandboxes are made of. Each command is in a file of its own.
#include "modes/verbs.h"

namespace aileron::modes {

Command SandboxVerb() {
  return {.text =
              "A sandbox's root is the host's (no image named), aileron's own image (\"base\"), "
              "what the project's devcontainer.json names or builds, or an image that you name.",
          .commands = {SandboxInitCommand(), SandboxPlanCommand(), SandboxCheckCommand(),
                       SandboxBuildCommand(), SandboxWarmCommand(), SandboxPullCommand(),
                       SandboxCacheCommand(), SandboxVolumeCommand()}};
}

}  // namespace aileron::modes
