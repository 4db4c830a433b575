// Tested by tests/faults/test_kill.py.

#include <signal.h>
#include <unistd.h>

#include "base/log.h"
#include "modes/verbs.h"
#include "proxy/worker.h"

namespace aileron::modes {

namespace {

constexpr int kChannel = 3;

Outcome RunWorkerMode(const Invocation&) {
  signal(SIGPIPE, SIG_IGN);  // a peer that goes away is no reason to end
  LogTo(STDERR_FILENO, "worker", LogLevel::kInfo);
  return proxy::RunWorker(os::Fd(kChannel));
}

}  // namespace

Command WorkerVerb() {
  return {.text =
              "Started by the daemon for each session, with a channel to it as descriptor 3. Of no "
              "use by "
              "hand.",
          .run = RunWorkerMode};
}

}  // namespace aileron::modes
