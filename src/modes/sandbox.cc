// Tested by tests/image/test_store.py.

#include "modes/verbs.h"

namespace aileron::modes {

Command SandboxVerb() { return {.commands = {SandboxPullCommand(), SandboxCacheCommand()}}; }

}  // namespace aileron::modes
