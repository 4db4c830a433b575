// ExecDesk: where commands that a person runs in a sandbox meet in the launcher (ADR 0028).
//
//   daemon  passes on who wants to run what, with one end of a pair of sockets to the client
//   init    starts it, and sends the host's ends of its streams and its exit code
//   client  gets these, sends signals, and is gone when its end is closed
//
// The client's packets are JSON of at most limits::kExecPacket bytes: {"type":"signal","number":N}
// comes; {"type":"begun"} with descriptors and {"type":"ended","code":N[,"error":TEXT]} go. What
// init sends is a stranger's: only pipes and terminals, open in the direction that they are for, go
// on.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "launch/session_link.h"
#include "os/fd.h"
#include "os/poller.h"
#include "sandbox/channel.h"

namespace aileron::launch {

class ExecDesk {
 public:
  static Result<ExecDesk> Make();

  // The sandbox runs. `channel` and `session` outlive this.
  void Begin(int channel, SessionLink& session);
  // The agent runs, and others may beside it: those that came a moment too early begin.
  void AgentRuns();

  // Readable when Turn has something to do.
  int descriptor() const { return poller_.descriptor(); }
  void Turn();

  // True when the message was for here.
  bool HearSandbox(sandbox::Received& received);
  void HearDaemon(SessionLink::Exec exec);
  // What ended without one is told to a new daemon.
  void DaemonIsNew() { Tell(); }

 private:
  struct Client {
    os::Fd socket;
    std::string line;        // of the record
    unsigned terminals = 0;  // as it was asked for
    bool input = true;
  };
  struct Ended {
    std::string line;
    int code;
  };

  explicit ExecDesk(os::Poller poller) : poller_(std::move(poller)) {}
  Result<std::string> Take(SessionLink::Exec& exec);
  void HearClient(std::uint32_t id);
  void Begun(std::uint32_t id, std::vector<os::Fd> streams);
  void End(std::uint32_t id, int code, const std::string& error);
  void Leave(std::uint32_t id);
  void Tell();

  os::Poller poller_;
  int channel_ = -1;
  SessionLink* session_ = nullptr;
  bool runs_ = false;
  struct Early {
    SessionLink::Exec exec;
    Duration since;
  };
  std::vector<Early> early_;  // before the agent ran
  std::uint32_t last_ = 0;
  std::map<std::uint32_t, Client> clients_;
  // Whose clients have gone, but not they themselves.
  std::map<std::uint32_t, std::string> left_;
  std::vector<Ended> untold_;
};

// kDenied for descriptors that are not what a client with these `terminals` and `input` is to get.
Status CheckStreams(const std::vector<os::Fd>& streams, unsigned terminals, bool input);

}  // namespace aileron::launch
