// Tested by tests/launch/test_cli.py.

#include "modes/api.h"
#include "modes/terminal.h"
#include "modes/verbs.h"

namespace aileron::modes {

namespace {

Outcome RunVersion(const Invocation& invocation) {
  if (invocation.parsed.Has("--json")) {
    AILERON_TRY(Print(Pretty({{"version", AILERON_VERSION}})));
  } else {
    AILERON_TRY(Print(fmt::format("aileron {}\n", AILERON_VERSION)));
  }
  return 0;
}

}  // namespace

Command VersionVerb() { return {.flags = {kJsonFlag}, .run = RunVersion}; }

}  // namespace aileron::modes
