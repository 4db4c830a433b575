// Findings: what "doctor" and "sandbox check" have looked at, as JSON and as a table with the
// commands that mend what is missing.
#pragma once

#include <vector>

#include "modes/api.h"
#include "modes/command.h"
#include "sandbox/probe.h"

namespace aileron::modes {

Json FindingsJson(const std::vector<sandbox::Capability>& found);
// What FindingsJson made of others; kInvalid for anything else.
Result<std::vector<sandbox::Capability>> ReadFindings(const Json& json);

// Prints them; the exit code is 1 when something is missing. `first` is the heading of the names.
enum class As : std::uint8_t { kTable, kJson };
Outcome PrintFindings(const std::vector<sandbox::Capability>& found, std::string_view first, As as);

}  // namespace aileron::modes
