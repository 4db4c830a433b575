#include "daemon/command_world.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "base/text.h"

namespace aileron::daemon {

namespace {

constexpr auto kInstalled = std::to_array<std::string_view>(
    {"/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin", "/usr/games",
     "/snap/bin", "/run/current-system/sw/bin", "/nix/var/nix/profiles/default/bin",
     "/home/linuxbrew/.linuxbrew/bin"});
constexpr auto kInstalledAtHome =
    std::to_array<std::string_view>({"/.local/bin", "/bin", "/.nix-profile/bin"});

bool IsInstalled(std::string_view folder, std::string_view home) {
  if (std::ranges::find(kInstalled, folder) != kInstalled.end()) return true;
  return !home.empty() && folder.starts_with(home) &&
         std::ranges::find(kInstalledAtHome, folder.substr(home.size())) != kInstalledAtHome.end();
}

}  // namespace

CommandWorld CommandWorld::OfProcess(char** variables) {
  CommandWorld world;
  std::string_view path;
  for (char** entry = variables; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    if (text.starts_with("AILERON_")) continue;
    if (text.starts_with("HOME=")) world.home = text.substr(5);
    if (text.starts_with("PATH=")) {
      path = text.substr(5);
    } else {
      world.environment.emplace_back(text);
    }
  }
  if (!world.home.starts_with('/')) world.home = "/";
  std::vector<std::string> folders;
  for (const std::string_view folder : Split(path, ':')) {
    if (IsInstalled(folder, world.home == "/" ? "" : world.home)) folders.emplace_back(folder);
  }
  world.environment.push_back("PATH=" + Join(folders, ":"));
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
