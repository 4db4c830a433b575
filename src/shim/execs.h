// Execs: commands that a person runs beside the agent, of a client on the host.
//
// Each has what the agent has: its environment, its folder, the same user behind the same walls,
// since init starts it. Its streams are pipes, or a terminal, that init makes in here; the host's
// ends go out, and nothing of the host's comes in. It leads a session of its own. Once it has ended
// nobody waits for what it leaves behind. When its client goes first, or a signal ends it, the rest
// of its process group is ended too. The agent, as the same user, may trace it: nobody waits for a
// tracer that does not let go of what has ended, nor for one that keeps what was killed from it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "net/loop.h"
#include "os/fd.h"
#include "os/process.h"
#include "sandbox/channel.h"
#include "shim/watch.h"

namespace aileron::shim {

class Execs {
 public:
  // What the launcher is told, with descriptors of ExecBegun.
  using Tell = std::function<void(sandbox::Message, std::vector<os::Fd>)>;

  // `program` is the agent's; what is used of it is copied.
  Execs(net::Loop& loop, Tell tell) : loop_(loop), tell_(std::move(tell)) {}
  void Begin(const sandbox::Program& program);

  void Start(const sandbox::Exec& exec);
  void Signal(const sandbox::ExecSignal& signal);
  void Leave(const sandbox::ExecGone& gone);

  // A child of init's has ended and is about to be reaped, and then is.
  void AboutToReap(pid_t pid);
  void Reaped(pid_t pid, int wait_status);

 private:
  struct Running {
    Running(net::Loop& loop, os::Child started, std::function<void()> late)
        : child(std::move(started)), deadline(loop, std::move(late)) {}
    os::Child child;
    std::unique_ptr<Watch> watch;  // of its pidfd
    net::Timer deadline;           // once its client has gone
    bool left = false;
    bool killed = false;
  };
  std::expected<os::Child, sandbox::ExecEnded> Run(const sandbox::Exec& exec,
                                                   std::vector<os::Fd>& outer) const;
  void HearEnd(std::uint32_t id);
  void Late(std::uint32_t id);
  void End(std::uint32_t id, int wait_status);

  net::Loop& loop_;
  Tell tell_;
  std::vector<std::string> environment_;
  std::string folder_;
  std::map<std::uint32_t, std::unique_ptr<Running>> running_;
};

// The agent's variables with others besides and in the place of those.
std::vector<std::string> Merged(std::vector<std::string> variables,
                                const std::vector<std::string>& others);

}  // namespace aileron::shim
