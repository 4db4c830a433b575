// Questions to people, and what is remembered of their answers, as a person reads them.
#pragma once

#include <expected>
#include <string>

#include "base/time.h"
#include "modes/api.h"
#include "modes/terminal.h"

namespace aileron::modes {

// What waits, and for how long.
Grid WaitingGrid(const Json& approvals, Time now);
// What was asked, and what became of it.
Grid ApprovalGrid(const Json& approvals, Time now);
// One question, whole: who asks what, for how long, what a yes would open, and what may be changed.
// Lines are broken at `width`; 0: no bound.
std::string ApprovalText(const Json& approval, Colour colour, std::size_t width, Time now);
Grid GrantGrid(const Json& grants);

// The id that `text` stands for among `approvals`: the whole id, or as much of its end as no other
// has, four characters at least. kNotFound, or kInvalid when several end so.
Result<std::string> FindApproval(const Json& approvals, std::string_view text);

// The exit code for who waited for it: 0 yes, 75 still open, 77 no.
int ExitCodeOf(const Json& approval);

}  // namespace aileron::modes
