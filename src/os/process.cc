#include "os/process.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <cerrno>
#include <climits>

namespace aileron::os {

namespace {

std::vector<char*> Pointers(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (const std::string& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

// What the child does between fork and exec. Only async-signal-safe calls: the memory is a copy of
// a process that may have had other threads. Returns errno of what failed.
int BecomeProgram(const SpawnOptions& options, std::vector<std::pair<int, int>>& map, int report,
                  pid_t parent, char* const* argv, char* const* environment) {
  if (options.own_session) setsid();
  if (options.with_parent == WithParent::kDies) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(127);  // it ended before the call took hold
  }
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  for (int number = 1; number < NSIG; ++number) signal(number, SIG_DFL);
  // Two steps, since one target may be another's source: first out of the way, then into place.
  int highest = 3;
  for (const auto& [ours, theirs] : map) highest = std::max(highest, theirs + 1);
  const int parked_report = fcntl(report, F_DUPFD_CLOEXEC, highest);
  if (parked_report < 0) return errno;
  for (auto& [ours, theirs] : map) {
    ours = fcntl(ours, F_DUPFD_CLOEXEC, highest);
    if (ours < 0) return errno;
  }
  for (const auto& [ours, theirs] : map) {
    if (dup2(ours, theirs) < 0) return errno;
  }
  // The rest carries close-on-exec by our own rule; strangers' descriptors are marked here.
  syscall(SYS_close_range, static_cast<unsigned>(highest), UINT_MAX, CLOSE_RANGE_CLOEXEC);
  for (int number = 0; number < highest; ++number) {
    bool kept = number <= 2;
    for (const auto& [ours, theirs] : map) kept = kept || theirs == number;
    if (!kept) close(number);
  }
  if (!options.folder.empty() && chdir(options.folder.c_str()) != 0) {
    const int number = errno;
    [[maybe_unused]] const auto told = write(parked_report, &number, sizeof number);
    _exit(127);
  }
  execve(options.path.c_str(), argv, environment);
  const int number = errno;
  [[maybe_unused]] const auto told = write(parked_report, &number, sizeof number);
  _exit(127);
}

}  // namespace

Result<Child> Spawn(const SpawnOptions& options) {
  int report[2];
  if (pipe2(report, O_CLOEXEC) != 0) return FailErrno("cannot make a pipe");
  Fd reader(report[0]), writer(report[1]);
  const auto argv = Pointers(options.argv);
  const auto environment = Pointers(options.environment);
  auto map = options.descriptors;
  const pid_t parent = getpid();

  int pidfd = -1;
  clone_args args{};
  args.flags = CLONE_PIDFD;
  args.pidfd = reinterpret_cast<std::uint64_t>(&pidfd);
  args.exit_signal = SIGCHLD;
  const auto pid = static_cast<pid_t>(syscall(SYS_clone3, &args, sizeof args));
  if (pid < 0) return FailErrno("cannot start {}", options.path);
  if (pid == 0) {
    const int number =
        BecomeProgram(options, map, writer.get(), parent, argv.data(), environment.data());
    [[maybe_unused]] const auto told = write(writer.get(), &number, sizeof number);
    _exit(127);
  }
  Child child{pid, Fd(pidfd)};
  writer.Reset();
  int number = 0;
  ssize_t count = 0;
  do {
    count = read(reader.get(), &number, sizeof number);
  } while (count < 0 && errno == EINTR);
  if (count == sizeof number) {
    (void)WaitFor(child);
    return std::unexpected(ErrnoError(number, fmt::format("cannot start {}", options.path)));
  }
  return child;
}

Result<int> WaitFor(const Child& child) {
  int status = 0;
  pid_t ended = 0;
  do {
    ended = waitpid(child.pid, &status, 0);
  } while (ended < 0 && errno == EINTR);
  if (ended < 0) return FailErrno("cannot wait for process {}", child.pid);
  return status;
}

Status SignalChild(const Child& child, int signal) {
  if (syscall(SYS_pidfd_send_signal, child.pidfd.get(), signal, nullptr, 0) != 0) {
    return FailErrno("cannot signal process {}", child.pid);
  }
  return {};
}

int ExitCode(int wait_status) {
  if (WIFSIGNALED(wait_status)) return 128 + WTERMSIG(wait_status);
  return WEXITSTATUS(wait_status);
}

void HardenProcess() {
  prctl(PR_SET_DUMPABLE, 0);
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
}

void UseAllDescriptors() {
  rlimit files;
  if (getrlimit(RLIMIT_NOFILE, &files) != 0) return;
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
}

}  // namespace aileron::os
