#include "proxy/confine.h"

#include <fcntl.h>
#include <seccomp.h>
#include <sys/socket.h>

#include "os/call_filter.h"
#include "os/namespaces.h"
#include "os/process.h"

namespace aileron::proxy {
namespace {

// Calls that are let through whatever their arguments are.
constexpr int plain_calls[] = {
    // Bytes, on descriptors that are there already.
    SCMP_SYS(read),
    SCMP_SYS(write),
    SCMP_SYS(close),
    SCMP_SYS(recvfrom),
    SCMP_SYS(recvmsg),
    SCMP_SYS(sendto),
    SCMP_SYS(sendmsg),
    SCMP_SYS(sendmmsg),
    SCMP_SYS(fstat),
    SCMP_SYS(lseek),
    // Sockets; which families may be made is checked below.
    SCMP_SYS(accept4),
    SCMP_SYS(connect),
    SCMP_SYS(bind),
    SCMP_SYS(shutdown),
    SCMP_SYS(getsockname),
    SCMP_SYS(getpeername),
    SCMP_SYS(getsockopt),
    SCMP_SYS(setsockopt),
    // Waiting.
    SCMP_SYS(epoll_wait),
    SCMP_SYS(epoll_pwait),
    SCMP_SYS(epoll_ctl),
    SCMP_SYS(poll),
    SCMP_SYS(ppoll),
    SCMP_SYS(futex),
    SCMP_SYS(clock_nanosleep),
    SCMP_SYS(restart_syscall),
    // Memory; never executable, see below.
    SCMP_SYS(munmap),
    SCMP_SYS(brk),
    SCMP_SYS(mremap),
    SCMP_SYS(madvise),
    SCMP_SYS(mlock),
    SCMP_SYS(munlock),
    // Knowing the time, itself, and chance.
    SCMP_SYS(clock_gettime),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(time),
    SCMP_SYS(getrandom),
    SCMP_SYS(getpid),
    SCMP_SYS(gettid),
    SCMP_SYS(getuid),
    SCMP_SYS(geteuid),
    SCMP_SYS(getgid),
    SCMP_SYS(getegid),
    // Ending, also by abort().
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigaction),
};

// Calls that fail instead of killing.
constexpr int refused_calls[] = {
    SCMP_SYS(open),       SCMP_SYS(openat),    SCMP_SYS(access),     SCMP_SYS(faccessat),
    SCMP_SYS(faccessat2), SCMP_SYS(stat),      SCMP_SYS(newfstatat), SCMP_SYS(readlink),
    SCMP_SYS(uname),      SCMP_SYS(ioctl),     SCMP_SYS(sysinfo),    SCMP_SYS(sched_getaffinity),
    SCMP_SYS(prlimit64),  SCMP_SYS(getrlimit),
};

}  // namespace

Status HardenWorker() {
  AILERON_TRY(os::HardenChild("the worker"));
  // Root's worker is root without the powers; it starts no program that could get them back.
  return os::DropCapabilities();
}

Status Confine() {
  os::CallFilter filter;
  filter.Allow(plain_calls);
  filter.Refuse(refused_calls);
  for (const int family : {AF_INET, AF_INET6}) {
    filter.Allow(SCMP_SYS(socket), {os::ArgumentIs(0, static_cast<std::uint64_t>(family))});
  }
  for (const int command : {F_GETFL, F_SETFL, F_GETFD, F_SETFD}) {
    filter.Allow(SCMP_SYS(fcntl), {os::ArgumentIs(1, static_cast<std::uint64_t>(command))});
  }
  filter.AllowMemoryAndAbort();
  return filter.Load("the worker's");
}

}  // namespace aileron::proxy
