// Tested by tests/launch/test_lifetime.py.

#include "daemon/daemon.h"

#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <optional>

#include "base/log.h"
#include "base/text.h"
#include "modes/api.h"
#include "modes/status_text.h"
#include "modes/terminal.h"
#include "modes/verbs.h"
#include "os/process.h"

namespace aileron::modes {

namespace {

Result<int> ReadyDescriptor(const Parsed& parsed) {
  if (!parsed.Has("--ready-fd")) return -1;
  const auto number = ParseInteger<int>(parsed.Value("--ready-fd"));
  if (!number || *number < 0)
    return Fail(Code::kInvalid, "--ready-fd needs the number of an open descriptor");
  return *number;
}

Result<Duration> IdleTimeout(const Parsed& parsed) {
  auto duration = ParseDuration(parsed.Value("--idle-timeout"));
  if (!duration) return Wrap(std::move(duration).error(), "--idle-timeout");
  return *duration;
}

Outcome RunDaemon(const Invocation& invocation) {
  const Parsed& parsed = invocation.parsed;
  daemon::Options options;
  AILERON_ASSIGN(options.paths, Paths());
  AILERON_ASSIGN(options.ready_fd, ReadyDescriptor(parsed));
  if (parsed.Has("--idle-timeout")) {
    AILERON_ASSIGN(options.idle_timeout, IdleTimeout(parsed));
  }
  os::HardenProcess();
  if (parsed.Has("--detach")) {
    const pid_t child = fork();
    if (child < 0) return std::unexpected(Failure(os::ErrnoError(errno, "cannot fork")));
    // The starter waits for this process only; the child is nobody's, and so never a zombie of his.
    if (child > 0) _exit(0);
  }
  signal(SIGPIPE, SIG_IGN);  // a client that goes away is no reason to end
  LogTo(STDERR_FILENO, "daemon", LogLevel::kInfo);
  os::UseAllDescriptors();
  AILERON_TRY(os::MakePrivateFolder(options.paths.runtime));
  AILERON_TRY(os::MakePrivateFolder(options.paths.state));
  AILERON_TRY(os::MakePrivateFolder(options.paths.config));
  AILERON_TRY(daemon::Run(std::move(options)));
  return 0;
}

Outcome RunStart(const Invocation& invocation) {
  AILERON_ASSIGN(const os::Paths paths, Paths());
  AILERON_TRY(OnHost(paths));
  control::StartOptions options;
  if (invocation.parsed.Has("--idle-timeout")) {
    AILERON_TRY(IdleTimeout(invocation.parsed));
    options.arguments = {"--idle-timeout", invocation.parsed.Value("--idle-timeout")};
  }
  AILERON_ASSIGN(const std::optional<control::Client> running, control::ConnectIfRunning(paths));
  auto client = control::EnsureDaemon(paths, options);
  if (!client) return std::unexpected(NoDaemon(std::move(client).error()));
  AILERON_TRY(control::CheckVersion(*client));
  AILERON_ASSIGN(const Json status, GetJson(*client, "/v1/status"));
  AILERON_TRY(
      Print(fmt::format("The daemon {} (process {}).\n", running ? "runs already" : "has started",
                        NumberOf(status, "pid"))));
  return 0;
}

std::string_view StoppedText(control::Stopped stopped) {
  return stopped == control::Stopped::kNow ? "The daemon has stopped.\n"
                                           : "The daemon does not run.\n";
}

std::string OperationsText(std::uint64_t count) {
  return fmt::format("{} operation{}", count, count == 1 ? "" : "s");
}

// The line on a terminal that says how many are waited for.
class DrainLine {
 public:
  void Show(std::uint64_t operations) {
    if (!terminal_ || operations == shown_) return;
    shown_ = operations;
    (void)os::WriteAll(STDERR_FILENO, fmt::format("\r\x1b[KWaiting for {} to end. \"aileron daemon "
                                                  "stop\" does not wait",
                                                  OperationsText(operations)));
  }
  ~DrainLine() {
    if (shown_) (void)os::WriteAll(STDERR_FILENO, "\r\x1b[K");
  }

