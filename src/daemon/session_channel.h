// SessionChannel: the socket that a launcher leaves with the daemon for as long as its session
// lives.
//
//   launcher → daemon   {"type":"listeners","listeners":[{"kind","port"}…],"cgroups":[…],
//                        "reserved":[…]} + descriptors
//                       {"type":"commands","trust":"names"|"files"} + the listener of the sandbox's
//                        commands, its page, the sandbox's first process
//                       {"type":"exit","code":N} + descriptors, to be closed
//   daemon → launcher   {"type":"stop","reason":…}
//                       {"type":"tools"} + a memory file with the list of them, as a launch gets it
//                       {"type":"denied","denied":{…}}           (daemon/denials.h)
//                       {"type":"waiting","count":N,"title":…}   of questions, the oldest's title
//                       {"type":"policy","message":…} + a memory file with the text by which the
//                        session is resumed from now on: what became of a change of policy
//   both ways           what session_services.h has
//
// The end of the channel without an exit means that the launcher has died. After an exit the daemon
// closes its end when everything about the session has been said. What a launcher does not take
// yet waits here, in order; of "tools", "waiting" and "policy" the newest alone.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "mediation/messages.h"
#include "net/loop.h"
#include "os/fd.h"
#include "proxy/permit.h"

namespace aileron::daemon {

struct SessionListeners {
  std::vector<proxy::Listener> listeners;
  std::vector<os::Fd> sockets;  // in the same order
  // To be removed should the launcher die: its control groups, and names it reserved in the
  // workspace (os/reserved_name.h).
  std::vector<std::string> cgroups;
  std::vector<std::string> reserved;
};

// kInvalid for what is not such a message, or whose sockets are not what it says.
Result<SessionListeners> ParseListeners(std::string_view message, std::vector<os::Fd> sockets);

class SessionChannel final : private net::Loop::Handler {
 public:
  struct Events {
    // An Error ends the channel, as does a second call's.
    std::function<Status(SessionListeners)> on_listeners;
    // An Error ends the channel.
    std::function<Status(std::vector<os::Fd>, mediation::Trust)> on_commands;
    // "services" and "answer". An Error ends the channel.
    std::function<Status(const nlohmann::json& message)> on_services;
    std::function<Status(const nlohmann::json& message)> on_answer;
    // "exec_ended". An Error ends the channel.
    std::function<Status(const nlohmann::json& message)> on_exec_ended;
    std::function<void(int code, std::vector<os::Fd> to_close)> on_exit;
    // Nothing is called after it; it may destroy the channel.
    std::function<void(std::string why)> on_lost;
  };
  // `socket` is one end of a SOCK_SEQPACKET pair; checked, since a client chose it.
  static Result<std::unique_ptr<SessionChannel>> Make(net::Loop& loop, os::Fd socket,
                                                      Events events);
  ~SessionChannel();

  // Asks the launcher to end the sandbox.
  void SendStop(std::string_view reason);
  void SendTools(std::string_view list);
  // A word of Denials', which bounds how many there are.
  void SendDenied(std::string word);
  void SendWaiting(std::size_t count, std::string_view title);
  void SendPolicy(std::string_view message, std::string_view resume);
  // What is of use at once or not at all: kUnavailable when the launcher does not listen.
  Status Send(const std::string& word, const os::Fd& descriptor = {});

 private:
  SessionChannel(net::Loop& loop, os::Fd socket, Events events)
      : loop_(loop), socket_(std::move(socket)), events_(std::move(events)) {}
  void OnReady(net::Readiness ready) override;
  struct Word {
    std::string bytes;
    os::Fd file;  // that goes with it, or none
  };
  void Enqueue(std::string word);
  bool Sent(const Word& word);
  bool HasWords() const;
  void DropWords();
  void Flush();
  void Watch();
  void EndReading();
  Status Take(std::string_view bytes, std::vector<os::Fd> descriptors);
  void Lose(std::string why);

  net::Loop& loop_;
  os::Fd socket_;
  Events events_;
  std::deque<Word> words_;       // not taken yet
  std::optional<Word> tools_;    // the newest such word, if it was not taken yet
  std::optional<Word> waiting_;  // the same
  std::optional<Word> policy_;   // the same
  bool over_ = false;            // nothing more is read
  net::Loop::Trigger trigger_ = net::Loop::Trigger::kLevelRead;
  bool watched_ = true;
};

}  // namespace aileron::daemon
