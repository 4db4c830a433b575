// SessionLink: the launcher's end of a session with the daemon.
//
// Asks for the session, hands over the descriptors of the sandbox's listeners, and does it again
// with a new daemon when the old one has died. It keeps duplicates of the descriptors for that, and
// the opaque `resume` text that lets a new daemon take the session up.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "control/client.h"
#include "launch/environment.h"
#include "launch/launch.h"
#include "launch/plan.h"
#include "launch/publisher.h"
#include "os/fd.h"
#include "os/notifications.h"
#include "os/paths.h"
#include "sandbox/confinement.h"
#include "service/service.h"

namespace aileron::launch {

// What the daemon takes away when the launcher is killed.
struct Leftovers {
  std::vector<std::string> cgroups;
  std::vector<std::string>
      reserved;  // names in the workspace (os/reserved_name.h), inner ones first
};

class SessionLink {
 public:
  // Asks for a session, and starts the daemon when nobody listens.
  // `project_policies` are the paths of the project's policy files, the nearest first.
  static Result<SessionLink> Ask(const os::Paths& paths, const Plan& plan, const Options& options,
                                 const std::vector<std::string>& project_policies);
  // The daemon's answer; nothing else works before it.
  Status Await(Leftovers leftovers);

  const SessionFacts& facts() const { return facts_; }
  const std::string& ca_pem() const { return ca_pem_; }

  // The listeners that bindings want besides the plan's: the sandbox is to open them as well.
  const std::vector<sandbox::Listener>& more_listeners() const { return more_listeners_; }

  // Takes sockets of the sandbox, the plan's first, and gives them to the daemon once all are
  // there. They are kept for Reopen.
  Status HandOver(std::vector<os::Fd> listeners);
  // Whether rules judge what the agent starts.
  bool mediated() const { return mediated_; }
  // Takes the listener of the sandbox's commands and gives it to the daemon. It is kept for Reopen.
  Status HandOverCommands(os::Fd listener, const os::Child& init);
  // Before that: how the sandbox is confined.
  void set_confinement(const sandbox::Confinement& confinement) {
    trust_names_ = confinement.landlock != 0;
  }
  // Readable when a command waits that nobody has taken. -1 when none are mediated.
  int commands() const { return commands_.listener.get(); }
  // Those that wait now fail.
  void RefuseCommands() const { os::RefuseWaitingCalls(commands_.listener); }

  // With a daemon that has started since: the same session, the same listeners.
  Status Reopen();
  // The agent has ended, and the session ends with it. The daemon closes `removed`, for which
  // nobody here waits.
  Status Finish(int exit_code, const std::vector<os::Fd>& removed = {});

  // Readable when the daemon has something to say, or is gone. -1 while there is none.
  int descriptor() const { return channel_.get(); }
  // That a port be published, or not any more.
  struct Wish {
    enum class Kind { kPublish, kUnpublish } kind = Kind::kPublish;
    std::uint64_t number = 0;  // the daemon's, for the answer
    service::Mapping mapping = {};
  };
  // That a command be run beside the agent (exec_desk.h).
  struct Exec {
    std::uint64_t number = 0;  // the daemon's, for the answer
    std::string line;          // of its record
    std::vector<std::string> command;
    std::vector<std::string> environment;
    std::string workdir;
    unsigned terminals = 0;
    bool input = true;
    os::WindowSize size = {};
    os::Fd client;
  };
  struct Word {
    // kTools: facts().tools are others now.
    enum class Kind {
      kNone,
      kStop,
      kTools,
      kWish,
      kExec,
      kDenied,
      kWaiting,
      kPolicy,
      kGone
    } kind = Kind::kNone;
    std::string text = {};  // why it stops, what was denied (JSON), the oldest question, or news
    std::size_t count = 0;  // of questions that wait
    Wish wish = {};
    Exec exec = {};
  };
  Word Listen();
  // After Finish: what the daemon still has to say, until it has said all or `longest` has passed.
  void HearRest(std::chrono::milliseconds longest, const std::function<void(const Word&)>& hear);

  // Which services there are, and what is published.
  Status TellServices(const std::vector<service::Report>& reports,
                      const std::vector<Publication>& published);
  // That such a command has ended. kUnavailable when the daemon does not listen now.
  Status TellExecEnded(const std::string& line, int code);
  // With the host's address.
  Status AnswerWish(const Wish& wish, const Result<std::string>& address);

 private:
  SessionLink(const os::Paths& paths, const Plan& plan)
      : paths_(paths), listeners_(plan.spec.listeners) {}

  Status Post(const std::string& body);
  Status TakeAnswer();
  void FindMoreListeners();
  Status SendListeners();
  Status SendCommands();

  // What a mediator needs.
  struct Commands {
    os::Fd listener;
    os::Fd page;  // os/notifications.h
    os::Fd init;
  };

  os::Paths paths_;
  std::vector<sandbox::Listener> listeners_;  // all of them
  std::vector<sandbox::Listener> more_listeners_;
  std::vector<sandbox::Listener> asked_for_;  // by the daemon's last answer
  std::vector<os::Fd> sockets_;
  Commands commands_;
  bool mediated_ = false;
  // With Landlock nobody inside mounts, nor writes another process's memory by proc: what a name
  // leads to can be believed (mediation/look.h).
  bool trust_names_ = false;
  Leftovers leftovers_;
  std::optional<control::Client> client_;  // between Post and TakeAnswer
  os::Fd channel_;
  SessionFacts facts_;
  std::string ca_pem_;
  std::string resume_;
  std::string request_;  // as first posted, so that a resume tells the same
  os::Fd password_;      // a pipe that holds the upstream proxy's, until it was posted
};

}  // namespace aileron::launch
