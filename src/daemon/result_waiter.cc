// Tested by tests/shim/test_operations.py.

#include "daemon/result_waiter.h"

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <utility>

#include "daemon/operations.h"

namespace aileron::daemon {

using approval::State;
using nlohmann::json;

namespace {

bool IsOperation(const approval::Approval& approval) {
  return approval.question.subject == approval::Subject::kOperation;
}

Result<json> Collect(Approvals& approvals, const WantedResults& wanted) {
  approval::Queue& queue = approvals.queue();
  AILERON_ASSIGN(const auto found, queue.Collect(wanted.session, wanted.limit));
  AILERON_ASSIGN(const auto open,
                 queue.List({.states = {State::kPending, State::kApproved, State::kRunning},
                             .session = wanted.session}));
  json results = json::array();
  for (const approval::Approval& one : found) {
    if (IsOperation(one)) results.push_back(Operations::ToJson(one));
  }
  return json{{"results", std::move(results)},
              {"waiting", std::ranges::count_if(open, IsOperation)}};
}

class Waiter : public std::enable_shared_from_this<Waiter> {
 public:
  Waiter(net::Loop& loop, Approvals& approvals, WantedResults wanted, Responder responder)
      : loop_(loop),
        approvals_(approvals),
        wanted_(std::move(wanted)),
        responder_(std::move(responder)),
        timer_(loop, [this] { Answer(Patience::kNone); }) {}

  void Begin() {
    const bool waits = wanted_.wait > Duration::zero() && !approvals_.crowded();
    if (Answer(waits ? Patience::kSome : Patience::kNone)) return;
    self_ = shared_from_this();
    timer_.Set(wanted_.wait);
    // Later: the watchers are being gone through.
    watcher_ = approvals_.Watch([this](const approval::Event& event) {
      if (event.session != wanted_.session) return;
      loop_.Post([weak = weak_from_this()] {
        if (const auto waiter = weak.lock()) waiter->Answer(Patience::kSome);
      });
    });
  }

 private:
  enum class Patience { kNone, kSome };

  // Whether it is answered.
  bool Answer(Patience patience) {
    if (done_) return true;
    const auto collected = Collect(approvals_, wanted_);
    if (collected && patience == Patience::kSome && collected->at("results").empty() &&
        collected->at("waiting") != 0) {
      return false;
    }
    done_ = true;
    timer_.Cancel();
    if (self_) approvals_.Unwatch(watcher_);
    responder_.Send(collected ? JsonReply(200, *collected) : Problem(collected.error()));
    // A member may be what calls.
    loop_.Post([last = std::move(self_)] {});
    return true;
  }

  net::Loop& loop_;
  Approvals& approvals_;
  WantedResults wanted_;
  Responder responder_;
  net::Timer timer_;
  std::uint64_t watcher_ = 0;
  bool done_ = false;
  std::shared_ptr<Waiter> self_;  // while it waits
};

}  // namespace

void SendResults(net::Loop& loop, Approvals& approvals, WantedResults wanted, Responder responder) {
  std::make_shared<Waiter>(loop, approvals, std::move(wanted), std::move(responder))->Begin();
}

}  // namespace aileron::daemon
