// Tested by tests/engine/test_engines.py.

#include "engine/entry_folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <memory>

#include "engine/container.h"
#include "os/remove_tree.h"
#include "os/socket.h"
#include "sandbox/enter.h"

namespace aileron::engine {

namespace {

constexpr int kTries = 10;

// Nothing when somebody holds it.
os::Fd Lock(const std::string& path) {
  os::Fd folder(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (folder && flock(folder.get(), LOCK_EX | LOCK_NB) != 0) folder.Reset();
  return folder;
}

// "aileron-XXXXXX" for the folder enter-XXXXXX.
std::string ContainerName(std::string_view folder) {
  return fmt::format("aileron-{}", folder.substr(folder.rfind('-') + 1));
}

void Sweep(const std::string& runtime, std::string_view kind,
           const std::function<void(const EntryFolder::Left&)>& left) {
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(opendir(runtime.c_str()), closedir);
  if (!folder) return;
  while (const dirent* entry = readdir(folder.get())) {
    if (!std::string_view(entry->d_name).starts_with(kind)) continue;
    const std::string path = fmt::format("{}/{}", runtime, entry->d_name);
    const os::Fd lock = Lock(path);
    if (!lock) continue;
    left({path, ContainerName(entry->d_name)});
    (void)os::RemoveTree(path);
  }
}

Status MakeFolder(const std::string& path) {
  if (mkdir(path.c_str(), 0755) != 0) return os::FailErrno("cannot create {}", path);
  return {};
}

Status MakeFile(const std::string& path, std::string_view bytes) {
  const os::Fd file(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
  if (!file) return os::FailErrno("cannot create {}", path);
  return os::WriteAll(file.get(), bytes);
}

}  // namespace

Result<EntryFolder> EntryFolder::Make(const std::string& runtime, std::string_view kind,
                                      const std::function<void(const Left&)>& left) {
  Sweep(runtime, kind, left);
  EntryFolder made;
  for (int tries = 0; tries < kTries && !made.lock_; ++tries) {
    std::string path = fmt::format("{}/{}XXXXXX", runtime, kind);
    if (mkdtemp(path.data()) == nullptr)
      return os::FailErrno("cannot make a folder in {}", runtime);
    // Somebody who cleans up may have been faster: then it is gone.
    os::Fd lock = Lock(path);
    struct stat info;
    if (!lock || stat(path.c_str(), &info) != 0) continue;
    made.path_ = std::move(path);
    made.lock_ = std::move(lock);
  }
  if (!made.lock_) return Fail(Code::kUnavailable, "cannot keep a folder in {}", runtime);
  AILERON_TRY(MakeFolder(made.entry()));
  AILERON_TRY(MakeFolder(fmt::format("{}/{}", made.entry(), sandbox::kEntryTrees)));
  AILERON_TRY(MakeFile(made.empty_file(), ""));
  AILERON_ASSIGN(
      made.listener_,
      os::ListenUnix(fmt::format("{}/{}", made.entry(), sandbox::kEntrySocket), SOCK_SEQPACKET));
  return made;
}

EntryFolder::~EntryFolder() {
  if (lock_) (void)os::RemoveTree(path_);
}

std::string EntryFolder::name() const {
  return ContainerName(std::string_view(path_).substr(path_.rfind('/') + 1));
}

std::string EntryFolder::empty_file() const {
  return fmt::format("{}/{}", entry(), sandbox::kEntryProgram);
}

Status EntryFolder::MakePlace(std::size_t number, Place place) {
  const std::string path = fmt::format("{}/{}/{}", entry(), sandbox::kEntryTrees, number);
  return place == Place::kFolder ? MakeFolder(path) : MakeFile(path, "");
}

Status EntryFolder::WriteSeccomp() const { return MakeFile(seccomp_file(), SeccompProfile()); }

void EntryFolder::Close() {
  listener_.Reset();
  unlink(fmt::format("{}/{}", entry(), sandbox::kEntrySocket).c_str());
}

}  // namespace aileron::engine
