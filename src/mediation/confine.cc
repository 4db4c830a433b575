// Tested by tests/mediation/test_supervisor.py.

#include "mediation/confine.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "os/call_filter.h"
#include "os/mounts.h"
#include "os/namespaces.h"
#include "os/process.h"

namespace aileron::mediation {

namespace {

constexpr unsigned long kPrivate = MS_REC | MS_PRIVATE;
constexpr unsigned long kBindAll = MS_BIND | MS_REC;
// A folder that every machine has, to stand the new root on.
constexpr const char* kPlace = "/dev";

// An empty folder with the proc that this process sees. The old root is left behind for good.
Status LeaveHostFiles() {
  if (unshare(CLONE_NEWNS) != 0) return os::FailErrno("cannot leave the host's mounts");
  if (mount(nullptr, "/", nullptr, kPrivate, nullptr) != 0) {
    return os::FailErrno("cannot part with the host's mounts");
  }
  if (mount("none", kPlace, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=755,size=16k") != 0 ||
      chdir(kPlace) != 0 || mkdir("proc", 0555) != 0) {
    return os::FailErrno("cannot make an empty root folder");
  }
  if (mount("/proc", "proc", nullptr, kBindAll, nullptr) != 0) {
    return os::FailErrno("cannot show /proc in an empty root folder");
  }
  AILERON_TRY(os::ChangeRoot(kPlace));
  mount_attr change{};
  change.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
  if (syscall(SYS_mount_setattr, -1, "/", AT_RECURSIVE, &change, sizeof change) != 0) {
    return os::FailErrno("cannot make an empty root folder read-only");
  }
  return {};
}

Status KeepOnlyTracing() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct sets[2]{};
  sets[0].effective = sets[0].permitted = 1u << CAP_SYS_PTRACE;
  if (syscall(SYS_capset, &header, sets) != 0) return os::FailErrno("cannot drop capabilities");
  return {};
}

Status BecomeOwnerOf(pid_t init_pid) {
  struct stat owner;
  if (stat(fmt::format("/proc/{}", init_pid).c_str(), &owner) != 0) {
    return os::FailErrno("cannot look at the sandbox's first process");
  }
  AILERON_TRY(os::DropBoundingSet());
  // Where the namespace has no groups to leave, it has none to change either.
  (void)syscall(SYS_setgroups, 0, nullptr);
  prctl(PR_SET_KEEPCAPS, 1);
  if (syscall(SYS_setresgid, owner.st_gid, owner.st_gid, owner.st_gid) != 0 ||
      syscall(SYS_setresuid, owner.st_uid, owner.st_uid, owner.st_uid) != 0) {
    return os::FailErrno("cannot become the sandbox's user {}", owner.st_uid);
  }
  prctl(PR_SET_KEEPCAPS, 0);
  return KeepOnlyTracing();
}

// Calls that are let through whatever their arguments are.
constexpr int kCalls[] = {
    // The daemon, and the log.
    SCMP_SYS(read), SCMP_SYS(write), SCMP_SYS(close), SCMP_SYS(recvmsg), SCMP_SYS(sendmsg),
    SCMP_SYS(ppoll), SCMP_SYS(poll),
    // Looking at files of the sandbox and of proc.
    SCMP_SYS(openat), SCMP_SYS(readlink), SCMP_SYS(readlinkat), SCMP_SYS(stat), SCMP_SYS(fstat),
    SCMP_SYS(newfstatat), SCMP_SYS(fstatfs), SCMP_SYS(lseek), SCMP_SYS(getdents64),
    // Tracing.
    SCMP_SYS(ptrace), SCMP_SYS(wait4), SCMP_SYS(process_vm_readv), SCMP_SYS(process_vm_writev),
    SCMP_SYS(sched_setaffinity), SCMP_SYS(sched_getaffinity), SCMP_SYS(getcpu),
    SCMP_SYS(timerfd_settime),
    // Memory; never executable, see below.
    SCMP_SYS(munmap), SCMP_SYS(brk), SCMP_SYS(mremap), SCMP_SYS(madvise), SCMP_SYS(futex),
    // The time, itself, and ending.
    SCMP_SYS(clock_gettime), SCMP_SYS(gettimeofday), SCMP_SYS(getpid), SCMP_SYS(gettid),
    SCMP_SYS(getrandom), SCMP_SYS(exit), SCMP_SYS(exit_group), SCMP_SYS(restart_syscall),
    SCMP_SYS(rt_sigreturn), SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigaction)};

}  // namespace

Status HardenMediator() { return os::HardenChild("the mediator"); }

Status EnterSandboxOf(const os::Fd& init, pid_t init_pid) {
  if (setns(init.get(), CLONE_NEWUSER) != 0) {
    return os::FailErrno("cannot join the sandbox's user namespace");
  }
  if (setns(init.get(), CLONE_NEWNET) != 0)
    return os::FailErrno("cannot join the sandbox's network");
  AILERON_TRY(LeaveHostFiles());
  AILERON_TRY(BecomeOwnerOf(init_pid));
  // Both were reset by the change of user.
  return HardenMediator();
}

Status FilterCalls() {
  os::CallFilter filter;
  filter.Allow(kCalls);
  for (const unsigned long request : {SECCOMP_IOCTL_NOTIF_RECV, SECCOMP_IOCTL_NOTIF_SEND}) {
    filter.Allow(SCMP_SYS(ioctl), {os::ArgumentIs(1, request)});
  }
  for (const int command : {F_GETFL, F_SETFL, F_GETFD, F_SETFD, F_DUPFD_CLOEXEC}) {
    filter.Allow(SCMP_SYS(fcntl), {os::ArgumentIs(1, static_cast<std::uint64_t>(command))});
  }
  // Who it may kill is a question of namespace and user.
  filter.Allow(SCMP_SYS(kill), {os::ArgumentIs(1, SIGKILL)});
  filter.AllowMemoryAndAbort();
  return filter.Load("the mediator's");
}

}  // namespace aileron::mediation
