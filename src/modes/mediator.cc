// Tested by tests/mediation/test_supervisor.py.

#include "mediation/mediator.h"

#include <unistd.h>

#include "base/log.h"
#include "modes/verbs.h"

namespace aileron::modes {

namespace {

constexpr int kChannel = 3;

Outcome RunMediatorMode(const Invocation&) {
  LogTo(STDERR_FILENO, "mediator", LogLevel::kInfo);
  return mediation::RunMediator(os::Fd(kChannel));
}

}  // namespace

Command MediatorVerb() {
  return {.text =
              "Started by the daemon for each session with rules about commands, with a channel "
              "to it as descriptor 3. Of no use by hand.",
          .run = RunMediatorMode};
}

}  // namespace aileron::modes
