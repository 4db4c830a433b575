// Tested by tests/launch/test_exit_codes.py.

#include "launch/launch.h"

#include <signal.h>
#include <unistd.h>

#include <cstdio>

#include "launch/attach.h"
#include "launch/environment.h"
#include "launch/guard.h"
#include "launch/plan.h"
#include "launch/sentinel_files.h"
#include "launch/session_link.h"
#include "launch/walls.h"
#include "os/paths.h"
#include "sandbox/native.h"
#include "sandbox/walls.h"

namespace aileron::launch {

namespace {

constexpr int kSandboxNotStarted = 125;
constexpr int kDaemonUnavailable = 69;
constexpr int kBadConfiguration = 78;

// Bit N set: the agent gets a terminal of its own as descriptor N, since the caller's is one. With
// kAlways what it prints goes to a terminal in any case; what is piped to it stays a pipe, so that
// it sees the end of it.
unsigned Terminals(Tty tty) {
  if (tty == Tty::kNever) return 0;
  unsigned terminals = tty == Tty::kAlways ? 1u << 1 | 1u << 2 : 0;
  for (unsigned descriptor = 0; descriptor < 3; ++descriptor) {
    if (isatty(static_cast<int>(descriptor))) terminals |= 1u << descriptor;
  }
  return terminals;
}

std::vector<sandbox::RuntimeFile> RuntimeFiles(const SessionLink& session, const Plan& plan,
                                               const Standing& standing) {
  // Ids, and a path that realpath() gave: nothing that JSON would need to escape but quotes.
  std::string workspace;
  for (const char c : plan.spec.workspace) {
    if (c == '"' || c == '\\') workspace += '\\';
    workspace += c;
  }
  return {
      {"ca.pem", session.ca_pem()},
      {"token", session.facts().token},
      {"session.json",
       fmt::format("{{\"id\":\"{}\",\"driver\":\"native\",\"tier\":\"host\",\"workspace\":\"{}\","
                   "\"walls\":[{}],\"api_url\":\"https://aileron.internal/v1\"}}\n",
                   session.facts().id, workspace, QuotedWalls(standing))},
      {"tools.txt", ""},
  };
}

void Kill(sandbox::NativeSandbox& sandbox) {
  (void)os::SignalChild(sandbox.init, SIGKILL);
  (void)os::WaitFor(sandbox.init);
}

}  // namespace

std::expected<int, Failure> Run(const Options& options) {
  const auto fail = [](int code, Error error) {
    return std::unexpected(Failure{code, std::move(error)});
  };
  auto paths = os::FindPaths();
  if (!paths) return fail(kBadConfiguration, paths.error());
  auto plan = MakePlan(options, *paths);
  if (!plan) return fail(kSandboxNotStarted, plan.error());

  if (auto given = sandbox::RequireWalls(options.require); !given)
    return fail(kSandboxNotStarted, given.error());

  HoldSignals();
  auto guard = Guard::Stand(plan->spec, options.allow_write);
  if (!guard) return fail(kSandboxNotStarted, guard.error());
  plan->spec.covers = guard->covers();
  auto sandbox = sandbox::StartNative(plan->spec, plan->identity);
  if (!sandbox) return fail(kSandboxNotStarted, sandbox.error());
  for (const std::string& warning : sandbox->limits.warnings()) {
    std::fprintf(stderr, "aileron: %s\n", warning.c_str());
  }
  // The walls go up while the daemon makes the session.
  auto session =
      SessionLink::Open(*paths, *plan, options, {sandbox->limits.groups(), guard->reserved()});
  if (!session) {
    Kill(*sandbox);
    const Code code = session.error().code;
    return fail(code == Code::kInvalid ? kBadConfiguration : kDaemonUnavailable, session.error());
  }
  auto environment = MakeEnvironment(session->facts(), plan->identity, options.environment);
  auto agent_files = PlaceSentinelFiles(session->facts().files, *plan);
  if (!environment || !agent_files) {
    Kill(*sandbox);
    (void)session->Finish(kSandboxNotStarted);
    return fail(kSandboxNotStarted, environment ? agent_files.error() : environment.error());
  }
  const std::vector<sandbox::Listener>& more = session->more_listeners();
  plan->spec.listeners.insert(plan->spec.listeners.end(), more.begin(), more.end());
  // By now the daemon's socket exists, and so can be proved to be hidden.
  const sandbox::Program program{plan->command, std::move(*environment), plan->workdir,
                                 Terminals(options.tty), ConfinementFor(*plan, *paths)};
  const Standing standing = StandingWalls(*plan, program.confinement, sandbox->limits);
  if (isatty(STDERR_FILENO)) std::fprintf(stderr, "%s\n", LaunchLine(standing).c_str());
  Status sent = sandbox::Send(
      sandbox->channel.get(),
      sandbox::Files{RuntimeFiles(*session, *plan, standing), std::move(*agent_files), more});
  if (sent) sent = sandbox::Send(sandbox->channel.get(), program);
  // A send that failed because the walls could not be built is explained on the channel.
  if (!sent && sent.error().code == Code::kInvalid) {
    Kill(*sandbox);
    (void)session->Finish(kSandboxNotStarted);
    return fail(kSandboxNotStarted, sent.error());
  }
  auto ended = Attach(*plan, *sandbox, *session);
  for (const std::string& line : guard->Finish(sandbox->covers.copies()))
    std::fprintf(stderr, "aileron: %s\n", line.c_str());
  (void)session->Finish(ended ? *ended : ended.error().exit_code);
  if (!ended) return fail(ended.error().exit_code, ended.error().error);
  return *ended;
}

}  // namespace aileron::launch
