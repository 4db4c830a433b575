// Event: one change of the approval room, numbered for ever in the order of the changes. It is
// written with the change, so a watcher that comes back with its last number misses none.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace aileron::approval {

enum class Change {
  kAsked,      // a new question waits
  kPreviewed,  // its preview is there
  kApproved,
  kDenied,
  kExpired,
  kCancelled,
  kBegan,
  kSucceeded,
  kFailed,
  kCollected,
  kGranted,     // a grant was made
  kGrantUsed,   // one of its times was used
  kGrantEnded,  // used up, expired, revoked, or its session ended
};
// "asked", "previewed", …, "granted", "grant_used", "grant_ended".
std::string_view ChangeName(Change change);
std::optional<Change> ParseChange(std::string_view name);

struct Event {
  std::int64_t seq = 0;  // from 1
  Time time{};
  Change change = Change::kAsked;
  std::string approval;  // id, or empty
  std::string grant;     // id, or empty
  std::string session;   // empty: of every session
};

// Told of each change after it is on the disk, in order and before the call that made it returns.
// It may call the queue; what that call then returns is older than what the observer did.
using Observer = std::function<void(const Event&)>;

struct Events {
  std::vector<Event> events;  // oldest first
  std::int64_t last = 0;      // the number of the newest event of all
  // Whether events after the given number are gone already: list anew, and go on from `last`.
  bool gap = false;
};

}  // namespace aileron::approval
