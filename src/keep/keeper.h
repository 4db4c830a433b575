// Keeper: the terminal of a launch that goes on without a person's, and those who look at it.
//
// It runs the launcher on a terminal (or pipes) of its own, keeps what is printed (output_log.h),
// and serves who attaches (frame.h): any number, each sees all and may type. It ends when the
// launcher does, and the launcher, and with it the sandbox, when it does.
//
// Who started it reads from its ready descriptor, once:
//
//   "started SESSION\n"              the agent runs
//   "failed CODE\n" text             the launch ended before, with what it printed
//
// and may leave until then, which ends the launch.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "os/fd.h"
#include "os/paths.h"

namespace aileron::keep {

// What a keeper finds its ready descriptor on.
inline constexpr int kReadyDescriptor = 3;
// In the environment of a launch that a keeper runs.
inline constexpr const char* kKept = "AILERON_KEPT";

struct KeepOptions {
  os::Paths paths;
  std::vector<std::string> argv;  // of the launcher, but for --session-fd
  bool terminal = true;
  os::Fd ready;
};

// Until the launcher has ended; its exit code.
Result<int> Keep(KeepOptions options);

}  // namespace aileron::keep
