// Operations: runs what connectors describe, when a session may.
//
//   Run    arguments are checked → a person is asked, where the spec says so → one request, sent
//          through the session's worker with what is bound to its host → the result
//
// What a person was asked about, now or before, is in the queue (approval/queue.h): it begins on
// the disk before it runs, and its result waits there until it is collected. What nobody is ever
// asked about runs at once, and its result is with who called. A call that is repeated with its key
// joins the run there is.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "daemon/approvals.h"
#include "daemon/connectors.h"
#include "daemon/landed.h"
#include "daemon/request.h"
#include "daemon/sessions.h"
#include "fetch/fetch.h"

namespace aileron::daemon {

class Operations {
 public:
  Operations(net::Loop& loop, Approvals& approvals, Connectors& connectors, Sessions& sessions);

  struct Asked {
    std::string session;
    std::string tool;
    std::string operation;
    nlohmann::json arguments;
    std::string key;  // made by the client, once for each call it means
    Duration wait{};
  };
  // Answers with a run, finished or not, as the sandbox's API has it; or with a problem.
  void Run(Asked asked, const Responder& responder);
  // The run of that id, of that session; waits for its end for so long, which is bounded (WaitOf).
  void Show(const std::string& session, const std::string& id, Duration wait,
            const Responder& responder);

  // A session's launcher is there again: what was approved and not begun begins.
  void Resume(const std::string& session);

  // Nothing begins any more: calls are refused, and what is approved waits for the next daemon.
  void StopBeginning() { stopped_ = true; }
  // Requests on their way. `call` is told when there is one less.
  std::size_t under_way() const { return flights_.size(); }
  void set_on_landed(std::function<void()> call) { on_landed_ = std::move(call); }

  // Ends what runs because of `rule` (RuleOf). Returns how many did.
  std::size_t Cut(std::string_view rule);
  // Ends all that runs, for a daemon that stops: it may have happened or not.
  void Interrupt();

  // What a person may change of an operation that waits, as they see it: name, type and value of
  // each input. An empty array for anything else.
  nlohmann::json EditableInputs(const approval::Approval& approval);
  // Whether it may run with these changes. kInvalid names the argument.
  Status CheckEdits(const approval::Approval& approval, const nlohmann::json& edits);

  // How a run is shown to its sandbox.
  static nlohmann::json ToJson(const approval::Approval& approval);

 private:
  using Key = Landed::Key;
  // A request on its way.
  struct Flight {
    crypto::Digest call{};  // which it is, to tell it from another with the same key
    std::string rule;       // what let it through; empty: nobody is asked
    std::unique_ptr<fetch::Fetch> fetch;
    std::vector<std::function<void(const approval::Outcome&)>> done;
  };
  // What was asked, as the queue keeps it.
  struct Plan {
    std::shared_ptr<const InstalledConnector> connector;
    const connector::Operation* operation = nullptr;
    Asked asked;
    crypto::Digest call{};   // DigestOf
    std::string rule;        // what let it through; empty: nobody is asked
    bool confirmed = false;  // by a person, now or by a grant
  };

  Result<Plan> MakePlan(Asked asked);
  // Of an operation that waits; kNotFound when its connector is not the same any more.
  Result<Plan> PlanOf(const approval::Approval& approval);
  // What tells one call from another.
  static crypto::Digest DigestOf(const Plan& plan);
  bool IsOther(const Plan& plan, const Key& key) const;
  std::size_t EndAll(const std::function<bool(const Flight&)>& which,
                     const approval::Outcome& outcome);
  bool HasRoom(const std::string& session) const;
  std::size_t FlightsOf(const std::string& session) const;
  void AskPerson(const Plan& plan, const Responder& responder);
  void DenyUnasked(const Plan& plan, const Responder& responder);
  void RunAtOnce(const Plan& plan, const Responder& responder);
  void RunApproved(const std::string& id);
  void BeginHeldBack();
  void AddPreview(const Plan& plan, const std::string& id);
  approval::Question QuestionOn(const Plan& plan) const;
  // Sends the call; `done` hears of its end, once.
  void Send(const Plan& plan, const Key& key, std::function<void(const approval::Outcome&)> done);
  void Land(const Key& key, const approval::Outcome& outcome);
  void Keep(const Key& key, const Flight& flight, const approval::Outcome& outcome);

  net::Loop& loop_;
  Approvals& approvals_;
  Connectors& connectors_;
  Sessions& sessions_;
  std::map<Key, Flight> flights_;
  Landed landed_;
  std::deque<std::string> held_back_;  // approved, and more than there is room for
  bool stopped_ = false;
  std::function<void()> on_landed_;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);  // what was posted looks at it
};

}  // namespace aileron::daemon
