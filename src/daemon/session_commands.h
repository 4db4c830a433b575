// SessionCommands: the daemon's side of a session's mediator (mediation/mediator.h).
//
// Starts it with what the launcher handed over, answers what a person has to decide, and records
// what the rules decided. A mediator that crashes is replaced, and takes what it held along; one
// that crashes again and again ends the session, since no command would ever start. What it says is
// believed for this session alone, bounded, and recorded as the agent's. It also knows whose a
// client's connection is, where rules about the network name programs.
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "daemon/approvals.h"
#include "daemon/audit_service.h"
#include "daemon/command_question.h"
#include "daemon/crashes.h"
#include "daemon/denials.h"
#include "daemon/worker_link.h"
#include "mediation/messages.h"
#include "policy/caller.h"
#include "proxy/permit.h"

namespace aileron::daemon {

class SessionCommands {
 public:
  struct World {
    net::Loop& loop;
    AuditService& audit;
    Approvals& approvals;
    const session::Session& session;
    const Sentinels& sentinels;
    const policy::Approvals& approvals_policy;  // as it is when a question is asked
    Duration hold{};
    bool unattended = false;
    std::string path;  // of the program, and its arguments
    std::vector<std::string> argv;
    std::function<void(const Denied&)> denied;  // nobody may be asked
    std::function<void(std::string why)> end;   // the session cannot go on
  };
  SessionCommands(World world, session::CommandRequest request);
  ~SessionCommands();

  // The listener, its page and the sandbox's first process, as the launcher has them.
  Status Take(std::vector<os::Fd> descriptors, mediation::Trust trust);
  // From now on by these rules. A session whose commands are not mediated cannot begin to be.
  void Follow(session::CommandRequest request);
  using OnCaller = std::function<void(policy::Caller)>;
  // Whose connection it is, as far as these programs go: `done` is called once, within
  // limits::kLookWait, maybe from within the call; but not when this ends before.
  void Find(const proxy::ClientEnds& ends, std::vector<std::string> programs, OnCaller done);
  // Looks at its packets again after the audit log was full.
  void ResumeReading();
  // Lets it finish; `done` is called when it has.
  void Stop(std::function<void()> done);

 private:
  void Begin();
  Result<os::Fd> RulesFile() const;
  Status OnPacket(std::string_view packet);
  void OnAsk(const mediation::Ask& ask);
  void Say(std::uint64_t number, const Approvals::Said& said);
  void Answer(std::uint64_t number, mediation::Said said, std::string text);
  // What became of a command; `record` says that alone.
  void Keep(const mediation::Told& told, audit::Record record);
  void OnRecords(mediation::Records records);
  void OnEnd(const std::string& why);
  void OnFound(const mediation::Found& found);
  void GiveUpFinding(std::chrono::steady_clock::time_point asked_before);

  World world_;
  session::CommandRequest request_;
  mediation::Trust trust_ = mediation::Trust::kFiles;
  std::vector<os::Fd> descriptors_;
  std::unique_ptr<WorkerLink> link_;
  std::map<std::uint64_t, mediation::Told> asked_;  // by number: what is asked about
  struct Look {
    std::uint64_t number = 0;
    std::chrono::steady_clock::time_point asked;
    std::vector<std::string> programs;
    OnCaller done;
  };
  std::deque<Look> looks_;  // the oldest first, which is answered first
  std::uint64_t next_look_ = 1;
  net::Timer look_timer_;
  Crashes crashes_;
  std::string failure_;
  std::function<void()> stopped_;
  net::Timer ready_timer_;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

}  // namespace aileron::daemon
