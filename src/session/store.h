// SessionStore: the sessions table of state/state.db. What a session was and how it ended outlives
// the daemon; its keys and rules do not (see resume.h).
//
// Commits are not forced to the disk: losing the last row to a power cut loses nothing that runs.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "session/session.h"
#include "store/database.h"

namespace aileron::session {

class SessionStore {
 public:
  // Makes the file when it is missing. Errors name it and the way out.
  static Result<SessionStore> Open(const std::string& path);

  // Adds the session, or replaces what is known of it.
  Status Put(const Session& session);
  // kNotFound.
  Result<Session> Get(std::string_view id) const;

  enum class Which { kRunning, kAll };
  // Newest first, at most limits::kListMax.
  Result<std::vector<Session>> List(Which which) const;

  // Marks every session recorded as running, except those in `alive`, as orphaned at `now`, and
  // returns them. For the time after a start by which a launcher would have come back.
  Result<std::vector<Session>> Orphan(const std::vector<std::string>& alive, Time now);

  // Forgets the oldest sessions that have ended, beyond limits::kKept.
  Status Prune();

 private:
  explicit SessionStore(std::unique_ptr<store::Database> database);
  std::unique_ptr<store::Database> database_;
};

}  // namespace aileron::session
