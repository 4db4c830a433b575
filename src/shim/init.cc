// Tested by tests/launch/test_exit_codes.py.

#include "shim/init.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "os/landlock.h"
#include "os/process.h"
#include "os/pty.h"
#include "sandbox/channel.h"
#include "sandbox/filter.h"
#include "shim/command_names.h"
#include "shim/execs.h"
#include "shim/executable.h"
#include "shim/launcher_link.h"
#include "shim/proof.h"
#include "shim/service_server.h"
#include "shim/steps.h"

namespace aileron::shim {

namespace {

using sandbox::Failed;
using sandbox::Program;

constexpr int kBadConfiguration = 78;
constexpr int kCannotStart = 125;
constexpr std::string_view kTokenVariable = "AILERON_TOKEN=";

// In the agent's process. Returns errno of what failed.
int BecomeAgent(const Program& program, Executable& executable, const os::Pty* pty) {
  setsid();
  if (pty != nullptr) {
    if (!os::TakeTerminal(pty->slave)) return errno;
    for (int descriptor = 0; descriptor < 3; ++descriptor) {
      if ((program.terminals >> descriptor & 1) != 0) dup2(pty->slave.get(), descriptor);
    }
  }
  if (!program.workdir.empty() && chdir(program.workdir.c_str()) != 0) return errno;
  return executable.Exec();
}

// Starts the agent; what to report when its exec failed.
std::expected<os::Child, Failed> StartAgent(const Program& program, const os::Pty* pty) {
  Executable executable(program.command, program.environment);
  // The agent's own dumpable state comes back with its exec.
  auto agent = os::StartBorrowing([&] { return BecomeAgent(program, executable, pty); });
  if (agent) return std::move(*agent);
  return std::unexpected(
      Failed{ExitCodeOfExec(agent.error()),
             CannotRun(agent.error(), program.command[0], program.workdir, program.environment)});
}

// SIGINT and its like mean the whole job, as when typed at a terminal; the rest mean the agent.
void Forward(const os::Child& agent, int number) {
  const bool job = number == SIGINT || number == SIGQUIT || number == SIGHUP;
  kill(job ? -agent.pid : agent.pid, number);
}

// What init does once the agent runs: it reaps, passes signals on, keeps services, and makes
// connections into the sandbox for the launcher.
class Supervisor {
 public:
  // Before the agent is started. `control` is the listener for "aileron service".
  static Result<std::unique_ptr<Supervisor>> Make(const os::Fd& channel, const os::Fd& signals,
                                                  os::Fd control, std::string key);
  // Before all else that is started: until the last of them has ended. Failed names the one that
  // did not end well.
  std::expected<void, Failed> RunSteps(const Program& program, const os::Pty* pty,
                                       const os::Fd& nothing);
  // Those of the launch, before the agent. An Error names the one that cannot be started.
  Status StartServices(std::vector<service::Spec> specs);
  // Until the agent or the launcher has ended: the exit code.
  int Run(const Program& program, const os::Child& agent);

 private:
  Supervisor(std::unique_ptr<net::Loop> loop, const os::Fd& signals)
      : loop_(std::move(loop)),
        signals_(signals),
        dialer_(*loop_),
        services_(*loop_, dialer_, [this] { Changed(); }),
        execs_(*loop_, [this](sandbox::Message message, std::vector<os::Fd> descriptors) {
          launcher_->Send(std::move(message), std::move(descriptors));
        }) {}

  void HearSignals();
  void HearLauncher(sandbox::Message message);
  void Connect(const sandbox::Connect& connect);
  void Changed();

