#include "os/remove_tree.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#include "base/text.h"
#include "os/beneath.h"

namespace aileron::os {

namespace {

// Removes what is no folder in the folder at `path`, and gives the names of the folders.
Result<std::vector<std::string>> RemoveFiles(const Fd& top, const std::string& path) {
  AILERON_ASSIGN(const Fd folder, OpenBeneath(top, path, O_RDONLY | O_DIRECTORY));
  AILERON_ASSIGN(const std::vector<std::string> names, ListBeneath(folder, "."));
  std::vector<std::string> folders;
  for (const std::string& name : names) {
    if (unlinkat(folder.get(), name.c_str(), 0) == 0 || errno == ENOENT) continue;
    if (errno != EISDIR) return FailErrno("cannot remove {}", Printable(path + "/" + name));
    folders.push_back(name);
  }
  return folders;
}

// A folder that its owner may not read, enter or change is made one that they may.
Status OpenUp(const Fd& top, const std::string& path) {
  struct stat info;
  if (fstatat(top.get(), path.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0)
    return FailErrno("cannot look at {}", Printable(path));
  if ((info.st_mode & S_IRWXU) == S_IRWXU || !S_ISDIR(info.st_mode)) return {};
  if (fchmodat(top.get(), path.c_str(), S_IRWXU, AT_SYMLINK_NOFOLLOW) != 0)
    return FailErrno("cannot change the mode of {}", Printable(path));
  return {};
}

}  // namespace

Status RemoveTree(const Fd& folder, const std::string& name) {
  if (unlinkat(folder.get(), name.c_str(), 0) == 0 || errno == ENOENT) return {};
  if (errno != EISDIR) return FailErrno("cannot remove {}", Printable(name));
  AILERON_TRY(OpenUp(folder, name));
  AILERON_ASSIGN(const Fd top, OpenBeneath(folder, name, O_PATH | O_DIRECTORY));
  AILERON_ASSIGN(std::vector<std::string> found, RemoveFiles(top, "."));
  // Folders as they are found, below the top: what is in one stands behind it.
  for (std::size_t next = 0; next < found.size(); ++next) {
    const std::string path = found[next];
    AILERON_TRY(OpenUp(top, path));
    AILERON_ASSIGN(const std::vector<std::string> inside, RemoveFiles(top, path));
    for (const std::string& one : inside) found.push_back(path + "/" + one);
  }
  for (; !found.empty(); found.pop_back()) {
    if (unlinkat(top.get(), found.back().c_str(), AT_REMOVEDIR) != 0 && errno != ENOENT)
      return FailErrno("cannot remove {}", Printable(found.back()));
  }
  if (unlinkat(folder.get(), name.c_str(), AT_REMOVEDIR) != 0 && errno != ENOENT)
    return FailErrno("cannot remove {}", Printable(name));
  return {};
}

Status RemoveTree(const std::string& path) {
  const PathParts parts = SplitPath(path);
  const std::string above = parts.folder.empty() ? "/" : parts.folder;
  const Fd folder(open(above.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!folder) return FailErrno("cannot open {}", Printable(above));
  return RemoveTree(folder, parts.name);
}

}  // namespace aileron::os
