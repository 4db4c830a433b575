#include "proxy/confine.h"

#include <fcntl.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include <cerrno>
#include <memory>

#include "os/fd.h"
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

// Calls that fail instead of killing: libraries try them, and live without.
constexpr int refused_calls[] = {
    SCMP_SYS(open),       SCMP_SYS(openat),    SCMP_SYS(access),     SCMP_SYS(faccessat),
    SCMP_SYS(faccessat2), SCMP_SYS(stat),      SCMP_SYS(newfstatat), SCMP_SYS(readlink),
    SCMP_SYS(uname),      SCMP_SYS(ioctl),     SCMP_SYS(sysinfo),    SCMP_SYS(sched_getaffinity),
    SCMP_SYS(prlimit64),  SCMP_SYS(getrlimit),
};

scmp_arg_cmp Is(unsigned argument, long value) {
  return {argument, SCMP_CMP_EQ, static_cast<scmp_datum_t>(value), 0};
}

int AddRules(scmp_filter_ctx filter) {
  int result = 0;
  const auto add = [&](std::uint32_t action, int call, std::initializer_list<scmp_arg_cmp> when) {
    if (result != 0) return;
    result = seccomp_rule_add_array(filter, action, call, static_cast<unsigned>(when.size()),
                                    when.begin());
  };
  for (const int call : plain_calls) add(SCMP_ACT_ALLOW, call, {});
  for (const int call : refused_calls) add(SCMP_ACT_ERRNO(EACCES), call, {});
  for (const int family : {AF_INET, AF_INET6})
    add(SCMP_ACT_ALLOW, SCMP_SYS(socket), {Is(0, family)});
  for (const int command : {F_GETFL, F_SETFL, F_GETFD, F_SETFD}) {
    add(SCMP_ACT_ALLOW, SCMP_SYS(fcntl), {Is(1, command)});
  }
  // No page is ever executable: neither new nor changed.
  for (const int call : {SCMP_SYS(mmap), SCMP_SYS(mprotect)}) {
    add(SCMP_ACT_ALLOW, call, {{2, SCMP_CMP_MASKED_EQ, static_cast<scmp_datum_t>(PROT_EXEC), 0}});
  }
  // abort() signals the thread itself, and nobody else can be signalled.
  add(SCMP_ACT_ALLOW, SCMP_SYS(tgkill), {Is(0, getpid())});
  return result;
}

}  // namespace

Status HardenWorker() {
  os::HardenProcess();
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) {
    return os::FailErrno("cannot harden the worker");
  }
  // Root's worker is root without the powers; it starts no program that could get them back.
  return os::DropCapabilities();
}

Status Confine() {
  const std::unique_ptr<void, void (*)(scmp_filter_ctx)> filter(seccomp_init(SCMP_ACT_KILL_PROCESS),
                                                                seccomp_release);
  if (!filter) return Fail(Code::kInternal, "cannot make a seccomp filter");
  int result = AddRules(filter.get());
  // Sorted as a tree: a request costs a dozen calls, and each walks the filter.
  if (result == 0) (void)seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_OPTIMIZE, 2);
  if (result == 0) result = seccomp_load(filter.get());
  if (result != 0) {
    return Fail(Code::kUnsupported, "cannot install the worker's seccomp filter: {}",
                std::strerror(-result));
  }
  return {};
}

}  // namespace aileron::proxy
