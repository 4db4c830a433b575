// Operations: runs what connectors describe, when a session may.
//
//   Run    arguments are checked → a person is asked, where the spec says so → one request, sent
//          through the session's worker with what is bound to its host → the result
//
// What a person was asked about is in the queue (approval/queue.h): it begins on the disk before it
// runs, and its result waits there until it is collected. What nobody is asked about runs at once,
// and its result is with who called. A call that is repeated with its key joins the run there is.
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
#include "daemon/fetch.h"
#include "daemon/request.h"
#include "daemon/sessions.h"

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

  // How a run is shown to its sandbox.
  static nlohmann::json ToJson(const approval::Approval& approval);

 private:
  using Key = std::pair<std::string, std::string>;  // session, and the client's key
  // A request on its way.
  struct Flight {
    std::string call;  // which it is, to tell it from another with the same key
    std::unique_ptr<Fetch> fetch;
    std::vector<std::function<void(const approval::Outcome&)>> done;
  };
  // What was asked, as the queue keeps it.
  struct Plan {
    std::shared_ptr<const InstalledConnector> connector;
    const connector::Operation* operation = nullptr;
    Asked asked;
    std::string call;  // CallText
  };
  // A request that has ended, and a session's last ones.
  struct Ended {
    std::string call;
    approval::Outcome outcome;
  };
  struct Landed {
    std::map<std::string, Ended> ended;  // by the client's key
    std::deque<std::string> order;
  };

  Result<Plan> MakePlan(Asked asked);
  // What tells one call from another.
  static std::string CallText(const Plan& plan);
  bool IsOther(const Plan& plan, const Key& key) const;
  const Ended* FindLanded(const Key& key) const;
  std::size_t FlightsOf(const std::string& session) const;
  void AskPerson(const Plan& plan, const Responder& responder);
  void RunAtOnce(const Plan& plan, const Responder& responder);
  void RunApproved(const std::string& id);
  void AddPreview(const Plan& plan, const std::string& id);
  approval::Question QuestionOn(const Plan& plan) const;
  // Sends the call; `done` hears of its end, once.
  void Send(const Plan& plan, const Key& key, std::function<void(const approval::Outcome&)> done);
  void Land(const Key& key, Result<FetchResponse> response);
  void Keep(const Key& key, const std::string& call, const approval::Outcome& outcome);

  net::Loop& loop_;
  Approvals& approvals_;
  Connectors& connectors_;
  Sessions& sessions_;
  std::map<Key, Flight> flights_;
  std::map<std::string, Landed> landed_;  // by session
};

}  // namespace aileron::daemon
