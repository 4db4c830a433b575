#include "launch/live_tools.h"

#include "sandbox/runtime_folder.h"
#include "shim/command_names.h"

namespace aileron::launch {

std::vector<sandbox::ToolName> ToolNames(const ToolFacts& tools) {
  std::vector<sandbox::ToolName> names;
  for (const auto& [name, tool] : tools) names.push_back({name, tool.connector, tool.overrides});
  return names;
}

sandbox::Tools ShownTools(const ToolFacts& tools) {
  sandbox::Tools shown;
  for (const auto& [name, tool] : tools) shown[name] = tool.summary;
  return shown;
}

std::vector<std::string> LiveTools::Follow(const ToolFacts& tools) {
  std::vector<std::string> complaints;
  if (!folder_) return complaints;
  sandbox::Tools next;
  for (const auto& [name, tool] : tools) {
    program_.tools = {{name, tool.connector, tool.overrides}};
    const Status free = shown_.contains(name) ? Status() : shim::CheckCommandNames(program_);
    if (free) {
      next[name] = tool.summary;
    } else {
      complaints.push_back(fmt::format("left out: {}", free.error().message));
    }
  }
  if (next == shown_) return complaints;
  if (auto changed = sandbox::ChangeTools(folder_, shown_, next); !changed) {
    complaints.push_back(
        fmt::format("the sandbox's tools are not up to date: {}", changed.error().message));
  }
  shown_ = std::move(next);
  return complaints;
}

}  // namespace aileron::launch
