// Daemon: the one process a user has that holds the vault, the policy, the sessions and the audit
// log.
//
// Run() serves the control API on a unix socket until it is told to stop, or nothing has happened
// for the idle timeout and no session is alive. One thread runs everything but key derivation. A
// second daemon for the same state refuses to start (lock file), so nothing is ever written by two.
#pragma once

#include <optional>

#include "base/result.h"
#include "base/time.h"
#include "os/paths.h"

namespace aileron::daemon {

struct Options {
  os::Paths paths;
  // With no session and no request for so long, the daemon stops. Zero: never.
  Duration idle_timeout = std::chrono::minutes(15);
  // One byte is written here and the descriptor closed once connections are accepted. If the daemon
  // cannot start, the text of the error is written instead (its first byte is never kReadyByte).
  int ready_fd = -1;
};

inline constexpr char kReadyByte = '\0';
// Stands in front of that text when the user's own files are wrong and he must correct them.
inline constexpr char kMisconfiguredByte = '\1';

// Returns after a clean stop. kUnavailable when another daemon holds the lock; other errors name
// the file that cannot be used and the way out.
Status Run(Options options);

}  // namespace aileron::daemon
