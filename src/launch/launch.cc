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

void Tell(const std::string& line) { std::fprintf(stderr, "aileron: %s\n", line.c_str()); }

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

// Of an environment's variable; empty: it is not set.
std::string ValueOf(const std::vector<std::string>& environment, std::string_view name) {
  for (const std::string_view entry : environment) {
    if (entry.starts_with(name) && entry.substr(name.size()).starts_with('=')) {
      return std::string(entry.substr(name.size() + 1));
    }
  }
  return {};
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
    for (const sandbox::Step& step : group) Tell(step.what);
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

// An error that ends the launch with `code`, or with `invalid` when somebody wrote what is wrong.
template <typename T>
std::expected<T, Failure> EndingWith(int code, Result<T> result,
                                     std::optional<int> invalid = std::nullopt) {
  if (!result) {
    Error& error = result.error();
    const bool wrong = invalid && error.code == Code::kInvalid;
    return std::unexpected(Failure(wrong ? *invalid : code, std::move(error)));
  }
  if constexpr (std::is_void_v<T>) {
    return {};
  } else {
    return *std::move(result);
  }
}

// What is decided before anything is started.
struct Prepared {
  os::Paths paths;
  Plan plan;
  std::vector<std::string> writable;  // of what the host would run later
  PolicyPlan policy;
  Report report;
  os::Fd session_fd;
  Lasting lasting;
  ServiceDesk desk;
  ExecDesk execs;
};

std::expected<Prepared, Failure> Prepare(Options& options) {
  AILERON_ASSIGN(os::Paths paths, EndingWith(kBadConfiguration, os::FindPaths()));
  if (options.status_line) AILERON_TRY(EndingWith(kUsage, CheckStatusLine()));
  AILERON_ASSIGN(Plan plan, MakePlan(options, paths));
  AILERON_ASSIGN(std::vector<std::string> writable, Guard::Allowed(plan.spec, options.allow_write));
  AILERON_ASSIGN(PolicyPlan policy,
                 EndingWith(kSandboxNotStarted, ApplyPolicy(paths, plan, options, writable),
                            kBadConfiguration));
  for (const std::string& note : policy.notes) Tell(note);
  AILERON_ASSIGN(Report report, EndingWith(kUsage, Report::Open(options, plan)));
  os::Fd session_fd;
  if (options.session_fd) {
    AILERON_ASSIGN(session_fd, EndingWith(kUsage, TakeDescriptor(*options.session_fd,
                                                                 "--session-fd", plan.spec)));
  }
  AILERON_TRY(sandbox::RequireWalls(options.require));
  AILERON_ASSIGN(Lasting lasting, Lasting::Make(options, paths, plan));
  AILERON_TRY(PrepareKeptFolders(options.container.setup, plan));
  AILERON_ASSIGN(ServiceDesk desk, ServiceDesk::Open(options.publishing, ReservedPorts(plan)));
  AILERON_ASSIGN(ExecDesk execs, ExecDesk::Make());
  return Prepared{.paths = std::move(paths),
                  .plan = std::move(plan),
                  .writable = std::move(writable),
                  .policy = std::move(policy),
                  .report = std::move(report),
                  .session_fd = std::move(session_fd),
                  .lasting = std::move(lasting),
                  .desk = std::move(desk),
                  .execs = std::move(execs)};
}

// A launch from its session on. One whose agent is not attended ends with it: its sandbox is
// killed, its session finished.
class Launch {
 public:
  // Both outlive it.
  Launch(const Options& options, Prepared& prepared, SessionLink session)
      : options_(options), in_(prepared), session_(std::move(session)) {}
  Launch(const Launch&) = delete;
  Launch& operator=(const Launch&) = delete;
  ~Launch();

  std::expected<void, Failure> BuildSandbox();
  // Sends in what the session says: files, environment, and last the agent itself.
  std::expected<void, Failure> SendAgent();
  // Until the agent has ended: its exit code.
  std::expected<int, Failure> Attend();

 private:
  StatusLine status_line() const {
    return options_.status_line ? StatusLine::kOn : StatusLine::kOff;
  }
  void TakeDown(int exit_code);

  const Options& options_;
  Prepared& in_;
  SessionLink session_;
  Guard guard_;  // outlives the sandbox
  Housing housing_;
  std::optional<sandbox::Sandbox> sandbox_;
  sandbox::Program program_;
  Status sent_;  // a send that fails since the walls could not be built is explained on the channel
  bool attended_ = false;
};

Launch::~Launch() {
  if (attended_) return;
  if (sandbox_) {
    (void)os::SignalChild(sandbox_->init, SIGKILL);
    (void)os::WaitFor(sandbox_->init);
  }
  (void)session_.Finish(kSandboxNotStarted);
}

std::expected<void, Failure> Launch::BuildSandbox() {
  AILERON_ASSIGN(auto sandbox, StartSandbox(options_, in_.plan, in_.paths, housing_));
  sandbox_.emplace(std::move(sandbox));
  for (const std::string& warning : sandbox_->limits.warnings()) Tell(warning);
  AILERON_TRY(guard_.Stand(in_.plan.spec, in_.writable, in_.policy.covers));
  sent_ = sandbox::SendCovers(sandbox_->channel.get(), guard_.covers());
  return EndingWith(kDaemonUnavailable,
                    session_.Await({sandbox_->limits.groups(), guard_.reserved()}),
                    kBadConfiguration);
}

std::expected<void, Failure> Launch::SendAgent() {
  const SessionFacts& facts = session_.facts();
  Plan& plan = in_.plan;
  AILERON_TRY(in_.lasting.Name(facts.id));
  AILERON_ASSIGN(auto environment,
                 MakeEnvironment(facts, plan, options_.environment, in_.policy.passing));
  AILERON_ASSIGN(auto agent_files, PlaceSentinelFiles(facts.files, plan));
  if (auto config = DockerConfig(facts.look_alikes, agent_files, plan)) {
    agent_files.push_back(std::move(*config));
  }
  const std::vector<sandbox::Listener>& more = session_.more_listeners();
  plan.spec.listeners.insert(plan.spec.listeners.end(), more.begin(), more.end());
  const auto commands =
      session_.mediated() ? sandbox::Commands::kMediated : sandbox::Commands::kFree;
  for (service::Spec& spec : in_.policy.services) spec.environment = environment;
  AILERON_ASSIGN(auto steps,
                 EnterContainer(options_, plan, facts, in_.policy.passing, environment));
  // By now the daemon's socket exists, and so can be proved to be hidden.
  program_ = {plan.command,
              std::move(environment),
              plan.workdir,
              Terminals(options_.tty),
              AgentsSize(status_line()),
              ConfinementFor(plan, in_.paths, commands),
              ToolNames(facts.tools),
              std::move(steps),
              std::move(in_.policy.services)};
  session_.set_confinement(program_.confinement);
  const Standing standing = StandingWalls(plan, program_.confinement, sandbox_->limits);
  if (isatty(STDERR_FILENO)) std::fprintf(stderr, "%s\n", LaunchLine(standing).c_str());
  for (const std::string& note : in_.desk.Notes()) Tell(note);
  if (sent_) {
    sent_ = sandbox::Send(sandbox_->channel.get(),
                          sandbox::Files{.files = RuntimeFiles(session_, plan, standing),
                                         .tools = ShownTools(facts.tools),
                                         .agent_files = std::move(agent_files),
                                         .listeners = more,
                                         .java_home = ValueOf(program_.environment, "JAVA_HOME")});
  }
  if (sent_) sent_ = sandbox::Send(sandbox_->channel.get(), program_);
  if (!sent_ && sent_.error().code == Code::kInvalid) return std::unexpected(sent_.error());
  return {};
}

std::expected<int, Failure> Launch::Attend() {
  attended_ = true;
  const SessionFacts& facts = session_.facts();
  auto ended =
      Attach(in_.plan, guard_.covers(), *sandbox_, session_, LiveTools(program_, facts.tools),
             in_.desk, in_.execs, in_.report, status_line(), std::move(in_.session_fd));
  TakeDown(ended ? *ended : ended.error().exit_code);
  for (const std::string& line : in_.lasting.Finish()) Tell(line);
  if (options_.learn) {
    Tell(fmt::format("what this session needs, as a policy to review: aileron policy learn {}",
                     facts.id));
  }
  const Status reported = in_.report.Finish();
  if (!ended) return std::unexpected(Failure(ended.error().exit_code, ended.error().error));
  if (options_.fail_on_denied && in_.report.count() > 0) {
    return std::unexpected(Failure(kDenied, DeniedError(in_.report, reported)));
  }
  if (!reported && *ended == 0) {
    return std::unexpected(Failure(kReportIncomplete, reported.error()));
  }
  if (!reported) Tell(reported.error().message);
  return *ended;
}

void Launch::TakeDown(int exit_code) {
  // Of a copy nothing goes back before a person has said so, git's settings neither.
  if (!in_.lasting.copies()) {
    for (const std::string& line : guard_.Finish(sandbox_->covers.copies())) Tell(line);
  }
  sandbox_->covers = sandbox::CoverWatch();  // holds the last mounts over the reserved names
  (void)session_.Finish(exit_code, guard_.Release());
  if (options_.report_fd || !options_.report.empty() || options_.fail_on_denied) {
    session_.HearRest(limits::kReportRest, [&](const SessionLink::Word& word) {
      if (word.kind == SessionLink::Word::Kind::kDenied) in_.report.Add(word.text);
    });
  }
}

}  // namespace

std::expected<int, Failure> Run(Options options) {
  AILERON_ASSIGN(Prepared prepared, Prepare(options));
  HoldSignals();
  // Three things go on at once: the daemon makes the session, the sandbox's first process builds
  // the walls, and this one looks through the workspace.
  AILERON_ASSIGN(SessionLink session, EndingWith(kDaemonUnavailable,
                                                 SessionLink::Ask(prepared.paths, prepared.plan,
                                                                  options, prepared.policy.project),
                                                 kBadConfiguration));
  Launch launch(options, prepared, std::move(session));
  AILERON_TRY(launch.BuildSandbox());
  AILERON_TRY(launch.SendAgent());
  return launch.Attend();
}

}  // namespace aileron::launch
