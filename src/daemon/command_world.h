// CommandWorld: what the user's commands are run with.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace aileron::daemon {

struct CommandWorld {
  std::string home;                      // the working directory
  std::vector<std::string> environment;  // NAME=VALUE
  // The daemon's own environment (an allowed list, control/start.cc) without what is aileron's. Of
  // PATH stay the folders that systems and people install programs in: the daemon may have been
  // started from a shell in a project, whose own folders an agent writes to.
  static CommandWorld OfProcess(char** environment);
  // Where `program` is: itself when it is a path, else in PATH. kNotFound.
  Result<std::string> Find(const std::string& program) const;
};

}  // namespace aileron::daemon
