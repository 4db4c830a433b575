// Tested by tests/image/test_devcontainer_launch.py.

#include "shim/steps.h"

#include <signal.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>

#include "os/process.h"

namespace aileron::shim {

namespace {

using sandbox::Failed;
using sandbox::Step;

constexpr int kCannotStart = 125;

// Without this process being stopped for it, which may be in the background there.
void PutInForeground(const os::Pty& pty, pid_t group) {
  sigset_t stop, before;
  sigemptyset(&stop);
  sigaddset(&stop, SIGTTOU);
  sigprocmask(SIG_BLOCK, &stop, &before);
  tcsetpgrp(pty.slave.get(), group);
  sigprocmask(SIG_SETMASK, &before, nullptr);
}

// One that was interrupted ends as the agent would have.
Failed FailureOf(const Step& step, int status) {
  const bool by_signal = WIFSIGNALED(status);
  const int number = by_signal ? WTERMSIG(status) : WEXITSTATUS(status);
  const bool interrupted =
      by_signal && (number == SIGINT || number == SIGTERM || number == SIGHUP || number == SIGQUIT);
  return {interrupted ? os::ExitCode(status) : kCannotStart,
          {Code::kUnavailable,
           fmt::format("{} {} {}, and so nothing was started", step.what,
                       by_signal ? "was ended by signal" : "failed with exit code", number)}};
}

}  // namespace

Steps::Steps(const sandbox::Program& program, const os::Pty* pty, const os::Fd& nothing)
    : program_(program), pty_(pty), nothing_(nothing) {
  if (pty_ != nullptr && !os::TakeTerminal(pty_->slave)) pty_ = nullptr;
}

// What still runs in the background is not told of it: the signal is for the foreground alone.
Steps::~Steps() {
  if (pty_ == nullptr) return;
  PutInForeground(*pty_, getpgrp());
  ioctl(pty_->slave.get(), TIOCNOTTY);
}

bool Steps::OnTerminal() const {
  return pty_ != nullptr && (program_.terminals >> STDERR_FILENO & 1) != 0;
}

// In the new process. Returns errno of what failed.
int Steps::Become(Executable& executable) const {
  if (setpgid(0, group_) != 0) return errno;
  if (pty_ != nullptr && group_ == 0) PutInForeground(*pty_, getpgrp());
  const int output = OnTerminal() ? pty_->slave.get() : STDERR_FILENO;
  if (dup2(nothing_.get(), STDIN_FILENO) < 0) return errno;
  if (dup2(output, STDOUT_FILENO) < 0 || dup2(output, STDERR_FILENO) < 0) return errno;
  syscall(SYS_close_range, 3u, UINT_MAX, CLOSE_RANGE_CLOEXEC);
  if (!program_.workdir.empty() && chdir(program_.workdir.c_str()) != 0) return errno;
  return executable.Exec();
}

std::expected<void, Failed> Steps::Begin(std::span<const Step> group) {
  group_ = 0;
  for (const Step& step : group) {
    if (step.command.empty()) continue;
    Executable executable(step.command, program_.environment);
    const auto child = os::StartBorrowing([&] { return Become(executable); });
    if (!child) {
      const Error error =
          CannotRun(child.error(), step.command[0], program_.workdir, program_.environment);
      return std::unexpected(
          Failed{kCannotStart, {error.code, fmt::format("{}: {}", step.what, error.message)}});
    }
    if (group_ == 0) group_ = child->pid;
    running_.push_back({child->pid, &step});
  }
  return {};
}

void Steps::Reaped(pid_t pid, int status) {
  const auto found = std::ranges::find(running_, pid, &Running::pid);
  if (found == running_.end()) return;
  if (status != 0 && !failed_) failed_ = FailureOf(*found->step, status);
  running_.erase(found);
}

void Steps::Signal(int number) const {
  if (running()) kill(-group_, number);
}

}  // namespace aileron::shim
