#include "os/beneath.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace aileron::os {

Result<Fd> OpenBeneath(const Fd& folder, const std::string& path, int flags, unsigned mode) {
  open_how how{};
  how.flags = static_cast<std::uint64_t>(flags | O_CLOEXEC);
  how.mode = mode;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  long opened;
  do {
    // EAGAIN: something was renamed on the way, and the kernel could not be sure.
    opened = syscall(SYS_openat2, folder.get(), path.c_str(), &how, sizeof how);
  } while (opened < 0 && (errno == EINTR || errno == EAGAIN));
  Fd file(static_cast<int>(opened));
  if (!file) return FailErrno("cannot open {}", path);
  return file;
}

Result<std::string> ReadBeneath(const Fd& folder, const std::string& path, std::size_t limit) {
  AILERON_ASSIGN(const Fd file,
                 OpenBeneath(folder, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY));
  struct stat info;
  if (fstat(file.get(), &info) != 0) return FailErrno("cannot look at {}", path);
  if (!S_ISREG(info.st_mode)) return Fail(Code::kInvalid, "{} is not a regular file", path);
  return ReadAll(file, path, limit);
}

Result<std::vector<std::string>> ListBeneath(const Fd& folder, const std::string& path) {
  AILERON_ASSIGN(Fd opened, OpenBeneath(folder, path, O_RDONLY | O_DIRECTORY));
  DIR* listing = fdopendir(opened.get());
  if (listing == nullptr) return FailErrno("cannot list {}", path);
  (void)opened.Release();  // the listing's now
  std::vector<std::string> names;
  while (const dirent* entry = readdir(listing)) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  closedir(listing);
  std::ranges::sort(names);
  return names;
}

PathParts SplitPath(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return {".", path};
  return {path.substr(0, slash), path.substr(slash + 1)};
}

}  // namespace aileron::os
