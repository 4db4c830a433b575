// CommandNames: whether the tools of connectors have names that the sandbox has already.
//
// A tool stands in /run/aileron/bin, which comes first on the PATH: it would be found in place of
// the command. So none may have the name of a command on the rest of the PATH, unless its spec says
// "override: true", and none that of the command that is launched, whatever its spec says. What
// runs under such a name is the person's choice, not that of who wrote a spec.
//
// Looked at from within, as the agent sees it, once before it starts: a stat(2) for each tool and
// folder of the PATH.
#pragma once

#include <string>

#include "base/result.h"
#include "sandbox/spec.h"

namespace aileron::shim {

// kInvalid names the tool, its connector, what it would hide, and what to do.
Status CheckCommandNames(const sandbox::Program& program);

}  // namespace aileron::shim
