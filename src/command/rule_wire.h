// Rules about commands between two processes of ours, and in what a session is resumed from
// (base/wire.h).
#pragma once

#include <optional>

#include "base/wire.h"
#include "command/rules.h"

namespace aileron::command {

void WriteRule(WireWriter& writer, const CommandRule& rule);
// Nothing for a value out of range, or a text over limits::kRuleTextMax. What is missing is told by
// the reader.
std::optional<CommandRule> ReadRule(WireReader& reader);

}  // namespace aileron::command
