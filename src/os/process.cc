#include "os/process.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstddef>
#include <memory>

#include "base/text.h"

#if __has_feature(thread_sanitizer)
// The sanitizer takes clone() for a fork, whose child has a memory of its own.
extern "C" int __clone(int (*run)(void*), void* stack, int flags, void* argument, ...);
#define clone __clone
#endif

namespace aileron::os {

namespace {

std::vector<char*> Pointers(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (const std::string& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

constexpr std::size_t kBorrowerStack = 64u << 10;

struct Borrower {
  const std::function<int()>& become;
  int failure = 0;
};

int RunBorrower(void* argument) {
  Borrower& borrower = *static_cast<Borrower*>(argument);
  // A handler of ours would run on the parent's memory: none is left when signals come in again.
  ResetSignals();
  borrower.failure = borrower.become();
  _exit(127);
}

// What the child does up to its exec. Returns errno of what failed.
int BecomeProgram(const SpawnOptions& options, pid_t parent, char* const* argv,
                  char* const* environment) {
  if (options.own_session) setsid();
  if (options.scheduling) UseScheduling(*options.scheduling);
  if (options.with_parent == WithParent::kDies) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) return ESRCH;  // it ended before the call took hold
  }
  // Two steps, since one target may be another's source: first out of the way, then into place.
  int highest = 3;
  for (const auto& [ours, theirs] : options.descriptors) highest = std::max(highest, theirs + 1);
  auto map = options.descriptors;
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
  if (!options.folder.empty() && chdir(options.folder.c_str()) != 0) return errno;
  execve(options.path.c_str(), argv, environment);
  return errno;
}

}  // namespace

std::expected<Child, int> StartBorrowing(const std::function<int()>& become) {
  const auto stack = std::make_unique_for_overwrite<std::byte[]>(kBorrowerStack);
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  Borrower borrower{become};
  int pidfd = -1;
  const pid_t pid = clone(&RunBorrower, stack.get() + kBorrowerStack,
                          CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD, &borrower, &pidfd);
  const int number = errno;
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (pid < 0) return std::unexpected(number);
  Child child{pid, Fd(pidfd)};
  if (borrower.failure == 0) return child;
  (void)WaitFor(child);
  return std::unexpected(borrower.failure);
}

Result<Child> Spawn(const SpawnOptions& options) {
  const auto argv = Pointers(options.argv);
  const auto environment = Pointers(options.environment);
  const pid_t parent = getpid();
  auto child = StartBorrowing(
      [&] { return BecomeProgram(options, parent, argv.data(), environment.data()); });
  if (!child)
    return std::unexpected(ErrnoError(child.error(), fmt::format("cannot start {}", options.path)));
  return std::move(*child);
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

bool EndsWithin(const Child& child, Duration longest) {
  const Duration end = Uptime() + longest;
  while (true) {
    pollfd watched{child.pidfd.get(), POLLIN, 0};
    const Duration left = std::max(end - Uptime(), Duration::zero());
    const auto wait = std::chrono::ceil<std::chrono::milliseconds>(left).count();
    const int ready = poll(&watched, 1, static_cast<int>(wait));
    if (ready >= 0 || errno != EINTR) return ready > 0;
  }
}

void ResetSignals() {
  for (int number = 1; number < NSIG; ++number) signal(number, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

Result<pid_t> PidOf(const Fd& pidfd) {
  AILERON_ASSIGN(const std::string info,
                 ReadFile(fmt::format("/proc/self/fdinfo/{}", pidfd.get())));
  constexpr std::string_view name = "Pid:";
  for (const std::string_view line : Split(info, '\n')) {
    if (!line.starts_with(name)) continue;
    const auto pid = ParseInteger<pid_t>(Trim(line.substr(name.size())));
    if (pid && *pid > 0) return *pid;
  }
  return Fail(Code::kNotFound, "the process has gone, or cannot be seen from here");
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

Status HardenChild(std::string_view who) {
  HardenProcess();
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) {
    return FailErrno("cannot harden {}", who);
  }
  return {};
}

void UseScheduling(Scheduling scheduling) {
  const int now = sched_getscheduler(0);
  if (now != SCHED_OTHER && now != SCHED_BATCH) return;
  const sched_param none{};
  sched_setscheduler(0, scheduling == Scheduling::kYielding ? SCHED_BATCH : SCHED_OTHER, &none);
}

void UseAllDescriptors() {
  rlimit files;
  if (getrlimit(RLIMIT_NOFILE, &files) != 0) return;
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
}

}  // namespace aileron::os
