// Tested by tests/launch/test_exit_codes.py.

#include "shim/init.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "base/text.h"
#include "os/landlock.h"
#include "os/process.h"
#include "os/pty.h"
#include "sandbox/channel.h"
#include "sandbox/filter.h"
#include "shim/command_names.h"
#include "shim/proof.h"

namespace aileron::shim {

namespace {

using sandbox::Failed;
using sandbox::Program;

constexpr int kBadConfiguration = 78;
constexpr int kCannotStart = 125;
constexpr int kNotExecutable = 126;
constexpr int kCommandNotFound = 127;
constexpr std::size_t kLooksAtBytes = 128;

std::vector<char*> Pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

// A shell takes any bytes for a script: only a file without NUL at its beginning is one. errno
// stays.
bool IsText(const std::string& path) {
  const int before = errno;
  const os::Fd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  char begin[kLooksAtBytes];
  const ssize_t count = file ? read(file.get(), begin, sizeof begin) : 0;
  errno = before;
  return count <= 0 || memchr(begin, 0, static_cast<std::size_t>(count)) == nullptr;
}

// The errno of the exec that failed most tellingly: permission before absence.
int ExecSearching(Program& program) {
  const std::vector<char*> environment = Pointers(program.environment);
  const auto attempt = [&](const std::string& path) {
    std::vector<char*> argv = Pointers(program.command);
    execve(path.c_str(), argv.data(), environment.data());
    if (errno != ENOEXEC || !IsText(path)) return errno;
    // A script without "#!" is the shell's, as execvp(3) has it.
    argv.insert(argv.begin(), const_cast<char*>("sh"));
    argv[1] = const_cast<char*>(path.c_str());
    execve("/bin/sh", argv.data(), environment.data());
    return errno;
  };
  const std::string& name = program.command[0];
  if (name.find('/') != std::string::npos) return attempt(name);
  int failure = ENOENT;
  for (const std::string_view folder : Split(SearchPath(program), ':')) {
    const int number = attempt(fmt::format("{}/{}", folder.empty() ? "." : folder, name));
    if (number != ENOENT && number != ENOTDIR) failure = number;
  }
  return failure;
}

// In the agent's process. Returns errno of what failed.
int BecomeAgent(Program& program, const os::Pty* pty) {
  setsid();
  if (pty != nullptr) {
    if (!os::TakeTerminal(pty->slave)) return errno;
    for (int descriptor = 0; descriptor < 3; ++descriptor) {
      if ((program.terminals >> descriptor & 1) != 0) dup2(pty->slave.get(), descriptor);
    }
  }
  if (!program.workdir.empty() && chdir(program.workdir.c_str()) != 0) return errno;
  return ExecSearching(program);
}

// Starts the agent; what to report when its exec failed.
std::expected<os::Child, Failed> StartAgent(Program& program, const os::Pty* pty) {
  // The agent's own dumpable state comes back with its exec.
  auto agent = os::StartBorrowing([&] { return BecomeAgent(program, pty); });
  if (agent) return std::move(*agent);
  const int number = agent.error();
  const bool missing = number == ENOENT || number == ENOTDIR;
  Error error = os::ErrnoError(
      number, fmt::format("cannot run \"{}\" in {}", program.command[0], program.workdir));
  if (missing)
    error.message += ". It must exist inside the sandbox: the host's /home and /tmp are not there";
  return std::unexpected(Failed{missing ? kCommandNotFound : kNotExecutable, std::move(error)});
}

// SIGINT and its like mean the whole job, as when typed at a terminal; the rest mean the agent.
void Forward(const os::Child& agent, int number) {
  const bool job = number == SIGINT || number == SIGQUIT || number == SIGHUP;
  kill(job ? -agent.pid : agent.pid, number);
}

// Reaps all children that have ended; the exit code when the agent was one of them.
std::optional<int> Reap(const os::Child& agent) {
  std::optional<int> code;
  int status;
  for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
    if (pid == agent.pid) code = os::ExitCode(status);
  }
  return code;
}

int Supervise(const os::Child& agent, const os::Fd& channel, const os::Fd& signals) {
  while (true) {
    pollfd ready[2] = {{channel.get(), POLLIN, 0}, {signals.get(), POLLIN, 0}};
    if (poll(ready, 2, -1) < 0 && errno != EINTR) return kCannotStart;
    if (ready[1].revents != 0) {
      signalfd_siginfo info;
      while (read(signals.get(), &info, sizeof info) == sizeof info) {
      }
      if (const auto code = Reap(agent)) return *code;
    }
    if (ready[0].revents == 0) continue;
    const auto received = sandbox::Receive(channel.get());
    if (!received) return 128 + SIGKILL;  // the launcher is gone, and the sandbox goes with it
    if (const auto* signal = std::get_if<sandbox::Signal>(&received->message))
      Forward(agent, signal->number);
  }
}

// For this process and the agent that it will start.
Status Confine(const sandbox::Confinement& confinement) {
  if (confinement.landlock != 0) {
    // What the agent was given to write to it may also open by name, as "> /dev/stderr" does.
    constexpr std::array kStandard = {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO};
    AILERON_TRY(os::AllowWritesOnlyBelow(confinement.writable, kStandard));
  }
  return sandbox::InstallAgentFilter(confinement.nesting);
}

// Puts up the last walls and tries all of them, before the agent exists, so that there is no moment
// without one.
Status RaiseAndProveWalls(const sandbox::Confinement& confinement) {
  Proof proof(confinement);
  AILERON_TRY(Confine(confinement));
  const std::vector<std::string> missing = proof.Missing();
  if (missing.empty()) return {};
  return Fail(Code::kInternal,
              "a wall of the sandbox does not hold, so nothing was started: {}. See \"aileron "
              "doctor\", and report this if it finds nothing",
              fmt::join(missing, "; "));
}

int Report(const os::Fd& channel, Failed failed) {
  const int code = failed.exit_code;
  (void)sandbox::Send(channel.get(), std::move(failed));
  return code;
}

}  // namespace

int RunInit(os::Fd channel) {
  // Same user as the agent: not dumpable means that it cannot be traced, read or written.
  prctl(PR_SET_DUMPABLE, 0);
  fcntl(channel.get(), F_SETFD, FD_CLOEXEC);
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

  if (auto standing = RaiseAndProveWalls(program->confinement); !standing) {
    return Report(channel, {kCannotStart, standing.error()});
  }
  const auto agent = StartAgent(*program, pty ? &*pty : nullptr);
  if (!agent) return Report(channel, agent.error());
  if (pty) pty.reset();
  // The launcher's descriptors are the agent's alone now: an end of file must reach who waits for
  // it.
  for (int descriptor = 0; descriptor < 3; ++descriptor) close(descriptor);
  return Supervise(*agent, channel, signals);
}

}  // namespace aileron::shim
