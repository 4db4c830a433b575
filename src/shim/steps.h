// Steps: commands that have to end well before the agent starts (sandbox::Step).
//
// Each runs as the agent will: behind the same walls, with its environment, in its folder. It reads
// nothing, and what it prints goes where the agent's errors go. On a terminal Ctrl-C reaches the
// commands: they are in init's session, which has the terminal meanwhile, since a session of their
// own would hang it up when it ends.
#pragma once

#include <sys/types.h>

#include <expected>
#include <optional>
#include <span>
#include <vector>

#include "os/fd.h"
#include "os/pty.h"
#include "sandbox/channel.h"
#include "shim/executable.h"

namespace aileron::shim {

class Steps {
 public:
  // Borrows all. `pty` is the sandbox's terminal, or null; `nothing` is what is read.
  Steps(const sandbox::Program& program, const os::Pty* pty, const os::Fd& nothing);
  Steps(const Steps&) = delete;
  Steps& operator=(const Steps&) = delete;
  // Gives the terminal back.
  ~Steps();

  // Starts the commands of a group, of which none may run.
  std::expected<void, sandbox::Failed> Begin(std::span<const sandbox::Step> group);
  // That a process has ended, one of them or not.
  void Reaped(pid_t pid, int status);
  // Passes a signal on to all that run.
  void Signal(int number) const;

  bool running() const { return !running_.empty(); }
  // The first that ended otherwise than with 0.
  const std::optional<sandbox::Failed>& failed() const { return failed_; }

 private:
  struct Running {
    pid_t pid;
    const sandbox::Step* step;
  };

  int Become(Executable& executable) const;
  bool OnTerminal() const;

  const sandbox::Program& program_;
  const os::Pty* pty_;
  const os::Fd& nothing_;
  pid_t group_ = 0;  // of processes; 0: the next one begins it
  std::vector<Running> running_;
  std::optional<sandbox::Failed> failed_;
};

}  // namespace aileron::shim
