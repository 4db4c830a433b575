// Tested by tests/launch/test_exit_codes.py.

#include "launch/launch.h"

#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "engine/oci_start.h"
#include "engine/start.h"
#include "launch/attach.h"
#include "launch/environment.h"
#include "launch/exec_desk.h"
#include "launch/guard.h"
#include "launch/kept_folders.h"
#include "launch/lasting.h"
#include "launch/limits.h"
#include "launch/live_tools.h"
#include "launch/plan.h"
#include "launch/policy_plan.h"
#include "launch/report.h"
#include "launch/screen.h"
#include "launch/sentinel_files.h"
#include "launch/service_desk.h"
#include "launch/session_link.h"
#include "launch/walls.h"
#include "os/paths.h"
#include "sandbox/native.h"
#include "sandbox/walls.h"
#include "service/ports.h"

namespace aileron::launch {

namespace {

constexpr int kReportIncomplete = 1;
constexpr int kUsage = 64;
constexpr int kDaemonUnavailable = 69;
constexpr int kDenied = 77;
constexpr int kBadConfiguration = 78;

// For an agent that looks around.
constexpr std::string_view kGuide =
    "# This is an aileron sandbox\n"
    "\n"
    "- Requests go out under rules. A refusal says why, and what to do: read it, do not work "
    "around it.\n"
    "- Status 428 means that a person is being asked: go on with something else and send the "
    "request\n"
    "  again later.\n"
    "- Credentials are added outside. What looks like one in here is a stand-in; use it as it is.\n"
    "- `aileron tools` lists commands for other services (also in tools.txt), `aileron tools "
    "search\n"
    "  WORDS` finds an operation, `TOOL OPERATION --help` shows its flags.\n"
    "- `aileron service run NAME -- CMD` keeps a server running beside you: restarted when it "
    "fails,\n"
    "  gone with the sandbox. `aileron service logs NAME` shows what it printed. With `-p PORT` "
    "the "
    "person's\n"
    "  own machine can reach it, where they allowed that. Do not start servers with `&`.\n"
    "- A command that ends with 75 waits for a person: `aileron wait ID` waits with it, `aileron "
    "drain`\n"
    "  collects what has ended. 77 means no.\n";

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
  for (const char c : plan.spec.inside()) {
    if (c == '"' || c == '\\') workspace += '\\';
    workspace += c;
  }
  return {
      {"ca.pem", session.ca_pem()},
      {"token", session.facts().token},
      {"session.json",
       fmt::format("{{\"id\":\"{}\",\"driver\":\"{}\",\"tier\":\"{}\",\"workspace\":\"{}\","
                   "\"walls\":[{}],\"api_url\":\"https://aileron.internal/v1\"}}\n",
                   session.facts().id, plan.driver, plan.tier, workspace, QuotedWalls(standing))},
      {"GUIDE.md", std::string(kGuide)},
  };
}

// Ports inside that no program of the agent's can have.
std::vector<std::uint16_t> ReservedPorts(const Plan& plan) {
  std::vector<std::uint16_t> ports = {service::kControlPort};
  for (const sandbox::Listener& listener : plan.spec.listeners) ports.push_back(listener.port);
  return ports;
}

// Of a session that there is not.
int ExitCodeOf(const Error& error) {
  return error.code == Code::kInvalid ? kBadConfiguration : kDaemonUnavailable;
}

// What --fail-on-denied says: how much, what first, and what to do.
Error DeniedError(const Report& report, const Status& reported) {
  const auto first = nlohmann::json::parse(report.first(), nullptr, false);
  const auto text = [&](const char* member) {
    return first.is_object() ? Printable(first.value(member, std::string())) : std::string();
  };
  const std::string more =
      report.count() > 1 ? fmt::format(", and {} more", report.count() - 1) : std::string();
  return {Code::kDenied,
          fmt::format("denied, since nobody could be asked: {}{}. {}{}", text("title"), more,
                      text("hint"), reported ? "" : "\n" + reported.error().message)};
}

// What a devcontainer.json says once it is known what is inside: variables, and commands that run
// before the agent.
Result<std::vector<std::vector<sandbox::Step>>> EnterContainer(
    const Options& options, const Plan& plan, const SessionFacts& session, const Passing& passing,
    std::vector<std::string>& environment) {
  std::vector<std::vector<sandbox::Step>> steps;
  if (!options.container.inside) return steps;
  AILERON_ASSIGN(ContainerInside inside, options.container.inside(environment));
  AddRemoteVariables(inside.variables, session, plan, options.environment, passing, environment);
  if (plan.creation.due) steps = std::move(inside.lifecycle.creating);
  for (auto& group : inside.lifecycle.starting) steps.push_back(std::move(group));
  for (const auto& group : steps) {
    for (const sandbox::Step& step : group) {
      std::fprintf(stderr, "aileron: %s\n", step.what.c_str());
    }
  }
  return steps;
}

// What a sandbox that is built in a container needs besides.
struct Housing {
  engine::EntryFolder entry;       // of an engine, until the sandbox is built
  engine::OciContainer container;  // of a runtime, until it has ended
};

Result<sandbox::Sandbox> StartSandbox(const Options& options, const Plan& plan,
                                      const os::Paths& paths, Housing& housing) {
  if (options.runtime) {
    AILERON_ASSIGN(
        engine::OciStarted started,
        engine::StartInRuntime(*options.runtime, plan.spec, plan.identity, paths.runtime));
    housing.container = std::move(started.container);
    return std::move(started.sandbox);
  }
  if (!options.engine) return sandbox::StartNative(plan.spec, plan.identity);
  AILERON_ASSIGN(engine::Started started, engine::Start(*options.engine, options.engine_image,
                                                        plan.spec, plan.identity, paths.runtime));
  housing.entry = std::move(started.folder);
  return std::move(started.sandbox);
}

void Kill(sandbox::Sandbox& sandbox) {
  (void)os::SignalChild(sandbox.init, SIGKILL);
  (void)os::WaitFor(sandbox.init);
}

}  // namespace

