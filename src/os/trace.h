// Trace: a thread of another process that stops for this one when it has executed a program
// (ptrace(2)), and what may be done with it there.
//
// At that stop nothing of the new program has run: its memory holds what the kernel put there. The
// thread that seized is the only one that may speak of the traced one; when this process ends,
// every thread that it traces is killed.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"

namespace aileron::os {

// kDenied when something else traces it, or it is not this process's to trace.
Status Seize(pid_t thread);

struct Stop {
  enum class Kind {
    kExecuted,  // a program stands, and has not begun
    kSignal,    // a signal came, which LetGo and GoOn deliver
    kHalted,    // it was stopped, as by SIGSTOP
    kOther,     // as after Interrupt: it is about to run what it ran before
    kEnded,     // it is gone, and traced no more
  };
  Kind kind;
  pid_t pid;       // after kExecuted the process's own, whichever thread it was
  int signal = 0;  // of kSignal
};
// Of any traced thread, without waiting.
std::optional<Stop> NextStop();
// Of one that stands at kExecuted: the thread that was seized.
pid_t ThreadBefore(pid_t pid);

// Not traced any more, and goes on.
Status LetGo(pid_t pid, int signal = 0);
// Goes on, traced.
Status GoOn(pid_t pid, int signal = 0);
// Of one that kHalted: stays so until it is told to go on by others.
void StayHalted(pid_t pid);
// One that runs stops soon, at the latest when it is about to leave the kernel.
void Interrupt(pid_t pid);
// It ends without running anything more.
void Kill(pid_t pid);

// As many bytes as are there, at least one.
Result<std::size_t> ReadMemory(pid_t pid, std::uint64_t address, std::span<char> into);

// Of one that stands at kExecuted. kUnsupported when its program is not of this machine's own 64
// bits.
Result<std::uint64_t> StackOf(pid_t pid);

struct Replacement {
  std::string path;
  std::vector<std::string> argv;
  std::uint64_t environment = 0;  // the address of an array of its own; 0: an empty environment
};
// One that stands at kExecuted with that stack will, when it goes on, execute another program as
// the first thing it does, or be killed by SIGILL when that fails.
Status Replace(pid_t pid, std::uint64_t stack, const Replacement& with);

}  // namespace aileron::os
