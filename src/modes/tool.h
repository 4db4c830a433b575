// Tool: this program under another name is that tool of the sandbox, and asks the daemon to run
// what its words name.
//
// The tool itself holds no credential and reaches no site: it gets a spec, checks the words against
// it, and prints what came of the call.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace aileron::modes {

// Whether a program started by that name is a tool: one that a connector may have, and not ours.
bool IsToolName(std::string_view name);

// The exit code of the process. Errors have been printed, each in one line.
int RunTool(std::string_view name, std::span<const std::string> words);

}  // namespace aileron::modes
