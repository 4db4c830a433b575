// Core: what the calls of Queue share. The tables, the observer, and Write: one change of the state
// on the disk, with the events that tell of it.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "approval/approval_table.h"
#include "approval/calls.h"
#include "approval/event.h"
#include "approval/grant_table.h"
#include "approval/journal.h"
#include "approval/places.h"
#include "base/result.h"
#include "base/time.h"
#include "store/database.h"

namespace aileron::approval {

class Core {
 public:
  // Makes the file when it is missing.
  static Result<std::unique_ptr<Core>> Open(const std::string& path);
  explicit Core(std::unique_ptr<store::Database> database);

  // Tells the observer, in order also when it makes changes itself.
  void Publish(std::vector<Event> events);

  std::unique_ptr<store::Database> database;
  ApprovalTable approvals;
  GrantTable grants;
  Journal journal;
  Places places;
  Calls calls;
  Observer observer;
  int ended = 0;  // approvals that came to an end since the past was pruned

 private:
  std::deque<Event> outbox_;
  bool telling_ = false;
};

// One transaction. Without Commit nothing has happened, and nobody was told.
class Write {
 public:
  static Result<Write> Begin(Core& core, Time now);

  // A step of the picture in approval.h, which the caller has checked to be one.
  Status Move(Approval& approval, State to);
  // Uses a counted grant once.
  Status Use(Grant& grant);
  Status End(const Grant& grant);
  Status Tell(Change change, std::string_view approval, std::string_view grant,
              std::string_view session);
  Status Tell(Change change, const Approval& approval);
  Status Tell(Change change, const Grant& grant);
  Status Commit();

 private:
  Write(Core* core, store::Transaction transaction, Time now)
      : core_(core), transaction_(std::move(transaction)), now_(now) {}
  Core* core_;
  store::Transaction transaction_;
  Time now_;
  std::vector<Event> events_;
  int ended_ = 0;
};

}  // namespace aileron::approval
