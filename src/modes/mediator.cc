// Tested by tests/mediation/test_supervisor.py.

#include "mediation/mediator.h"

#include <signal.h>
#include <unistd.h>

#include "base/log.h"
#include "modes/verbs.h"
#include "os/process.h"

namespace aileron::modes {

namespace {

constexpr int kChannel = 3;

Outcome RunMediatorMode(const Invocation&) {
  signal(SIGPIPE, SIG_IGN);                   // a daemon that goes away is seen on the channel
  os::UseScheduling(os::Scheduling::kUsual);  // the daemon's is another
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
