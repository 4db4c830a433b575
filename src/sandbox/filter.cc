#include "sandbox/filter.h"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <optional>
#include <vector>

#include "os/call_filter.h"
#include "os/fd.h"

namespace aileron::sandbox {

namespace {

// What a program that builds a sandbox of its own needs inside its user namespace.
constexpr std::array<std::uint32_t, 14> kNesting = {
    SYS_mount,         SYS_umount2, SYS_pivot_root,  SYS_chroot,       SYS_fsopen,
    SYS_fsconfig,      SYS_fsmount, SYS_fspick,      SYS_move_mount,   SYS_open_tree,
    SYS_mount_setattr, SYS_setns,   SYS_sethostname, SYS_setdomainname};

constexpr std::array<std::uint32_t, 32> kDenied = {
    // file systems
    SYS_open_by_handle_at, SYS_name_to_handle_at, SYS_quotactl, SYS_quotactl_fd,
    // the kernel itself
    SYS_bpf, SYS_perf_event_open, SYS_userfaultfd, SYS_kexec_load, SYS_kexec_file_load,
    SYS_init_module, SYS_finit_module, SYS_delete_module, SYS_reboot, SYS_swapon, SYS_swapoff,
    SYS_acct, SYS_iopl, SYS_ioperm, SYS_settimeofday, SYS_clock_settime, SYS_clock_adjtime,
    SYS_adjtimex, SYS_syslog, SYS_vhangup, SYS_modify_ldt, SYS_uselib,
    // keyrings are the user's, not the sandbox's
    SYS_add_key, SYS_request_key, SYS_keyctl,
    // asynchronous calls that no filter sees
    SYS_io_uring_setup, SYS_io_uring_enter, SYS_io_uring_register};

constexpr std::uint32_t kNamespaceFlags = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS |
                                          CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID |
                                          CLONE_NEWNET;
// No agent's program needs the others; AF_VSOCK would even leave the network namespace.
constexpr std::array<std::uint32_t, 4> kFamilies = {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK};
constexpr std::array<std::uint32_t, 3> kTerminalRequests = {TIOCSTI, TIOCLINUX, TIOCSETD};

constexpr std::uint32_t kX32 = 0x40000000;  // set in the numbers of the x32 calls
constexpr std::uint32_t kAllow = SECCOMP_RET_ALLOW;
constexpr std::uint32_t Errno(std::uint32_t number) { return SECCOMP_RET_ERRNO | number; }

// A classic BPF program over seccomp_data (seccomp(2)), written straight down: each test is
// followed by its verdict, so that no jump is longer than one instruction or the block that it
// skips. The kernel computes for each call number whether it is always allowed, and then never runs
// this.
class Program {
 public:
  void Load(std::size_t offset) {
    Put(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offset), 0, 0);
  }
  // The lower half of an argument: the upper half of an int is not the caller's to use.
  void LoadArgument(std::size_t index) { Load(offsetof(seccomp_data, args) + index * 8); }
  void Return(std::uint32_t verdict) { Put(BPF_RET | BPF_K, verdict, 0, 0); }
  void IfEqual(std::uint32_t value, std::uint32_t verdict) { If(BPF_JEQ, value, verdict); }
  void IfAnyBit(std::uint32_t bits, std::uint32_t verdict) { If(BPF_JSET, bits, verdict); }
  void IfNoBit(std::uint32_t bits, std::uint32_t verdict) {
    Put(BPF_JMP | BPF_JSET | BPF_K, bits, 1, 0);
    Return(verdict);
  }
  void IfAtLeast(std::uint32_t value, std::uint32_t verdict) { If(BPF_JGE, value, verdict); }
  void IfNot(std::uint32_t value, std::uint32_t verdict) {
    Put(BPF_JMP | BPF_JEQ | BPF_K, value, 1, 0);
    Return(verdict);
  }
  // For one call number: a block that looks at the arguments and always ends in a verdict.
  template <typename Block>
  void ForCall(std::uint32_t number, Block block) {
    const std::size_t jump = code_.size();
    Put(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 0);
    block();
    code_[jump].jf = static_cast<std::uint8_t>(code_.size() - jump - 1);
  }

  // What the kernel gives back for `flags`.
  Result<int> Install(unsigned flags = 0) {
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
      return os::FailErrno("cannot forbid new privileges");
    }
    const sock_fprog program{static_cast<unsigned short>(code_.size()), code_.data()};
    const long result = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
    if (result < 0) return os::FailErrno("cannot install the system call filter");
    return static_cast<int>(result);
  }

 private:
  void If(std::uint16_t test, std::uint32_t value, std::uint32_t verdict) {
    Put(static_cast<std::uint16_t>(BPF_JMP | BPF_K | test), value, 0, 1);
    Return(verdict);
  }
  void Put(std::uint16_t code, std::uint32_t k, std::uint8_t jt, std::uint8_t jf) {
    code_.push_back({code, jt, jf, k});
  }
  std::vector<sock_filter> code_;
};

