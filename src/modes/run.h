// Run: finds the mode and the command that a command line names, and runs it.
#pragma once

#include <span>

#include "modes/command.h"

namespace aileron::modes {

// The exit code of the process. Errors have been printed.
int Run(std::span<const Mode> modes, int argc, char** argv);

}  // namespace aileron::modes
