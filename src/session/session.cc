#include "session/session.h"

namespace aileron::session {

std::string_view StateName(State state) {
  switch (state) {
    case State::kRunning:
      return "running";
    case State::kEnded:
      return "ended";
    case State::kOrphaned:
      return "orphaned";
    case State::kStopped:
      return "stopped";
  }
  return "ended";
}

std::optional<State> ParseState(std::string_view name) {
  for (const State state : {State::kRunning, State::kEnded, State::kOrphaned, State::kStopped}) {
    if (StateName(state) == name) return state;
  }
  return std::nullopt;
}

bool MayBecome(State from, State to) {
  switch (from) {
    case State::kRunning:
      return to != State::kRunning;
    case State::kOrphaned:
      return to == State::kRunning;
    case State::kEnded:
    case State::kStopped:
      break;
  }
  return false;
}

Status Session::Become(State next, Time now, std::optional<int> code) {
  if (!MayBecome(state, next)) {
    return Fail(Code::kInvalid, "session {} is {} and cannot become {}", id, StateName(state),
                StateName(next));
  }
  state = next;
  exit_code = code;
  ended = next == State::kRunning ? std::nullopt : std::optional(now);
  return {};
}

}  // namespace aileron::session
