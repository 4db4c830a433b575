// Session: one launch, from the moment the daemon opens it to the record of how it ended.
//
//   running ──exit──▶ ended         the launcher told the agent's exit code
//      │  ▲
//      │  └─resume── orphaned       the launcher went away without a word, or did not come back
//      └──stop────▶ stopped         a person ended it
//
// An ended or stopped session never runs again. An orphaned one may: after a crash of the daemon
// the launcher can be slow to come back.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace aileron::session {

enum class State { kRunning, kEnded, kOrphaned, kStopped };
std::string_view StateName(State state);
std::optional<State> ParseState(std::string_view name);

// Whether a session may go from one state to the other.
bool MayBecome(State from, State to);

struct Session {
  std::string id;  // ULID
  std::vector<std::string> command;
  std::string workspace;
  std::string driver;
  std::string tier;
  std::string image;
  std::string profile;
  std::int64_t launcher_pid = 0;
  State state = State::kRunning;
  Time started{};
  std::optional<Time> ended;
  std::optional<int> exit_code;

  // kInvalid, naming both states, when that is not a step of the picture above.
  Status Become(State next, Time now, std::optional<int> code = std::nullopt);
};

}  // namespace aileron::session
