#include "sandbox/filter.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <functional>

#include "os/notifications.h"
#include "os/socket.h"

namespace aileron::sandbox {
namespace {

// The errno of `call` in a child behind the filter; 0 when it succeeded.
template <typename Call>
int Behind(Call call, Nesting nesting = Nesting::kRefused) {
  const pid_t child = fork();
  if (child == 0) {
    if (!InstallAgentFilter(nesting)) _exit(255);
    errno = 0;
    _exit(call() < 0 ? errno : 0);
  }
  int status;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(AgentFilter, OrdinaryWorkGoesOn) {
  EXPECT_EQ(Behind([] { return open("/etc/passwd", O_RDONLY); }), 0);
  EXPECT_EQ(Behind([] { return socket(AF_INET6, SOCK_STREAM, 0); }), 0);
  EXPECT_EQ(Behind([] {
              const pid_t child = fork();
              if (child == 0) _exit(0);
              return waitpid(child, nullptr, 0);
            }),
            0);
}

TEST(AgentFilter, NoNewNamespaceByAnyCall) {
  for (const int flag : {CLONE_NEWNS, CLONE_NEWUSER, CLONE_NEWNET, CLONE_NEWPID, CLONE_NEWUTS,
                         CLONE_NEWIPC, CLONE_NEWCGROUP, CLONE_NEWUSER | CLONE_FS}) {
    EXPECT_EQ(Behind([&] { return unshare(flag); }), EPERM) << flag;
    EXPECT_EQ(Behind([&] { return syscall(SYS_clone, flag | SIGCHLD, 0, 0, 0, 0); }), EPERM)
        << flag;
  }
  EXPECT_EQ(Behind([] { return syscall(SYS_clone3, nullptr, 0); }), ENOSYS);
}

TEST(AgentFilter, NestingOpensNamespacesAndMountsAndNothingElse) {
  const auto nested = [](auto call) { return Behind(call, Nesting::kAllowed); };
  // Nonsense that only the kernel itself can find: the call was let in.
  EXPECT_EQ(nested([] { return unshare(CLONE_NEWUSER | 1); }), EINVAL);
  EXPECT_EQ(nested([] { return syscall(SYS_clone, CLONE_NEWUSER | CLONE_THREAD, 0, 0, 0, 0); }),
            EINVAL);
  EXPECT_EQ(nested([] { return syscall(SYS_clone3, nullptr, 0); }), EINVAL);
  EXPECT_EQ(nested([] { return syscall(SYS_setns, -1, 0); }), EBADF);
  EXPECT_EQ(nested([] { return syscall(SYS_keyctl, 0, 0, 0, 0, 0); }), EPERM);
  EXPECT_EQ(nested([] { return syscall(SYS_bpf, 0, nullptr, 0); }), EPERM);
  EXPECT_EQ(nested([] { return syscall(SYS_userfaultfd, 0); }), EPERM);
  EXPECT_EQ(nested([] { return syscall(SYS_io_uring_setup, 1, 0); }), EPERM);
  EXPECT_EQ(nested([] { return socket(AF_PACKET, SOCK_RAW, 0); }), EAFNOSUPPORT);
  EXPECT_EQ(nested([] { return chmod("/none/x", 04755); }), EPERM);
}

TEST(AgentFilter, NoAddressFamilyThatLeavesTheNamespace) {
  for (const int family : {AF_VSOCK, AF_PACKET, AF_ALG, AF_BLUETOOTH, AF_XDP, 200}) {
    EXPECT_EQ(Behind([&] { return socket(family, SOCK_STREAM, 0); }), EAFNOSUPPORT) << family;
  }
}

TEST(AgentFilter, NoTypingIntoATerminal) {
  const int null_device = open("/dev/null", O_RDONLY);
  EXPECT_EQ(Behind([&] { return ioctl(null_device, TIOCSTI, "x"); }), EPERM);
  EXPECT_EQ(Behind([&] { return ioctl(null_device, TIOCGWINSZ, nullptr); }), ENOTTY);
  close(null_device);
}

TEST(AgentFilter, NoKeyringsNoMountsNoRings) {
  EXPECT_EQ(Behind([] { return syscall(SYS_keyctl, 0, 0, 0, 0, 0); }), EPERM);
  EXPECT_EQ(Behind([] { return syscall(SYS_mount, "", "", "", 0, 0); }), EPERM);
  EXPECT_EQ(Behind([] { return syscall(SYS_io_uring_setup, 1, 0); }), EPERM);
}

TEST(AgentFilter, NoSetIdProgramByAnyCall) {
  for (const unsigned bit : {S_ISUID, S_ISGID}) {
    const unsigned mode = bit | 0755;
    EXPECT_EQ(Behind([&] { return syscall(SYS_chmod, "/none", mode); }), EPERM);
    EXPECT_EQ(Behind([&] { return syscall(SYS_fchmod, -1, mode); }), EPERM);
    EXPECT_EQ(Behind([&] { return syscall(SYS_fchmodat, -1, "none", mode); }), EPERM);
    EXPECT_EQ(Behind([&] { return syscall(452, -1, "none", mode, 0); }), EPERM);
    EXPECT_EQ(Behind([&] { return syscall(SYS_creat, "/none/x", mode); }), EPERM);
    EXPECT_EQ(Behind([&] { return syscall(SYS_mknod, "/none/x", S_IFREG | mode, 0); }), EPERM);
    EXPECT_EQ(Behind([&] { return syscall(SYS_mknodat, -1, "x", S_IFREG | mode, 0); }), EPERM);
    EXPECT_EQ(Behind([&] { return syscall(SYS_open, "/none/x", O_CREAT, mode); }), EPERM);
    EXPECT_EQ(Behind([&] { return syscall(SYS_openat, -1, "x", O_CREAT, mode); }), EPERM);
    EXPECT_EQ(Behind([&] { return syscall(SYS_openat, -1, "/", O_TMPFILE | O_RDWR, mode); }),
              EPERM);
    // Without a file to make, the argument means nothing and may hold anything.
    EXPECT_EQ(Behind([&] { return syscall(SYS_openat, -1, "/", O_RDONLY, mode); }), 0);
  }
  EXPECT_EQ(Behind([] { return syscall(SYS_openat2, -1, "x", nullptr, 0); }), ENOSYS);
  EXPECT_EQ(Behind([] { return chmod("/none/x", 0755); }), ENOENT);
}

// What happens to an execve of `path` in a child whose calls wait for `answer`, which is given the
// listener; the exit code.
int Mediated(const char* path, const std::function<void(os::Fd)>& answer) {
  auto ends = os::SocketPair(SOCK_SEQPACKET);
  const pid_t child = fork();
  if (child == 0) {
    auto listener = InstallCommandFilter();
    if (!listener || !InstallAgentFilter(Nesting::kRefused, Commands::kMediated)) _exit(255);
    const int number = listener->get();
    if (!os::SendMessage(ends->first.get(), "x", {&number, 1})) _exit(254);
    listener->Reset();
    execl(path, path, nullptr);
    _exit(errno);
  }
  ends->first.Reset();
  auto message = os::ReceiveMessage(ends->second.get(), 16);
  if (message && message->descriptors.size() == 1) answer(std::move(message->descriptors[0]));
  int status;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(CommandFilter, NothingIsExecutedUnlessWhoSupervisesLetsIt) {
  EXPECT_EQ(Mediated("/bin/true",
                     [](os::Fd listener) {
                       pollfd ready{listener.get(), POLLIN, 0};
                       ASSERT_EQ(poll(&ready, 1, 10'000), 1);
                       os::RefuseWaitingCalls(listener);
                     }),
            EPERM);
  EXPECT_EQ(Mediated("/bin/true", [](os::Fd listener) { listener.Reset(); }), ENOSYS);
  EXPECT_EQ(Mediated("/bin/true",
                     [](os::Fd listener) {
                       const auto page = os::MakeNotificationPage();
                       auto calls = os::Notifications::Make(std::move(listener), *page);
                       const auto call = calls->Next();
                       ASSERT_TRUE(call) << call.error().message;
                       EXPECT_TRUE(calls->GoOn(*call));
                     }),
            0);
}

// Who supervised has died between taking a call and answering it.
TEST(CommandFilter, ACallThatWasTakenAndNotAnsweredFailsForTheNextWhoSupervises) {
  EXPECT_EQ(Mediated("/bin/true",
                     [](os::Fd listener) {
                       const auto page = os::MakeNotificationPage();
                       auto again = listener.Duplicate();
                       {
                         auto calls = os::Notifications::Make(std::move(listener), *page);
                         ASSERT_TRUE(calls->Next());
                       }
                       EXPECT_TRUE(os::Notifications::Make(std::move(*again), *page));
                     }),
            EPERM);
}

TEST(AgentFilter, NobodyElseSupervisesNorWritesTheMemoryThatIsJudged) {
  const auto mediated = [](auto call) {
    const pid_t child = fork();
    if (child == 0) {
      if (!InstallAgentFilter(Nesting::kRefused, Commands::kMediated)) _exit(255);
      errno = 0;
      _exit(call() < 0 ? errno : 0);
    }
    int status;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  };
  const auto second = [] {
    sock_filter code[] = {{BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW}};
    sock_fprog program{1, code};
    return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER,
                   &program);
  };
  EXPECT_EQ(mediated(second), EBUSY);
  EXPECT_EQ(mediated([] { return syscall(SYS_process_vm_writev, getpid(), 0, 0, 0, 0, 0); }),
            EPERM);
  EXPECT_EQ(Behind([] { return syscall(SYS_process_vm_writev, getpid(), 0, 0, 0, 0, 1); }), EINVAL);
}

TEST(AgentFilter, NumbersOfAnotherAbiAreNoCalls) {
  EXPECT_EQ(Behind([] { return syscall(0x40000000 + SYS_getpid); }), ENOSYS);
  // int $0x80 is i386's getpid (20) whatever the program's own architecture.
  EXPECT_EQ(Behind([] {
              long result = 20;
              asm volatile("int $0x80" : "+a"(result) : : "memory");
              errno = static_cast<int>(-result);
              return result == -ENOSYS ? -1 : 0;
            }),
            ENOSYS);
}

}  // namespace
}  // namespace aileron::sandbox
