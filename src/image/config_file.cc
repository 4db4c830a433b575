#include "image/config_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <climits>
#include <cstdlib>
#include <vector>

#include "base/text.h"
#include "image/devcontainer_limits.h"
#include "os/beneath.h"
#include "os/fd.h"
#include "os/reserved_name.h"

namespace aileron::image {
namespace {

constexpr std::string_view kFolder = ".devcontainer", kName = "devcontainer.json";

// A link counts: it is there, and reading it says what it is.
bool Exists(const os::Fd& folder, const std::string& path) {
  return faccessat(folder.get(), path.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

Result<os::Fd> OpenFolder(const std::string& path) {
  os::Fd folder(open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!folder) return os::FailErrno("cannot open the folder {}", Printable(path));
  return folder;
}

Result<std::vector<std::string>> Candidates(const os::Fd& workspace, const std::string& named) {
  std::vector<std::string> found;
  for (std::string path : {fmt::format("{}/{}", kFolder, kName), fmt::format(".{}", kName)}) {
    // A sandbox that runs here keeps the name from its agent.
    const bool reserved = os::ReservedName::Has(fmt::format("{}/{}", named, path));
    if (Exists(workspace, path) && !reserved) found.push_back(std::move(path));
  }
  const auto names = os::ListBeneath(workspace, std::string(kFolder));
  if (!names) return found;  // there is no such folder, or it is a file
  if (names->size() > limits::kConfigFiles) {
    return Fail(Code::kInvalid, "{} has more than {} entries; name the file with --config", kFolder,
                limits::kConfigFiles);
  }
  for (const std::string& name : *names) {
    std::string path = fmt::format("{}/{}/{}", kFolder, name, kName);
    if (Exists(workspace, path)) found.push_back(std::move(path));
  }
  return found;
}

Result<ConfigFile> ReadNamed(const std::string& named) {
  const os::PathParts parts = os::SplitPath(named);
  const std::string folder = parts.folder.empty() ? "/" : parts.folder;
  char resolved[PATH_MAX];
  if (realpath(folder.c_str(), resolved) == nullptr) {
    return os::FailErrno("cannot find {}", Printable(named));
  }
  AILERON_ASSIGN(const os::Fd opened, OpenFolder(resolved));
  auto text = os::ReadBeneath(opened, parts.name, limits::kJsoncMax);
  if (!text) return Wrap(text.error(), "cannot read {}", Printable(named));
  const std::string_view slash = std::string_view(resolved) == "/" ? "" : "/";
  return ConfigFile{fmt::format("{}{}{}", resolved, slash, parts.name), *std::move(text)};
}

}  // namespace

Result<std::optional<ConfigFile>> FindConfig(const std::string& workspace,
                                             const std::string& named) {
  if (!named.empty()) return ReadNamed(named);
  AILERON_ASSIGN(const os::Fd folder, OpenFolder(workspace));
  AILERON_ASSIGN(const std::vector<std::string> found, Candidates(folder, workspace));
  if (found.empty()) return std::nullopt;
  if (found.size() > 1) {
    return Fail(Code::kInvalid, "{} has several devcontainer.json: {}. Name one with --config",
                Printable(workspace), Printable(Join(found, ", ")));
  }
  std::string path = fmt::format("{}/{}", workspace == "/" ? "" : workspace, found[0]);
  auto text = os::ReadBeneath(folder, found[0], limits::kJsoncMax);
  if (!text) {
    return Wrap(text.error(), "cannot read {}, which has to be a file of the workspace, no link",
                Printable(path));
  }
  return ConfigFile{std::move(path), *std::move(text)};
}

}  // namespace aileron::image
