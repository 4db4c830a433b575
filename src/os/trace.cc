#include "os/trace.h"

#include <elf.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>

#include <cerrno>
#include <cstring>

#include "os/fd.h"

namespace aileron::os {

namespace {

// The code of a replacement. The number is loaded by the code itself: the kernel sets the register
// to the result of the execve that is just ending.
//
//   b8 3b 00 00 00   mov $59, %eax     execve
//   0f 05            syscall
//   0f 0b            ud2
constexpr unsigned char kCode[16] = {0xb8, SYS_execve, 0,    0,    0,    0x0f, 0x05, 0x0f,
                                     0x0b, 0x0f,       0x0b, 0x0f, 0x0b, 0x0f, 0x0b, 0x90};
// Below the stack's end: more than any red zone, and within what the kernel maps there at the start
// of a program (128 KiB).
constexpr std::uint64_t kBelow = 32u << 10;
constexpr std::size_t kReplacementMax = 16u << 10;

Result<user_regs_struct> RegistersOf(pid_t pid) {
  user_regs_struct registers{};
  iovec into{&registers, sizeof registers};
  if (ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, &into) != 0) {
    return FailErrno("cannot read the registers of process {}", pid);
  }
  // The kernel answers with the set of the program's own architecture.
  if (into.iov_len != sizeof registers) {
    return Fail(Code::kUnsupported, "process {} runs a program of another architecture", pid);
  }
  return registers;
}

Status WriteMemory(pid_t pid, std::uint64_t address, std::string_view bytes) {
  const iovec from{const_cast<char*>(bytes.data()), bytes.size()};
  const iovec to{reinterpret_cast<void*>(address), bytes.size()};
  if (process_vm_writev(pid, &from, 1, &to, 1, 0) != static_cast<ssize_t>(bytes.size())) {
    return FailErrno("cannot write the stack of process {}", pid);
  }
  return {};
}

// Also where its pages are not writable: they are its own copies.
Status WriteCode(pid_t pid, std::uint64_t address) {
  for (std::size_t at = 0; at < sizeof kCode; at += sizeof(long)) {
    long word;
    std::memcpy(&word, kCode + at, sizeof word);
    if (ptrace(PTRACE_POKEDATA, pid, address + at, word) != 0) {
      return FailErrno("cannot write the code of process {}", pid);
    }
  }
  return {};
}

// What Replace puts on a stack: the texts, then the array of their addresses.
struct Block {
  std::string bytes;
  std::uint64_t path;
  std::uint64_t argv;
};

Block BlockAt(std::uint64_t address, const Replacement& with) {
  Block block{.bytes = {}, .path = address, .argv = 0};
  const auto put = [&](const std::string& text) {
    const std::uint64_t at = address + block.bytes.size();
    block.bytes += text;
    block.bytes += '\0';
    return at;
  };
  put(with.path);
  std::vector<std::uint64_t> pointers;
  for (const std::string& word : with.argv) pointers.push_back(put(word));
  pointers.push_back(0);
  while (block.bytes.size() % sizeof(std::uint64_t) != 0) block.bytes += '\0';
  block.argv = address + block.bytes.size();
  block.bytes.append(reinterpret_cast<const char*>(pointers.data()), pointers.size() * 8);
  return block;
}

Stop StopOf(pid_t pid, int status) {
  if (!WIFSTOPPED(status)) return {Stop::Kind::kEnded, pid};
  const int event = status >> 16;
  if (event == PTRACE_EVENT_EXEC) return {Stop::Kind::kExecuted, pid};
  const int signal = WSTOPSIG(status);
  if (event == PTRACE_EVENT_STOP) {
    const bool halted =
        signal == SIGSTOP || signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU;
    return {halted ? Stop::Kind::kHalted : Stop::Kind::kOther, pid};
  }
  return {Stop::Kind::kSignal, pid, signal};
}

}  // namespace

Status Seize(pid_t thread) {
  if (ptrace(PTRACE_SEIZE, thread, 0, PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL) == 0) return {};
  return FailErrno("cannot trace process {}", thread);
}

std::optional<Stop> NextStop() {
  int status = 0;
  const pid_t pid = waitpid(-1, &status, WNOHANG | __WALL);
  if (pid <= 0) return std::nullopt;
  return StopOf(pid, status);
}

pid_t ThreadBefore(pid_t pid) {
  unsigned long was = 0;
  return ptrace(PTRACE_GETEVENTMSG, pid, 0, &was) == 0 ? static_cast<pid_t>(was) : pid;
}

Status LetGo(pid_t pid, int signal) {
  if (ptrace(PTRACE_DETACH, pid, 0, signal) == 0) return {};
  return FailErrno("cannot let go of process {}", pid);
}

Status GoOn(pid_t pid, int signal) {
  if (ptrace(PTRACE_CONT, pid, 0, signal) == 0) return {};
  return FailErrno("cannot let process {} go on", pid);
}

void StayHalted(pid_t pid) { (void)ptrace(PTRACE_LISTEN, pid, 0, 0); }

void Interrupt(pid_t pid) { (void)ptrace(PTRACE_INTERRUPT, pid, 0, 0); }

void Kill(pid_t pid) { (void)kill(pid, SIGKILL); }

Result<std::size_t> ReadMemory(pid_t pid, std::uint64_t address, std::span<char> into) {
  const iovec to{into.data(), into.size()};
  const iovec from{reinterpret_cast<void*>(address), into.size()};
  const ssize_t count = process_vm_readv(pid, &to, 1, &from, 1, 0);
  if (count <= 0) return FailErrno("cannot read the memory of process {}", pid);
  return static_cast<std::size_t>(count);
}

Result<std::uint64_t> StackOf(pid_t pid) {
  AILERON_ASSIGN(const user_regs_struct registers, RegistersOf(pid));
  return registers.rsp;
}

Status Replace(pid_t pid, std::uint64_t stack, const Replacement& with) {
  AILERON_ASSIGN(user_regs_struct registers, RegistersOf(pid));
  if (registers.rsp != stack) return Fail(Code::kInternal, "the stack of process {} moved", pid);
  const Block block = BlockAt(stack - kBelow, with);
  if (block.bytes.size() > kReplacementMax) {
    return Fail(Code::kInvalid, "what is to run instead has too many arguments");
  }
  AILERON_TRY(WriteMemory(pid, stack - kBelow, block.bytes));
  AILERON_TRY(WriteCode(pid, registers.rip));
  registers.rdi = block.path;
  registers.rsi = block.argv;
  registers.rdx = with.environment;
  iovec from{&registers, sizeof registers};
  if (ptrace(PTRACE_SETREGSET, pid, NT_PRSTATUS, &from) != 0) {
    return FailErrno("cannot set the registers of process {}", pid);
  }
  return {};
}

}  // namespace aileron::os
