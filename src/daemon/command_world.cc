#include "daemon/command_world.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"

namespace aileron::daemon {

CommandWorld CommandWorld::OfProcess(char** variables) {
  CommandWorld world;
  for (char** entry = variables; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    if (text.starts_with("AILERON_")) continue;
    if (text.starts_with("HOME=")) world.home = text.substr(5);
    if (text.starts_with("PATH=")) {
      std::vector<std::string> folders;
      for (const std::string_view folder : Split(text.substr(5), ':')) {
        if (folder.starts_with('/')) folders.emplace_back(folder);
      }
      world.environment.push_back("PATH=" + Join(folders, ":"));
      continue;
    }
    world.environment.emplace_back(text);
  }
  if (!world.home.starts_with('/')) world.home = "/";
  return world;
}

Result<std::string> CommandWorld::Find(const std::string& program) const {
  if (program.contains('/')) return program;
  for (const std::string_view entry : environment) {
    if (!entry.starts_with("PATH=")) continue;
    for (const std::string_view folder : Split(entry.substr(5), ':')) {
      const std::string path = fmt::format("{}/{}", folder, program);
      struct stat info;
      if (folder.empty() || stat(path.c_str(), &info) != 0) continue;
      if (S_ISREG(info.st_mode) && access(path.c_str(), X_OK) == 0) return path;
    }
  }
  return Fail(Code::kNotFound, "there is no program {} in the daemon's PATH", Printable(program));
}

}  // namespace aileron::daemon
