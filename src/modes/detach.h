// Detached: a launch that goes on when the terminal that it was typed on is gone (keep/keeper.h).
#pragma once

#include <string>
#include <vector>

#include "modes/command.h"

namespace aileron::modes {

// Starts it and waits until its agent runs: the session's id. `words` are those of the command line
// behind "launch". What keeps the agent from running comes with the launch's own exit code, and has
// been printed.
std::expected<std::string, int> LaunchDetached(const std::vector<std::string>& words,
                                               bool terminal);

}  // namespace aileron::modes
