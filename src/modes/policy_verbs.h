// The commands of `aileron policy` that stand in files of their own.
#pragma once

#include <vector>

#include "modes/command.h"

namespace aileron::modes {

// diff
std::vector<Command> PolicyCompareCommands();
// learn, replay
std::vector<Command> PolicyLearnCommands();
// trust, untrust, trusted
std::vector<Command> PolicyTrustCommands();

}  // namespace aileron::modes
