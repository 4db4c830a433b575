// EnsureDaemon: a connection to the user's daemon, started first when nobody listens.
//
// The usual case costs one connect(). A start runs this binary as `aileron daemon run` in a session
// of its own, its log in state/daemon.log, and waits on a pipe, not on a clock, until it listens.
// Starters take turns (runtime/start.lock), so that two at once give one daemon; against one that
// was started by hand at the same moment stands the daemon's own lock file.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "control/client.h"
#include "os/paths.h"

namespace aileron::control {

// What the daemon writes into the pipe of its ready descriptor once it listens; anything else is
// the text of the error that keeps it from starting.
inline constexpr char kReadyByte = '\0';
// Stands in front of that text when the user's own files are wrong and he must correct them.
inline constexpr char kMisconfiguredByte = '\1';

struct StartOptions {
  std::vector<std::string> arguments = {};  // after `daemon run`
  Duration patience = limits::start_wait;
  std::string program = "/proc/self/exe";
};

// kUnavailable, with the daemon's own words or the last line of its log, when it does not come up
// in time; kInvalid when it does not come up because a file of the user's configuration is wrong.
Result<Client> EnsureDaemon(const os::Paths& paths, const StartOptions& options = {});

// A connection if a daemon runs, nothing if none does; an error is neither of the two.
Result<std::optional<Client>> ConnectIfRunning(const os::Paths& paths);

// kUnavailable, saying what to do, when the daemon at the other end is of another version than this
// binary: their private messages may differ. One round trip.
Status CheckVersion(Client& client);

// Asks the daemon to stop and waits until its process has ended, files closed. kUnavailable when it
// has not within `patience`.
enum class Stopped { kNow, kDidNotRun };
enum class RunningSessions { kLeave, kEnd };  // kLeave: their launchers start a new daemon
Result<Stopped> StopDaemon(const os::Paths& paths, RunningSessions sessions,
                           Duration patience = limits::stop_wait);

// Asks it to let operations that run come to their end first, and begin nothing; waits until its
// process has ended.
struct Draining {
  std::optional<Duration> longest = {};   // then it is told to stop all the same
  Duration patience = limits::stop_wait;  // for its end, beyond that
  // Told of how many run still, again and again.
  std::function<void(std::uint64_t operations)> progress = {};
};
struct Drained {
  Stopped stopped = Stopped::kNow;
  std::uint64_t interrupted = 0;  // operations that ran still when the time was over
};
Result<Drained> DrainDaemon(const os::Paths& paths, const Draining& draining);

std::string LogFile(const os::Paths& paths);

// What of our environment a daemon gets. It outlives the shell it was started from, and must not
// keep the credentials that stand in it.
std::vector<std::string> DaemonEnvironment(const char* const* environment);

}  // namespace aileron::control