std::expected<int, Failure> Run(Options options) {
  const auto fail = [](int code, Error error) {
    return std::unexpected(Failure{code, std::move(error)});
  };
  auto paths = os::FindPaths();
  if (!paths) return fail(kBadConfiguration, paths.error());
  const StatusLine status_line = options.status_line ? StatusLine::kOn : StatusLine::kOff;
  if (const Status fits = status_line == StatusLine::kOn ? CheckStatusLine() : Status(); !fits) {
    return fail(kUsage, fits.error());
  }
  auto plan = MakePlan(options, *paths);
  if (!plan) return fail(kSandboxNotStarted, plan.error());
  const auto allowed = Guard::Allowed(plan->spec, options.allow_write);
  if (!allowed) return fail(kSandboxNotStarted, allowed.error());
  auto policy = ApplyPolicy(*paths, *plan, options, *allowed);
  if (!policy) {
    const bool wrong = policy.error().code == Code::kInvalid;
    return fail(wrong ? kBadConfiguration : kSandboxNotStarted, policy.error());
  }
  for (const std::string& note : policy->notes) std::fprintf(stderr, "aileron: %s\n", note.c_str());
  auto report = Report::Open(options, *plan);
  if (!report) return fail(kUsage, report.error());
  os::Fd session_fd;
  if (options.session_fd) {
    auto taken = TakeDescriptor(*options.session_fd, "--session-fd", plan->spec);
    if (!taken) return fail(kUsage, taken.error());
    session_fd = *std::move(taken);
  }

  if (auto given = sandbox::RequireWalls(options.require); !given)
    return fail(kSandboxNotStarted, given.error());
  auto lasting = Lasting::Make(options, *paths, *plan);
  if (!lasting) return fail(kSandboxNotStarted, lasting.error());
  if (auto made = PrepareKeptFolders(options.container.setup, *plan); !made)
    return fail(kSandboxNotStarted, made.error());

  auto desk = ServiceDesk::Open(options.publishing, ReservedPorts(*plan));
  if (!desk) return fail(kSandboxNotStarted, desk.error());

  auto execs = ExecDesk::Make();
  if (!execs) return fail(kSandboxNotStarted, execs.error());

  HoldSignals();
  // Three things go on at once: the daemon makes the session, the sandbox's first process builds
  // the walls, and this one looks through the workspace.
  auto session = SessionLink::Ask(*paths, *plan, options, policy->project);
  if (!session) return fail(ExitCodeOf(session.error()), session.error());
  Guard guard;  // outlives the sandbox
  Housing housing;
  auto sandbox = StartSandbox(options, *plan, *paths, housing);
  const auto give_up = [&](const Error& error) {
    if (sandbox) Kill(*sandbox);
    (void)session->Finish(kSandboxNotStarted);
    return fail(kSandboxNotStarted, error);
  };
  if (!sandbox) return give_up(sandbox.error());
  for (const std::string& warning : sandbox->limits.warnings()) {
    std::fprintf(stderr, "aileron: %s\n", warning.c_str());
  }
  if (auto stands = guard.Stand(plan->spec, *allowed, policy->covers); !stands)
    return give_up(stands.error());
  // A send that fails since the walls could not be built is explained on the channel.
  Status sent = sandbox::SendCovers(sandbox->channel.get(), guard.covers());
  if (auto opened = session->Await({sandbox->limits.groups(), guard.reserved()}); !opened) {
    Kill(*sandbox);
    return fail(ExitCodeOf(opened.error()), opened.error());
  }
  if (auto named = lasting->Name(session->facts().id); !named) return give_up(named.error());
  auto environment = MakeEnvironment(session->facts(), *plan, options.environment, policy->passing);
  if (!environment) return give_up(environment.error());
  auto agent_files = PlaceSentinelFiles(session->facts().files, *plan);
  if (!agent_files) return give_up(agent_files.error());
  if (auto config = DockerConfig(session->facts().look_alikes, *agent_files, *plan)) {
    agent_files->push_back(std::move(*config));
  }
  const std::vector<sandbox::Listener>& more = session->more_listeners();
  plan->spec.listeners.insert(plan->spec.listeners.end(), more.begin(), more.end());
  const auto commands =
      session->mediated() ? sandbox::Commands::kMediated : sandbox::Commands::kFree;
  for (service::Spec& spec : policy->services) spec.environment = *environment;
  auto steps = EnterContainer(options, *plan, session->facts(), policy->passing, *environment);
  if (!steps) return give_up(steps.error());
  // By now the daemon's socket exists, and so can be proved to be hidden.
  const sandbox::Program program{plan->command,
                                 std::move(*environment),
                                 plan->workdir,
                                 Terminals(options.tty),
                                 AgentsSize(status_line),
                                 ConfinementFor(*plan, *paths, commands),
                                 ToolNames(session->facts().tools),
                                 std::move(*steps),
                                 std::move(policy->services)};
  session->set_confinement(program.confinement);
  const Standing standing = StandingWalls(*plan, program.confinement, sandbox->limits);
  if (isatty(STDERR_FILENO)) std::fprintf(stderr, "%s\n", LaunchLine(standing).c_str());
  for (const std::string& note : desk->Notes()) std::fprintf(stderr, "aileron: %s\n", note.c_str());
  if (sent) {
    sent = sandbox::Send(sandbox->channel.get(),
                         sandbox::Files{.files = RuntimeFiles(*session, *plan, standing),
                                        .tools = ShownTools(session->facts().tools),
                                        .agent_files = std::move(*agent_files),
                                        .listeners = more});
  }
  if (sent) sent = sandbox::Send(sandbox->channel.get(), program);
  if (!sent && sent.error().code == Code::kInvalid) return give_up(sent.error());
  auto ended =
      Attach(*plan, guard.covers(), *sandbox, *session, LiveTools(program, session->facts().tools),
             *desk, *execs, *report, status_line, std::move(session_fd));
  // Of a copy nothing goes back before a person has said so, git's settings neither.
  if (!lasting->copies()) {
    for (const std::string& line : guard.Finish(sandbox->covers.copies()))
      std::fprintf(stderr, "aileron: %s\n", line.c_str());
  }
  sandbox->covers = sandbox::CoverWatch();  // holds the last mounts over the reserved names
  (void)session->Finish(ended ? *ended : ended.error().exit_code, guard.Release());
  if (options.report_fd || !options.report.empty() || options.fail_on_denied) {
    session->HearRest(limits::kReportRest, [&](const SessionLink::Word& word) {
      if (word.kind == SessionLink::Word::Kind::kDenied) report->Add(word.text);
    });
  }
  for (const std::string& line : lasting->Finish())
    std::fprintf(stderr, "aileron: %s\n", line.c_str());
  if (options.learn) {
    std::fprintf(stderr,
                 "aileron: what this session needs, as a policy to review: aileron policy "
                 "learn %s\n",
                 session->facts().id.c_str());
  }
  const Status reported = report->Finish();
  if (!ended) return fail(ended.error().exit_code, ended.error().error);
  if (options.fail_on_denied && report->count() > 0) {
    return fail(kDenied, DeniedError(*report, reported));
  }
  if (!reported && *ended == 0) return fail(kReportIncomplete, reported.error());
  if (!reported) std::fprintf(stderr, "aileron: %s\n", reported.error().message.c_str());
  return *ended;
}

}  // namespace aileron::launch
