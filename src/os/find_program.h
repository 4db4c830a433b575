// FindProgram: a program of the host in PATH, where no agent writes.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace aileron::os {

struct Program {
  std::string path;  // to be started: where it lies, without a link that could lead elsewhere later
  std::string called;  // absolute, as it was found; the first word, since some programs go by it
};

struct ProgramSearch {
  std::optional<Program> found;
  // The first that was left out because it lies in a project, or is reached by a link that does;
  // empty: none was.
  std::string left_out;
};

// `name` in the folders of `path`, the variable PATH, of which those are passed over that are not
// absolute. `projects` are absolute folders, resolved.
ProgramSearch FindProgram(std::string_view name, std::string_view path,
                          std::span<const std::string> projects);

// The same of one that is named by its path, absolute.
ProgramSearch FindProgramAt(const std::string& path, std::span<const std::string> projects);

// What to add to "there is none"; empty where nothing was left out.
std::string TellLeftOut(std::string_view left_out);

// Where an agent may write that works in `folder`: that, and the project it belongs to, which is
// the topmost folder above it, below `home` or the root, that has .git, aileron.yaml or a
// devcontainer.json. Resolved; nothing for a folder that is not there, and for the root.
std::vector<std::string> ProjectFolders(const std::string& folder, const std::string& home);

}  // namespace aileron::os
