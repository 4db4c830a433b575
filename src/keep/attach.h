// AttachTo: a person's terminal at a launch that a keeper keeps (frame.h).
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "keep/key_sequence.h"

namespace aileron::keep {

struct AttachOptions {
  std::string socket;
  bool input = true;  // what stands on standard input is typed
  KeySequence leave;  // by these keys, typed on a terminal
};

// Until the agent has ended, whose exit code it is, or the person has left, by keys or by a signal:
// nothing. kNotFound when nobody keeps it; kUnavailable when the keeper has gone before it said how
// it ended, or lets go of who takes nothing.
Result<std::optional<int>> AttachTo(AttachOptions options);

}  // namespace aileron::keep
