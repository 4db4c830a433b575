// The walls of one launch: which of them init is to raise and prove, and how that is told.
#pragma once

#include <string>
#include <vector>

#include "launch/plan.h"
#include "os/paths.h"
#include "sandbox/confinement.h"
#include "sandbox/limits.h"

namespace aileron::launch {

// Looks at the host as it is now: only what exists can be proved to be hidden.
sandbox::Confinement ConfinementFor(const Plan& plan, const os::Paths& paths,
                                    sandbox::Commands commands = sandbox::Commands::kFree);

// Which walls stand around this launch and which do not.
struct Standing {
  std::vector<std::string> walls;    // "landlock (ABI 7)"
  std::vector<std::string> missing;  // "landlock (--allow-nested)"
  std::string driver = "native";
};
Standing StandingWalls(const Plan& plan, const sandbox::Confinement& confinement,
                       const sandbox::ResourceLimits& limits);

// The walls that stand, as the inside of a JSON array.
std::string QuotedWalls(const Standing& standing);

// "aileron: native sandbox · walls: … · not here: …", for a person at a terminal.
std::string LaunchLine(const Standing& standing);

}  // namespace aileron::launch