  std::unique_ptr<net::Loop> loop_;
  const os::Fd& signals_;
  std::unique_ptr<Watch> signal_watch_;
  std::unique_ptr<LauncherLink> launcher_;
  Dialer dialer_;
  Services services_;
  Execs execs_;
  std::unique_ptr<ServiceServer> server_;
  std::vector<service::Report> told_;
  bool looking_ = false;
  Steps* steps_ = nullptr;
  const os::Child* agent_ = nullptr;
  std::optional<int> code_;
};

Result<std::unique_ptr<Supervisor>> Supervisor::Make(const os::Fd& channel, const os::Fd& signals,
                                                     os::Fd control, std::string key) {
  AILERON_ASSIGN(auto loop, net::Loop::Make());
  std::unique_ptr<Supervisor> made(new Supervisor(std::move(loop), signals));
  Supervisor& self = *made;
  AILERON_ASSIGN(self.signal_watch_,
                 Watch::Make(*self.loop_, signals.get(), [&self] { self.HearSignals(); }));
  LauncherLink::Events events{
      .on_message = [&self](sandbox::Message message) { self.HearLauncher(std::move(message)); },
      // The launcher is gone, and the sandbox goes with it.
      .on_gone = [&self] { self.code_ = 128 + SIGKILL; }};
  AILERON_ASSIGN(self.launcher_, LauncherLink::Make(*self.loop_, channel, std::move(events)));
  AILERON_ASSIGN(self.server_,
                 ServiceServer::Make(*self.loop_, std::move(control), std::move(key),
                                     self.services_, [&self](const std::string& name, auto port) {
                                       self.launcher_->Send(sandbox::Publish{name, port});
                                     }));
  return made;
}

// Reaps who has ended, also those whose parents did not wait for them; none more once the agent is
// one of them, since others may end faster than this goes.
void Supervisor::HearSignals() {
  signalfd_siginfo info;
  while (read(signals_.get(), &info, sizeof info) == sizeof info) {
  }
  while (!code_) {
    siginfo_t ended{};
    if (waitid(P_ALL, 0, &ended, WEXITED | WNOHANG | WNOWAIT) != 0 || ended.si_pid == 0) return;
    services_.AboutToReap(ended.si_pid);
    execs_.AboutToReap(ended.si_pid);
    int status = 0;
    if (waitpid(ended.si_pid, &status, 0) != ended.si_pid) return;
    if (agent_ != nullptr && ended.si_pid == agent_->pid) code_ = os::ExitCode(status);
    if (steps_ != nullptr) steps_->Reaped(ended.si_pid, status);
    services_.Reaped(ended.si_pid, status);
    execs_.Reaped(ended.si_pid, status);
  }
}

void Supervisor::HearLauncher(sandbox::Message message) {
  if (const auto* signal = std::get_if<sandbox::Signal>(&message)) {
    if (steps_ != nullptr) steps_->Signal(signal->number);
    if (agent_ != nullptr) Forward(*agent_, signal->number);
  } else if (const auto* connect = std::get_if<sandbox::Connect>(&message)) {
    Connect(*connect);
  } else if (const auto* published = std::get_if<sandbox::Published>(&message)) {
    services_.Published(published->port);
  } else if (const auto* exec = std::get_if<sandbox::Exec>(&message)) {
    if (agent_ != nullptr) execs_.Start(*exec);
  } else if (const auto* exec_signal = std::get_if<sandbox::ExecSignal>(&message)) {
    execs_.Signal(*exec_signal);
  } else if (const auto* gone = std::get_if<sandbox::ExecGone>(&message)) {
    execs_.Leave(*gone);
  }
}

void Supervisor::Connect(const sandbox::Connect& connect) {
  dialer_.Dial(connect.port, [this, id = connect.id](os::Fd socket) {
    launcher_->Send(sandbox::Connected{id}, std::move(socket));
  });
}

// Many changes of one turn are told as one.
void Supervisor::Changed() {
  if (looking_) return;
  looking_ = true;
  loop_->Post([this] {
    looking_ = false;
    server_->Look();
    std::vector<service::Report> reports = services_.Reports();
    if (reports == told_) return;
    told_ = reports;
    launcher_->Send(sandbox::ServiceReports{std::move(reports)});
  });
}

std::expected<void, Failed> Supervisor::RunSteps(const Program& program, const os::Pty* pty,
                                                 const os::Fd& nothing) {
  if (program.steps.empty()) return {};
  Steps steps(program, pty, nothing);
  steps_ = &steps;
  std::expected<void, Failed> ended;
  for (const std::vector<sandbox::Step>& group : program.steps) {
    ended = steps.Begin(group);
    if (!ended) break;
    while (steps.running() && !steps.failed() && !code_) loop_->Turn(std::chrono::hours(1));
    if (code_)
      ended = std::unexpected(Failed{*code_, {Code::kUnavailable, "the launcher is gone"}});
    if (steps.failed()) ended = std::unexpected(*steps.failed());
    if (!ended) break;
  }
  steps_ = nullptr;
  if (ended) launcher_->Send(sandbox::StepsDone{});
  return ended;
}

Status Supervisor::StartServices(std::vector<service::Spec> specs) {
  for (service::Spec& spec : specs) {
    const std::string name = spec.name;
    const std::vector<std::uint16_t> ports = spec.ports;
    if (auto started = services_.Run(std::move(spec)); !started) {
      return Wrap(started.error(), "cannot start the service {}", name);
    }
    for (const std::uint16_t port : ports) launcher_->Send(sandbox::Publish{name, port});
  }
  return {};
}

int Supervisor::Run(const Program& program, const os::Child& agent) {
  agent_ = &agent;
  execs_.Begin(program);
  launcher_->Send(sandbox::Started{});
  while (!code_) loop_->Turn(std::chrono::hours(1));
  return *code_;
}

// Before there is anything to be mediated: the listener goes out, and nobody inside keeps one.
Status MediateCommands(const os::Fd& channel) {
  AILERON_ASSIGN(const os::Fd listener, sandbox::InstallCommandFilter());
  const int number = listener.get();
  return sandbox::Send(channel.get(), sandbox::CommandCalls{}, {&number, 1});
}

// For this process and the agent that it will start.
Status Confine(const sandbox::Confinement& confinement, const os::Fd& channel) {
  if (confinement.commands == sandbox::Commands::kMediated) AILERON_TRY(MediateCommands(channel));
  if (confinement.landlock != 0) {
    // What the agent was given to write to it may also open by name, as "> /dev/stderr" does.
    constexpr std::array kStandard = {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO};
    AILERON_TRY(os::AllowWritesOnlyBelow(confinement.writable, kStandard));
  }
  return sandbox::InstallAgentFilter(confinement.nesting, confinement.commands);
}

// Puts up the last walls and tries all of them, before the agent exists, so that there is no moment
// without one.
Status RaiseAndProveWalls(const sandbox::Confinement& confinement, const os::Fd& channel) {
  Proof proof(confinement);
  AILERON_TRY(Confine(confinement, channel));
  const std::vector<std::string> missing = proof.Missing();
  if (missing.empty()) return {};
  return Fail(Code::kInternal,
              "a wall of the sandbox does not hold, so nothing was started: {}. See \"aileron "
              "doctor\", and report this if it finds nothing",
              fmt::join(missing, "; "));
}

// The session's token, which the agent's environment has.
std::string KeyIn(const Program& program) {
  for (const std::string& variable : program.environment) {
    if (variable.starts_with(kTokenVariable)) return variable.substr(kTokenVariable.size());
  }
  return {};
}

// The launcher's descriptors are the agent's alone: an end of file must reach who waits for it. The
// numbers stay taken, so that nothing of ours gets one that a new process puts its own into.
void LetGoOfStandardStreams(const os::Fd& nothing) {
  for (int descriptor = 0; descriptor < 3; ++descriptor) dup2(nothing.get(), descriptor);
}

int Report(const os::Fd& channel, Failed failed) {
  const int code = failed.exit_code;
  (void)sandbox::Send(channel.get(), std::move(failed));
  return code;
}

}  // namespace

int RunInit(os::Fd channel, os::Fd control) {
  // Same user as the agent: not dumpable means that it cannot be traced, read or written.
  prctl(PR_SET_DUMPABLE, 0);
  fcntl(channel.get(), F_SETFD, FD_CLOEXEC);
  fcntl(control.get(), F_SETFD, FD_CLOEXEC);
  auto received = sandbox::Receive(channel.get());
  if (!received) return kCannotStart;
  auto* program = std::get_if<Program>(&received->message);
  if (program == nullptr || program->command.empty()) return kCannotStart;
  if (auto distinct = CheckCommandNames(*program); !distinct) {
    return Report(channel, {kBadConfiguration, distinct.error()});
  }

  std::optional<os::Pty> pty;
  if (program->terminals != 0) {
    auto opened = os::OpenPty();
    if (!opened) return Report(channel, {kCannotStart, opened.error()});
    pty = std::move(*opened);
    os::SetWindowSize(pty->master.get(), program->terminal_size);
    const int master = pty->master.get();
    if (!sandbox::Send(channel.get(), sandbox::Terminal{}, {&master, 1})) return kCannotStart;
    pty->master.Reset();
  }

  sigset_t children;
  sigemptyset(&children);
  sigaddset(&children, SIGCHLD);
  sigprocmask(SIG_BLOCK, &children, nullptr);
  const os::Fd signals(signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!signals) return kCannotStart;

  if (auto standing = RaiseAndProveWalls(program->confinement, channel); !standing) {
    return Report(channel, {kCannotStart, standing.error()});
  }
  const os::Fd nothing(open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!nothing)
    return Report(channel, {kCannotStart, os::ErrnoError(errno, "cannot open /dev/null")});
  auto supervisor = Supervisor::Make(channel, signals, std::move(control), KeyIn(*program));
  if (!supervisor) return Report(channel, {kCannotStart, supervisor.error()});
  if (auto ended = (*supervisor)->RunSteps(*program, pty ? &*pty : nullptr, nothing); !ended) {
    return Report(channel, ended.error());
  }
  if (auto started = (*supervisor)->StartServices(std::move(program->services)); !started) {
    return Report(channel, {kCannotStart, started.error()});
  }
  const auto agent = StartAgent(*program, pty ? &*pty : nullptr);
  if (!agent) return Report(channel, agent.error());
  if (pty) pty.reset();
  LetGoOfStandardStreams(nothing);
  return (*supervisor)->Run(*program, *agent);
}

}  // namespace aileron::shim
