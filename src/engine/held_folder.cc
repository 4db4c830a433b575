// Tested by tests/engine/test_engines.py.

#include "engine/held_folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <memory>

#include "os/remove_tree.h"

namespace aileron::engine {

namespace {

constexpr int kTries = 10;

// Nothing when somebody holds it.
os::Fd Lock(const std::string& path) {
  os::Fd folder(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (folder && flock(folder.get(), LOCK_EX | LOCK_NB) != 0) folder.Reset();
  return folder;
}

void Sweep(const std::string& runtime, std::string_view kind,
           const std::function<void(const std::string&)>& left) {
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(opendir(runtime.c_str()), closedir);
  if (!folder) return;
  while (const dirent* entry = readdir(folder.get())) {
    if (!std::string_view(entry->d_name).starts_with(kind)) continue;
    const std::string path = fmt::format("{}/{}", runtime, entry->d_name);
    const os::Fd lock = Lock(path);
    if (!lock) continue;
    left(path);
    (void)os::RemoveTree(path);
  }
}

}  // namespace

Result<HeldFolder> HeldFolder::Make(const std::string& runtime, std::string_view kind,
                                    const std::function<void(const std::string&)>& left) {
  Sweep(runtime, kind, left);
  for (int tries = 0; tries < kTries; ++tries) {
    std::string path = fmt::format("{}/{}XXXXXX", runtime, kind);
    if (mkdtemp(path.data()) == nullptr)
      return os::FailErrno("cannot make a folder in {}", runtime);
    // Somebody who cleans up may have been faster: then it is gone.
    os::Fd lock = Lock(path);
    struct stat info;
    if (!lock || stat(path.c_str(), &info) != 0) continue;
    HeldFolder made;
    made.path_ = std::move(path);
    made.lock_ = std::move(lock);
    return made;
  }
  return Fail(Code::kUnavailable, "cannot keep a folder in {}", runtime);
}

HeldFolder::~HeldFolder() {
  if (lock_) (void)os::RemoveTree(path_);
}

}  // namespace aileron::engine