 private:
  bool terminal_ = isatty(STDERR_FILENO) != 0;
  std::optional<std::uint64_t> shown_;
};

Outcome RunDrain(const os::Paths& paths, const Parsed& parsed) {
  control::Draining draining;
  if (parsed.Has("--timeout")) {
    auto longest = ParseDuration(parsed.Value("--timeout"));
    if (!longest) {
      return std::unexpected(
          Failure(kExitUsage, {Code::kInvalid, "--timeout: " + longest.error().message}));
    }
    draining.longest = *longest;
  }
  std::optional<DrainLine> line(std::in_place);
  draining.progress = [&](std::uint64_t operations) { line->Show(operations); };
  const auto drained = control::DrainDaemon(paths, draining);
  line.reset();
  if (!drained) return std::unexpected(Failure(drained.error()));
  if (drained->interrupted != 0) {
    return std::unexpected(Failure(
        kExitFailure, {Code::kUnavailable,
                       fmt::format("the daemon has stopped, and {} ran still when the time was "
                                   "over: it may have happened or not, and is not run again",
                                   OperationsText(drained->interrupted))}));
  }
  AILERON_TRY(Print(StoppedText(drained->stopped)));
  return 0;
}

Outcome RunStop(const Invocation& invocation) {
  AILERON_ASSIGN(const os::Paths paths, Paths());
  const Parsed& parsed = invocation.parsed;
  if (parsed.Has("--timeout") && !parsed.Has("--drain")) {
    return std::unexpected(Failure(kExitUsage, {Code::kInvalid, "--timeout belongs to --drain"}));
  }
  if (parsed.Has("--drain") && parsed.Has("--end-sessions")) {
    return std::unexpected(
        Failure(kExitUsage,
                {Code::kInvalid, "--drain leaves sessions running; give it or --end-sessions"}));
  }
  if (parsed.Has("--drain")) return RunDrain(paths, parsed);
  AILERON_ASSIGN(
      const control::Stopped stopped,
      control::StopDaemon(paths, parsed.Has("--end-sessions") ? control::RunningSessions::kEnd
                                                              : control::RunningSessions::kLeave));
  AILERON_TRY(Print(StoppedText(stopped)));
  return 0;
}

Outcome RunStatus(const Invocation& invocation) {
  AILERON_ASSIGN(const os::Paths paths, Paths());
  AILERON_ASSIGN(std::optional<control::Client> client, control::ConnectIfRunning(paths));
  Json status = {{"running", false}};
  if (client) {
    AILERON_ASSIGN(status, GetJson(*client, "/v1/status"));
    status["running"] = true;
  }
  if (invocation.parsed.Has("--json")) {
    AILERON_TRY(Print(Pretty(status)));
  } else {
    AILERON_TRY(Print(DaemonStatusText(status, ColourOf(STDOUT_FILENO))));
  }
  return client ? 0 : kExitUnavailable;
}

constexpr Flag kIdleFlag{"--idle-timeout", "DURATION",
                         "Stop after so long without a session or a request; 0s: never"};

}  // namespace

Command DaemonVerb() {
  return {.text =
              "The daemon holds the vault, the policy, the sessions and the audit log of one user. "
              "It starts "
              "by itself when a command needs it and stops when nothing has happened for a while.",
          .commands = {
              {.name = "start",
               .summary = "Start the daemon, if it does not run",
               .flags = {kIdleFlag},
               .run = RunStart},
              {.name = "stop",
               .summary = "Stop the daemon",
               .text = "Running sandboxes lose their way out until their launchers have started a "
                       "new daemon, which "
                       "they do at once.\n\nWith --drain, no session is opened any more (launch "
                       "ends with 69) and no operation begins; sessions and questions stay, and go "
                       "on with the next daemon. A second \"aileron daemon stop\" does not wait.",
               .flags = {{"--end-sessions", "", "End all running sessions first"},
                         {"--drain", "",
                          "Begin nothing new, and wait until the operations that run have ended"},
                         {"--timeout", "DURATION",
                          "With --drain: stop all the same after so long, such as 1m"}},
               .examples = {{"aileron daemon stop --drain --timeout 1m",
                             "Before an update: nothing that runs is interrupted"}},
               .run = RunStop},
              {.name = "status",
               .summary = "Show whether the daemon runs",
               .text = "Exits with 69 when it does not.",
               .flags = {kJsonFlag},
               .run = RunStatus},
              {.name = "run",
               .summary = "Be the daemon, in the foreground",
               .text = "For service managers, and for looking at its log.",
               .flags = {kIdleFlag,
                         {"--ready-fd", "N", "Write one byte to this descriptor once it listens"},
                         {"--detach", "", "Continue in a child process; this one ends at once"}},
               .run = RunDaemon}}};
}

}  // namespace aileron::modes
