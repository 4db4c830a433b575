#include "os/find_program.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <cstdlib>
#include <filesystem>

#include "base/below.h"
#include "base/text.h"

namespace aileron::os {

bool IsProgramOutside(const std::string& program, std::span<const std::string> projects) {
  char resolved[PATH_MAX];
  struct stat info;
  if (realpath(program.c_str(), resolved) == nullptr) return false;
  const std::string plain = std::filesystem::path(program).lexically_normal().string();
  const bool inside = std::ranges::any_of(projects, [&](std::string_view project) {
    return IsOrBelow(resolved, project) || IsOrBelow(plain, project);
  });
  return !inside && stat(resolved, &info) == 0 && S_ISREG(info.st_mode) &&
         access(resolved, X_OK) == 0;
}

std::string FindProgram(std::string_view name, std::string_view path,
                        std::span<const std::string> projects) {
  for (const std::string_view folder : Split(path, ':')) {
    if (!folder.starts_with('/')) continue;
    std::string program = fmt::format("{}/{}", folder, name);
    if (IsProgramOutside(program, projects)) return program;
  }
  return {};
}

}  // namespace aileron::os
