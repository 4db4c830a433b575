#include "proxy/confine.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <functional>

#if !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer)

namespace aileron::proxy {
namespace {

// The wait status of a confined child that runs `action` and exits with what it returns.
int Confined(const std::function<int()>& action) {
  const pid_t child = fork();
  if (child == 0) {
    if (!HardenWorker() || !Confine()) _exit(99);
    _exit(action());
  }
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  return status;
}

bool Killed(const std::function<int()>& action) {
  const int status = Confined(action);
  return WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS;
}

TEST(Confine, SocketsMemoryAndTimeStillWork) {
  EXPECT_EQ(Confined([] {
              const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
              void* memory = mmap(nullptr, 1 << 20, PROT_READ | PROT_WRITE,
                                  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
              return socket >= 0 && memory != MAP_FAILED && time(nullptr) > 0 ? 0 : 1;
            }),
            0);
}

TEST(Confine, NoFileIsOpened) {
  EXPECT_EQ(Confined([] { return open("/etc/passwd", O_RDONLY) < 0 && errno == EACCES ? 0 : 1; }),
            0);
}

TEST(Confine, NoProgramProcessSignalOrOtherSocketIsPossible) {
  EXPECT_TRUE(Killed([] { return execl("/bin/true", "true", nullptr); }));
  EXPECT_TRUE(Killed([] { return fork() < 0 ? 1 : 0; }));
  EXPECT_TRUE(Killed([] { return kill(getppid(), 0); }));
  EXPECT_TRUE(Killed([] { return ::socket(AF_UNIX, SOCK_STREAM, 0); }));
  EXPECT_TRUE(Killed([] { return ::socket(AF_NETLINK, SOCK_RAW, 0); }));
}

// Calls that a confined process may make, whatever their arguments are. Every other one, of those
// that this kernel has and of those to come, must kill it, or fail before the kernel looks at it.
// Two of the kernel's own (uretprobe, uprobe) pass every filter; called by a program they fail.
constexpr long kAllowed[] = {
    SYS_read,
    SYS_write,
    SYS_close,
    SYS_recvfrom,
    SYS_recvmsg,
    SYS_sendto,
    SYS_sendmsg,
    SYS_sendmmsg,
    SYS_fstat,
    SYS_lseek,
    SYS_accept4,
    SYS_connect,
    SYS_bind,
    SYS_shutdown,
    SYS_getsockname,
    SYS_getpeername,
    SYS_getsockopt,
    SYS_setsockopt,
    SYS_epoll_wait,
    SYS_epoll_pwait,
    SYS_epoll_ctl,
    SYS_poll,
    SYS_ppoll,
    SYS_futex,
    SYS_clock_nanosleep,
    SYS_restart_syscall,
    SYS_munmap,
    SYS_brk,
    SYS_mremap,
    SYS_madvise,
    SYS_mlock,
    SYS_munlock,
    SYS_clock_gettime,
    SYS_gettimeofday,
    SYS_time,
    SYS_getrandom,
    SYS_getpid,
    SYS_gettid,
    SYS_getuid,
    SYS_geteuid,
    SYS_getgid,
    SYS_getegid,
    SYS_exit,
    SYS_exit_group,
    SYS_rt_sigreturn,
    SYS_rt_sigprocmask,
    SYS_rt_sigaction,
};
constexpr long kProbes[] = {335, 336};
constexpr long kNumbers = 1024;  // Linux 6.18 has 470
constexpr long kX32 = 0x40000000;

TEST(Confine, EveryOtherSystemCallKillsOrFails) {
  for (long number = 0; number < kNumbers; ++number) {
    if (std::ranges::find(kAllowed, number) != std::end(kAllowed)) continue;
    if (std::ranges::find(kProbes, number) != std::end(kProbes)) continue;
    for (const long variant : {number, number | kX32}) {
      const int status = Confined([variant] {
        return syscall(variant, -1L, -1L, -1L, -1L, -1L, -1L) == -1 && errno == EACCES ? 0 : 1;
      });
      EXPECT_TRUE((WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS) || status == 0) << variant;
    }
  }
}

TEST(Confine, CanaryACallThatIsLetThroughIsSeen) {
  EXPECT_EQ(WEXITSTATUS(Confined([] {
              return syscall(SYS_getpid, -1L, -1L, -1L) == -1 && errno == EACCES ? 0 : 1;
            })),
            1);
}

TEST(Confine, NoCallOfThe32BitTable) {
  EXPECT_TRUE(Killed([] {
    long result = 20;  // getpid there
    asm volatile("int $0x80" : "+a"(result)::"memory");
    return result > 0 ? 1 : 0;
  }));
}

TEST(Confine, NoMemoryBecomesExecutable) {
  EXPECT_TRUE(Killed([] {
    void* memory = mmap(nullptr, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return memory == MAP_FAILED ? 1 : 0;
  }));
}

}  // namespace
}  // namespace aileron::proxy

#endif
