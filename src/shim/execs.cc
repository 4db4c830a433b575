// Tested by tests/launch/test_exec.py.

#include "shim/execs.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <climits>
#include <optional>
#include <utility>

#include "os/pipe.h"
#include "os/pty.h"
#include "shim/executable.h"
#include "shim/limits.h"

namespace aileron::shim {

namespace {

constexpr int kCannotStart = 125;
constexpr int kStreams = 3;

// What stands at 0, 1 and 2 of the command.
struct Streams {
  std::array<os::Fd, kStreams> inner;
  os::Fd terminal;  // its end of it
  unsigned terminals = 0;
};

bool IsTerminal(unsigned terminals, int stream) { return (terminals >> stream & 1) != 0; }

Result<Streams> MakeStreams(const sandbox::Exec& exec, std::vector<os::Fd>& outer) {
  Streams streams{.inner = {}, .terminal = {}, .terminals = exec.terminals};
  for (int stream = 0; stream < kStreams; ++stream) {
    if (IsTerminal(exec.terminals, stream)) continue;
    os::Fd& inner = streams.inner.at(static_cast<std::size_t>(stream));
    if (stream == STDIN_FILENO && !exec.input) {
      inner = os::Fd(open("/dev/null", O_RDONLY | O_CLOEXEC));
      if (!inner) return os::FailErrno("cannot open /dev/null");
      continue;
    }
    AILERON_ASSIGN(os::Pipe pipe, os::MakePipe());
    inner = std::move(stream == STDIN_FILENO ? pipe.reader : pipe.writer);
    outer.push_back(std::move(stream == STDIN_FILENO ? pipe.writer : pipe.reader));
  }
  if (exec.terminals != 0) {
    AILERON_ASSIGN(os::Pty pty, os::OpenPty());
    os::SetWindowSize(pty.master.get(), exec.size);
    streams.terminal = std::move(pty.slave);
    outer.push_back(std::move(pty.master));
  }
  return streams;
}

// In the new process. Returns errno of what failed.
int Become(Executable& executable, const Streams& streams, const char* folder) {
  setsid();
  if (streams.terminal && !os::TakeTerminal(streams.terminal)) return errno;
  for (int stream = 0; stream < kStreams; ++stream) {
    const os::Fd& inner = IsTerminal(streams.terminals, stream)
                              ? streams.terminal
                              : streams.inner.at(static_cast<std::size_t>(stream));
    if (dup2(inner.get(), stream) < 0) return errno;
  }
  syscall(SYS_close_range, static_cast<unsigned>(kStreams), UINT_MAX, CLOSE_RANGE_CLOEXEC);
  if (*folder != '\0' && chdir(folder) != 0) return errno;
  return executable.Exec();
}

// Of one that has ended and cannot be waited for: the last field that proc has of it.
int StatusOfHeld(pid_t pid) {
  int status = SIGKILL;
  const auto text = os::ReadFile(fmt::format("/proc/{}/stat", pid));
  if (!text) return status;
  const char* const first = text->data() + text->rfind(' ') + 1;
  std::from_chars(first, text->data() + text->size(), status);
  return status;
}

}  // namespace

std::vector<std::string> Merged(std::vector<std::string> variables,
                                const std::vector<std::string>& others) {
  for (const std::string& other : others) {
    const std::string name = other.substr(0, other.find('=') + 1);
    std::erase_if(variables, [&](const std::string& one) { return one.starts_with(name); });
    variables.push_back(other);
  }
  return variables;
}

void Execs::Begin(const sandbox::Program& program) {
  environment_ = program.environment;
  folder_ = program.workdir;
}

std::expected<os::Child, sandbox::ExecEnded> Execs::Run(const sandbox::Exec& exec,
                                                        std::vector<os::Fd>& outer) const {
  const auto failed = [&](int code, std::string error) {
    return std::unexpected(sandbox::ExecEnded{exec.id, code, std::move(error)});
  };
  if (exec.command.empty()) return failed(kCannotStart, "there is no command");
  if (running_.size() >= limits::kExecs || running_.contains(exec.id))
    return failed(kCannotStart, "too many commands run beside the agent already");
  const auto streams = MakeStreams(exec, outer);
  if (!streams) return failed(kCannotStart, streams.error().message);
  const std::string& folder = exec.workdir.empty() ? folder_ : exec.workdir;
  const std::vector<std::string> environment = Merged(environment_, exec.environment);
  Executable executable(exec.command, environment);
  auto child = os::StartBorrowing([&] { return Become(executable, *streams, folder.c_str()); });
  if (child) return std::move(*child);
  return failed(ExitCodeOfExec(child.error()),
                CannotRun(child.error(), exec.command[0], folder, environment).message);
}

void Execs::Start(const sandbox::Exec& exec) {
  std::vector<os::Fd> outer;
  auto child = Run(exec, outer);
  if (!child) return tell_(std::move(child.error()), {});
  const std::uint32_t id = exec.id;
  auto one = std::make_unique<Running>(loop_, *std::move(child), [this, id] { Late(id); });
  // Without a watch it is reaped as all are.
  if (auto watch = Watch::Make(loop_, one->child.pidfd.get(), [this, id] { HearEnd(id); }))
    one->watch = std::move(*watch);
  running_[id] = std::move(one);
  tell_(sandbox::ExecBegun{exec.id}, std::move(outer));
}

// As a terminal would: to the whole job. What ends a single program is for it alone.
void Execs::Signal(const sandbox::ExecSignal& signal) {
  const auto found = running_.find(signal.id);
  if (found == running_.end()) return;
  const pid_t pid = found->second->child.pid;
  const bool job = signal.number == SIGINT || signal.number == SIGQUIT || signal.number == SIGHUP;
  kill(job ? -pid : pid, signal.number);
}

// It may put something in order, as when a terminal is closed, but not for long.
void Execs::Leave(const sandbox::ExecGone& gone) {
  const auto found = running_.find(gone.id);
  if (found == running_.end() || found->second->left) return;
  Running& one = *found->second;
  one.left = true;
  kill(-one.child.pid, SIGHUP);
  kill(-one.child.pid, SIGCONT);
  one.deadline.Set(limits::kExecGrace);
}

// Init reaps what has ended, but not what somebody traces until that one has waited for it.
void Execs::HearEnd(std::uint32_t id) {
  const auto found = running_.find(id);
  if (found == running_.end()) return;
  found->second->watch.reset();
  const pid_t pid = found->second->child.pid;
  siginfo_t ended{};
  if (waitid(P_PID, static_cast<id_t>(pid), &ended, WEXITED | WNOHANG | WNOWAIT) != 0) return;
  if (ended.si_pid != 0) return;
  const int status = StatusOfHeld(pid);
  if (found->second->left || WIFSIGNALED(status)) kill(-pid, SIGKILL);
  End(id, status);
}

// Killed, it ends at once, unless it is held in its last stop.
void Execs::Late(std::uint32_t id) {
  const auto found = running_.find(id);
  if (found == running_.end()) return;
  Running& one = *found->second;
  kill(-one.child.pid, SIGKILL);
  if (std::exchange(one.killed, true)) return End(id, SIGKILL);
  one.deadline.Set(limits::kExecGrace);
}

void Execs::End(std::uint32_t id, int wait_status) {
  running_.erase(id);
  tell_(sandbox::ExecEnded{id, os::ExitCode(wait_status), {}}, {});
}

// What was ended from outside leaves nothing behind; what ended by itself may have meant to.
void Execs::AboutToReap(pid_t pid) {
  for (const auto& [id, one] : running_) {
    if (one->child.pid != pid) continue;
    siginfo_t ended{};
    const bool known =
        waitid(P_PID, static_cast<id_t>(pid), &ended, WEXITED | WNOHANG | WNOWAIT) == 0;
    if (one->left || (known && ended.si_code != CLD_EXITED)) kill(-pid, SIGKILL);
  }
}

void Execs::Reaped(pid_t pid, int wait_status) {
  const auto found =
      std::ranges::find_if(running_, [&](const auto& one) { return one.second->child.pid == pid; });
  if (found != running_.end()) End(found->first, wait_status);
}

}  // namespace aileron::shim
