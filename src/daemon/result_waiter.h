// Results: what a session's operations came to, collected by the sandbox.
//
// One who waits is answered when there is a result, when nothing is left to wait for, or when it
// has waited long enough.
#pragma once

#include <cstddef>
#include <string>

#include "base/time.h"
#include "daemon/approvals.h"
#include "daemon/request.h"
#include "net/loop.h"

namespace aileron::daemon {

struct WantedResults {
  std::string session;
  std::size_t limit = 0;
  Duration wait{};
};

// {"results":[…],"waiting":N}, as api/openapi.yaml has it; now or later.
void SendResults(net::Loop& loop, Approvals& approvals, WantedResults wanted, Responder responder);

}  // namespace aileron::daemon
