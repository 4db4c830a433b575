// LiveTools: the commands of connectors in a sandbox that runs.
//
// One that comes later takes no other command's place either (shim/command_names.h): what the PATH
// has is looked for on the host then, whose root the sandbox shows.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "launch/environment.h"
#include "os/fd.h"
#include "sandbox/spec.h"

namespace aileron::launch {

using ToolFacts = std::map<std::string, SessionFacts::Tool>;

// As init is told of them, and as they are shown.
std::vector<sandbox::ToolName> ToolNames(const ToolFacts& tools);
sandbox::Tools ShownTools(const ToolFacts& tools);

class LiveTools {
 public:
  // `program` is what was launched, with the tools that there are already.
  LiveTools(const sandbox::Program& program, const ToolFacts& tools)
      : program_{.command = program.command, .environment = program.environment},
        shown_(ShownTools(tools)) {}

  // /run/aileron, to be written; without it nothing changes.
  void TakeFolder(os::Fd folder) { folder_ = std::move(folder); }
  // What could not be shown, and why: lines for a person.
  std::vector<std::string> Follow(const ToolFacts& tools);

 private:
  sandbox::Program program_;
  sandbox::Tools shown_;
  os::Fd folder_;
};

}  // namespace aileron::launch
