// ExecStreams: this process's standard streams joined with those of a command in a sandbox, until
// it ends (launch/exec_desk.h has the launcher's side).
#pragma once

#include "base/result.h"
#include "os/fd.h"

namespace aileron::modes {

struct ExecStreams {
  unsigned terminals = 0;  // bit N: descriptor N is the command's terminal, not a pipe
  bool input = true;       // false: its standard input is empty
};

// How a command beside an agent has ended. `error` says why it was not started, or is empty.
struct ExecEnd {
  int code = 0;
  std::string error;
};

// `launcher` is the client's end of the pair that the session's launcher has the other end of.
// Blocks signals of this process, to pass them on. kUnavailable when the session is over before
// the command is.
Result<ExecEnd> JoinExec(const os::Fd& launcher, const ExecStreams& streams);

}  // namespace aileron::modes
