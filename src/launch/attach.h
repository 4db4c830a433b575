// Attach: sits between the caller's terminal and the sandbox until the agent ends.
//
// One poll loop: signals and window size go in, the terminal's bytes go both ways, the daemon's
// word is heard, a daemon that died is replaced, and published ports are served. Descriptors that
// are not terminals were given to the agent as they are and cost nothing here.
#pragma once

#include "base/result.h"
#include "launch/live_tools.h"
#include "launch/plan.h"
#include "launch/report.h"
#include "launch/screen.h"
#include "launch/service_desk.h"
#include "launch/session_link.h"
#include "sandbox/channel.h"
#include "sandbox/sandbox.h"

namespace aileron::launch {

// Blocks the signals that the loop forwards; call before the sandbox starts, so that none is lost.
void HoldSignals();

// Until the sandbox's first process has ended: the exit code, or why nothing was run. `covers` are
// what it was sent; `report` takes what the daemon says was denied, and the status line, where it
// is wanted, what waits. The session's id goes to `session_fd`, if there is one, once the agent
// runs.
std::expected<int, sandbox::Failed> Attach(const Plan& plan,
                                           const std::vector<sandbox::Cover>& covers,
                                           sandbox::Sandbox& sandbox, SessionLink& session,
                                           LiveTools tools, ServiceDesk& desk, Report& report,
                                           StatusLine status_line, os::Fd session_fd);

}  // namespace aileron::launch
