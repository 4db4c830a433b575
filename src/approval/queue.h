// Queue: what waits for a person, what was decided, and what came of it. The one authority on
// approvals, kept in state/approvals.db.
//
// A question is decided once: the first decision wins, and expiry is a refusal. Every call is one
// transaction that is on the disk when it returns, so what was reported is not lost. An operation
// is `running` on the disk before it runs, and what is found running at Open has failed with
// kCodeInterrupted: nothing runs twice. The queue has no clock, socket or timer: callers pass
// `now`, set a timer to NextExpiry() and call Expire().
//
// Errors: kNotFound no such id, kInvalid not in this state or wrong input, kUnavailable full or
// the disk is. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "approval/approval.h"
#include "approval/calls.h"
#include "approval/event.h"
#include "approval/grant.h"
#include "base/result.h"
#include "base/time.h"
#include "store/database.h"

namespace aileron::approval {

// What Ask answers.
struct Asked {
  enum class Kind {
    kGranted,  // go on, now
    kDenied,   // a person said no before
    kPending,  // wait for `approval`
    kFull,     // too much waits already: `code` and `message` say what
  };
  Kind kind = Kind::kFull;
  // kPending; kGranted and kDenied when it is the decision that spoke; an operation that a grant
  // lets through.
  std::string approval;
  std::string grant;    // kGranted and kDenied when a grant spoke
  Scope scope;          // of what spoke; of a counted grant once, since this was one of its times
  bool joined = false;  // the same question waited already
  std::string_view code;
  std::string message;  // for a person; of kDenied and kFull
};

// Codes of kFull, stable.
inline constexpr std::string_view kCodeTooManyQuestions = "too_many_questions";  // of this session
inline constexpr std::string_view kCodeQueueFull = "approval_queue_full";        // in all
inline constexpr std::string_view kCodeTooManyResults = "too_many_results";      // to be collected

enum class Order { kOldestFirst, kNewestFirst };

struct Filter {
  std::vector<State> states;           // empty: all
  std::optional<std::string> session;  // none: all
  std::optional<Subject> subject;      // none: all
  std::size_t limit = 100;             // at most limits::kListMax
  Order order = Order::kOldestFirst;
};

struct GrantFilter {
  std::optional<std::string> session;  // those that hold in that session; none: all
  std::size_t limit = 100;             // at most limits::kListMax
};

class Core;

class Queue {
 public:
  // Makes the file when it is missing. What was running has failed (kCodeInterrupted). Operations
  // that were approved and not begun are still `approved`: the caller begins or cancels them.
  static Result<Queue> Open(const std::string& path, Time now);
  Queue(Queue&&) noexcept;
  Queue& operator=(Queue&&) noexcept;
  ~Queue();

  void SetObserver(Observer observer);

  // Asks, in this order: a remembered no; a remembered yes (a counted one is used by this call);
  // a decision that came when nobody waited any more (Claim), which this call claims; else the
  // question waits, or joins the same one (session, subject, key, arguments) that waits already:
  // one of at most limits::kCallsOfQuestion names.
  // An operation that a remembered yes lets through is approved by it, as if it had waited: to be
  // begun, and kept. kInvalid for a question that breaks a limit, or is due already.
  Result<Asked> Ask(const Question& question, Time now);
  // The approval that a question of that session with this name (Question::call) led to or joined,
  // whatever became of it; none. Whether it was the same question.
  Result<std::optional<Calls::Found>> FindCall(const Question& question, Time now) const;
  // Only while pending.
  Status SetPreview(std::string_view id, std::string_view preview, Time now);

  // Decides a pending question. A scope other than once makes a grant, and the grant decides at
  // once what else waits with the same subject and key: the observer is told. kInvalid says who
  // decided and when, if somebody did; or which argument may not be changed.
  Result<Approval> Decide(std::string_view id, const Decision& decision, Time now);

  // Somebody waited for `id` and goes on with how it ended: claimed and acknowledged. A no, or a
  // yes to anything but an operation, that was for once (or one of N times) and that nobody claims
  // answers the next identical Ask within limits::kYesLife, so that a client that was sent away and
  // comes back is not asked about twice. Who merely learns the decision (a client that waits for
  // the id, and will ask again) acknowledges instead. Claiming again changes nothing; kInvalid
  // before the end.
  Status Claim(std::string_view id, Time now);

  // approved → running. What is returned, and nothing else, may run, once.
  Result<Approval> Begin(std::string_view id, Time now);
  // running → succeeded or failed. A body over limits::kBodyMax is cut, never refused.
  Result<Approval> Finish(std::string_view id, const Outcome& outcome, Time now);

  // pending, or an operation that was not begun → cancelled; `by` takes the decider's place.
  Result<Approval> Cancel(std::string_view id, std::string_view by, Time now);
  // The same for all of a session; what runs goes on.
  Result<std::vector<Approval>> CancelSession(std::string_view session, std::string_view by,
                                              Time now);
  // CancelSession; its grants end and nothing of it is left to collect.
  Result<std::vector<Approval>> EndSession(std::string_view session, Time now);

  // Ends what is due: questions, operations approved and not begun within limits::kYesLife, and
  // grants. Returns the approvals.
  Result<std::vector<Approval>> Expire(Time now);
  // When to call Expire next; none: nothing is due.
  Result<std::optional<Time>> NextExpiry() const;

  Result<Approval> Get(std::string_view id) const;
  // Without arguments, preview and body, which may be large.
  Result<std::vector<Approval>> List(const Filter& filter) const;
  // How many wait, in all.
  Result<std::int64_t> Pending() const;

  // Drain: what of a session has come to its end and is not acknowledged, oldest first, at most
  // limits::kCollectMax and kCollectBytes. At least once until Acknowledge, never after it: an
  // answer that is lost on its way is given again, and who acknowledged gets nothing twice. What
  // was given to an asker that waited is acknowledged in the same way.
  Result<std::vector<Approval>> Collect(std::string_view session, std::size_t limit) const;
  // Ids that are of another session, unknown or not at an end are passed over. Returns how many
  // were new.
  Result<std::int64_t> Acknowledge(std::string_view session, std::span<const std::string> ids,
                                   Time now);

  // Newest first; those that ended are not there.
  Result<std::vector<Grant>> Grants(const GrantFilter& filter, Time now) const;
  // kNotFound.
  Result<Grant> Revoke(std::string_view id, Time now);

  // The events after number `seq`, at most limits::kEventsMax.
  Result<Events> EventsAfter(std::int64_t seq, std::size_t limit) const;

  // Where the follower of that name is in the events: the number it gave last, nothing when it
  // never did.
  Result<std::optional<std::int64_t>> Place(std::string_view follower) const;
  Status SetPlace(std::string_view follower, std::int64_t seq);
  // Forgets the places of all others.
  Status KeepPlaces(std::span<const std::string> followers);

  // For tests of a full disk.
  store::Database& database();

 private:
  explicit Queue(std::unique_ptr<Core> core);
  std::unique_ptr<Core> core_;
};

}  // namespace aileron::approval