// Calls that set a file's mode. `flags` is the argument that says whether one is made at all.
struct ModeCall {
  std::uint32_t number;
  std::size_t mode;
  std::optional<std::size_t> flags;
};
constexpr std::uint32_t kFchmodat2 = 452;
constexpr std::array<ModeCall, 9> kModeCalls = {{{SYS_chmod, 1, {}},
                                                 {SYS_fchmod, 1, {}},
                                                 {SYS_fchmodat, 2, {}},
                                                 {kFchmodat2, 2, {}},
                                                 {SYS_mknod, 1, {}},
                                                 {SYS_mknodat, 2, {}},
                                                 {SYS_creat, 1, {}},
                                                 {SYS_open, 2, 1},
                                                 {SYS_openat, 3, 2}}};

// The workspace is the host's, and what is made there belongs to the caller: a set-user-id program
// would give the caller's account, even root's, to everyone who may run it.
void RefuseSetId(Program& program) {
  constexpr std::uint32_t kMakes = O_CREAT | (O_TMPFILE & ~O_DIRECTORY);
  for (const ModeCall& call : kModeCalls) {
    program.ForCall(call.number, [&] {
      if (call.flags) {
        program.LoadArgument(*call.flags);
        program.IfNoBit(kMakes, kAllow);
      }
      program.LoadArgument(call.mode);
      program.IfAnyBit(S_ISUID | S_ISGID, Errno(EPERM));
      program.Return(kAllow);
    });
  }
  // Its mode stands in memory; libraries fall back to openat().
  program.IfEqual(SYS_openat2, Errno(ENOSYS));
}

void RefuseNesting(Program& program) {
  for (const std::uint32_t call : kNesting) program.IfEqual(call, Errno(EPERM));
  // Its flags stand in memory, where a filter cannot look; libraries fall back to clone().
  program.IfEqual(SYS_clone3, Errno(ENOSYS));
  program.ForCall(SYS_clone, [&] {
    program.LoadArgument(0);
    program.IfAnyBit(kNamespaceFlags, Errno(EPERM));
    program.Return(kAllow);
  });
  program.ForCall(SYS_unshare, [&] {
    program.LoadArgument(0);
    // For clone() the bit of CLONE_NEWTIME belongs to the exit signal.
    program.IfAnyBit(kNamespaceFlags | CLONE_NEWTIME, Errno(EPERM));
    program.Return(kAllow);
  });
}

// The memory that commands are judged by is their own, and of two listeners the newer one would be
// asked: a kernel that allowed a second must not give one to the agent.
void KeepMediation(Program& program) {
  program.IfEqual(SYS_process_vm_writev, Errno(EPERM));
  program.ForCall(SYS_seccomp, [&] {
    program.LoadArgument(1);
    program.IfAnyBit(SECCOMP_FILTER_FLAG_NEW_LISTENER, Errno(EBUSY));
    program.Return(kAllow);
  });
}

// Since Linux 5.19: a signal that is not deadly does not take back a call that was handed out,
// which the runtime of Go would do all the time.
constexpr unsigned kWaitKillable = 1u << 5;

}  // namespace

std::vector<std::string> NamesOfDeniedCalls() {
  std::vector<std::string> names;
  for (const std::uint32_t call : kDenied) {
    std::string name = os::NameOfCall(static_cast<int>(call));
    if (!name.empty()) names.push_back(std::move(name));
  }
  return names;
}

Result<os::Fd> InstallCommandFilter() {
  Program program;
  program.Load(offsetof(seccomp_data, arch));
  program.IfNot(AUDIT_ARCH_X86_64, kAllow);  // the agent's filter refuses those
  program.Load(offsetof(seccomp_data, nr));
  program.IfEqual(SYS_execve, SECCOMP_RET_USER_NOTIF);
  program.IfEqual(SYS_execveat, SECCOMP_RET_USER_NOTIF);
  program.Return(kAllow);
  auto listener = program.Install(SECCOMP_FILTER_FLAG_NEW_LISTENER | kWaitKillable);
  if (!listener) listener = program.Install(SECCOMP_FILTER_FLAG_NEW_LISTENER);
  if (!listener) return std::unexpected(std::move(listener.error()));
  return os::Fd(*listener);
}

Status InstallAgentFilter(Nesting nesting, Commands commands) {
  Program program;
  program.Load(offsetof(seccomp_data, arch));
  program.IfNot(AUDIT_ARCH_X86_64, Errno(ENOSYS));
  program.Load(offsetof(seccomp_data, nr));
  program.IfAtLeast(kX32, Errno(ENOSYS));
  for (const std::uint32_t call : kDenied) program.IfEqual(call, Errno(EPERM));
  if (nesting == Nesting::kRefused) RefuseNesting(program);
  if (commands == Commands::kMediated) KeepMediation(program);
  program.ForCall(SYS_socket, [&] {
    program.LoadArgument(0);
    for (const std::uint32_t family : kFamilies) program.IfEqual(family, kAllow);
    program.Return(Errno(EAFNOSUPPORT));
  });
  RefuseSetId(program);
  program.ForCall(SYS_ioctl, [&] {
    program.LoadArgument(1);
    for (const std::uint32_t request : kTerminalRequests) program.IfEqual(request, Errno(EPERM));
    program.Return(kAllow);
  });
  program.Return(kAllow);
  AILERON_TRY(program.Install());
  return {};
}

}  // namespace aileron::sandbox
