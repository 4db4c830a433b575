// Tested by tests/engine/test_engines.py.

#include "engine/entry_folder.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "engine/container.h"
#include "os/socket.h"
#include "sandbox/enter.h"

namespace aileron::engine {

namespace {

// "aileron-XXXXXX" for the folder enter-XXXXXX.
std::string ContainerName(std::string_view folder) {
  return fmt::format("aileron-{}", folder.substr(folder.rfind('-') + 1));
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
  EntryFolder made;
  AILERON_ASSIGN(made.folder_, HeldFolder::Make(runtime, kind, [&left](const std::string& path) {
                   left({path, ContainerName(path)});
                 }));
  AILERON_TRY(MakeFolder(made.entry()));
  AILERON_TRY(MakeFolder(fmt::format("{}/{}", made.entry(), sandbox::kEntryTrees)));
  AILERON_TRY(MakeFile(made.empty_file(), ""));
  AILERON_ASSIGN(
      made.listener_,
      os::ListenUnix(fmt::format("{}/{}", made.entry(), sandbox::kEntrySocket), SOCK_SEQPACKET));
  return made;
}

std::string EntryFolder::name() const { return ContainerName(path()); }

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
