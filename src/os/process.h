// Processes: start one with a known environment and known descriptors, hold on to it, harden this
// one.
#pragma once

#include <sys/types.h>

#include <expected>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "os/fd.h"

namespace aileron::os {

struct Child {
  pid_t pid = -1;
  Fd pidfd;  // readable when the child has ended; signals through it never hit a stranger
};

enum class WithParent { kLives, kDies };  // kDies: SIGKILL when the thread that spawned it ends

enum class Scheduling {
  kUsual,
  kYielding,  // pushes nobody aside when it wakes (SCHED_BATCH, sched(7))
};

struct SpawnOptions {
  std::string path;  // /proc/self/exe is this program, even after an upgrade
  std::vector<std::string> argv;
  std::vector<std::string> environment;          // NAME=VALUE; nothing is inherited
  std::vector<std::pair<int, int>> descriptors;  // ours → the child's; all others are closed
  WithParent with_parent = WithParent::kLives;
  std::string folder;                    // its working directory; empty: ours
  bool own_session = false;              // setsid(): no controlling terminal, own process group
  std::optional<Scheduling> scheduling;  // none: ours
};

// Starts a process on this one's memory, as vfork(2) does: no page table is copied, and this thread
// stands still until `become` has exec'd or returned. Signals have their default action in it and
// none is blocked. `become` returns the errno of what failed; so does this, with nothing started.
std::expected<Child, int> StartBorrowing(const std::function<int()>& become);

// Starts a program. Its mistakes before exec are reported here, not as an exit status.
Result<Child> Spawn(const SpawnOptions& options);

// The wait status (WIFEXITED and so on), when it has ended; blocks until then.
Result<int> WaitFor(const Child& child);
Status SignalChild(const Child& child, int signal);
// Whether it ends within that time; it is still to be waited for.
bool EndsWithin(const Child& child, Duration longest);

// In a new process: every signal has its default action, and then none is blocked.
void ResetSignals();

// What the process has for a number here, as the pidfd's fdinfo tells it (pidfd_open(2)). kNotFound
// when it has ended, and when it cannot be seen from this pid namespace.
Result<pid_t> PidOf(const Fd& pidfd);

// The exit code a shell would show: the code, or 128 + the signal.
int ExitCode(int wait_status);

// No core dump, no ptrace or /proc/PID/mem by others of the same user, no gaining of privileges.
// For processes that hold secrets; call first thing in main.
void HardenProcess();
// The same for a process that the daemon starts, which does not outlive it. To be called again
// after a change of user, which takes both back. `who` is for messages: "the worker".
Status HardenChild(std::string_view who);

// What this process starts inherits it. A policy that somebody else chose stays.
void UseScheduling(Scheduling scheduling);

// Raises nothing: clamps the soft limit of open files to what the hard limit allows.
void UseAllDescriptors();

}  // namespace aileron::os
