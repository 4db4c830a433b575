// Tested by tests/image/test_check.py.

#include "shim/contract.h"

#include <unistd.h>

#include "modes/api.h"
#include "modes/findings.h"
#include "modes/terminal.h"
#include "modes/verbs.h"
#include "os/environment.h"
#include "os/paths.h"

namespace aileron::modes {

namespace {

Outcome RunContract(const Invocation& invocation) {
  const Parsed& parsed = invocation.parsed;
  AILERON_ASSIGN(const std::string workspace, os::CurrentFolder());
  shim::Contract contract{.root = "",
                          .workspace = workspace,
                          .read_only = parsed.Has("--read-only"),
                          .programs = parsed.Values("--program"),
                          .environment = os::Environment(),
                          .uid = getuid()};
  AILERON_TRY(Print(Pretty(FindingsJson(shim::CheckContract(contract)))));
  return 0;
}

}  // namespace

Command ContractVerb() {
  return {.text =
              "Started by \"aileron sandbox check\" as a sandbox's agent, in its workspace. Prints "
              "what it finds as JSON.",
          .flags = {{"--read-only", "", "It is not meant to be written"},
                    {"--program", "NAME", "Look for it", Repeat::kMany}},
          .run = RunContract};
}

}  // namespace aileron::modes
