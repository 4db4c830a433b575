// Tested by tests/security/test_host_programs.py.

#include "modes/written_folders.h"

#include <climits>
#include <cstdlib>

#include "base/below.h"
#include "os/environment.h"
#include "os/find_program.h"
#include "os/paths.h"

namespace aileron::modes {

std::vector<std::string> WrittenFolders(const std::string& workspace,
                                        std::span<const sandbox::MountRequest> mounts) {
  const auto paths = os::FindPaths();
  const std::string home = paths ? paths->home : std::string();
  std::vector<std::string> folders;
  const auto add = [&](const std::string& folder) {
    for (std::string& one : os::ProjectFolders(folder, home)) folders.push_back(std::move(one));
  };
  const auto here = os::CurrentFolder();
  // A home is where a person types, and full of programs: it counts where it is the workspace.
  if (here && (workspace.empty() || !IsOrBelow(home, *here))) add(*here);
  if (!workspace.empty()) add(workspace);
  char real[PATH_MAX];
  for (const sandbox::MountRequest& mount : mounts) {
    if (mount.access != sandbox::Access::kReadWrite) continue;
    if (realpath(mount.source.c_str(), real) != nullptr) folders.emplace_back(real);
  }
  return folders;
}

}  // namespace aileron::modes
