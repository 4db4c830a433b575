// Tested by tests/launch/test_exit_codes.py.

#include "shim/init.h"
#include "modes/verbs.h"
#include "sandbox/channel.h"

namespace aileron::modes {

namespace {

Outcome RunInitMode(const Invocation&) {
  return shim::RunInit(os::Fd(sandbox::kChannelDescriptor), os::Fd(sandbox::kControlDescriptor));
}

}  // namespace

Command InitVerb() {
  return {
      .text =
          "Started by \"aileron launch\" as the first process of a sandbox, with a channel to the "
          "launcher as descriptor 3 and a listener as descriptor 4. Of no use by hand.",
      .run = RunInitMode};
}

}  // namespace aileron::modes
