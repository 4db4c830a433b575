// Tested by tests/launch/test_detach.py.

#include "keep/kept.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "base/ulid.h"
#include "keep/limits.h"
#include "os/beneath.h"
#include "os/remove_tree.h"

namespace aileron::keep {

namespace {

constexpr std::string_view kFolder = "kept";

os::Fd OpenLock(const std::string& folder, int more) {
  const std::string path = folder + "/lock";
  return os::Fd(open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | more, 0600));
}

}  // namespace

Result<KeptPlaces> PlacesOf(const os::Paths& paths, const std::string& session) {
  if (!Ulid::Parse(session)) {
    return Fail(Code::kInvalid, "\"{}\" is no session's id; \"aileron session list\" shows them",
                Printable(session));
  }
  return KeptPlaces{.folder = fmt::format("{}/{}/{}", paths.state, kFolder, session),
                    .socket = fmt::format("{}/{}/{}", paths.runtime, kFolder, session)};
}

Status MakeFolders(const os::Paths& paths, const KeptPlaces& places) {
  AILERON_TRY(os::MakePrivateFolder(paths.runtime));  // which may lie in /tmp
  AILERON_TRY(os::MakePrivateFolder(fmt::format("{}/{}", paths.state, kFolder)));
  AILERON_TRY(os::MakePrivateFolder(fmt::format("{}/{}", paths.runtime, kFolder)));
  return os::MakePrivateFolder(places.folder);
}

std::optional<int> ExitCodeOf(const KeptPlaces& places) {
  const auto text = os::ReadFile(places.folder + "/exit", limits::kLine);
  return text ? ParseInteger<int>(Trim(*text)) : std::nullopt;
}

Result<os::Fd> Hold(const KeptPlaces& places) {
  os::Fd file = OpenLock(places.folder, O_CREAT);
  if (!file || flock(file.get(), LOCK_EX | LOCK_NB) != 0)
    return os::FailErrno("cannot lock {}", places.folder);
  return file;
}

Keeping KeepingOf(const KeptPlaces& places) {
  const os::Fd file = OpenLock(places.folder, 0);
  if (!file) return Keeping::kNone;
  if (flock(file.get(), LOCK_SH | LOCK_NB) != 0) return Keeping::kRuns;
  return ExitCodeOf(places) ? Keeping::kEnded : Keeping::kKilled;
}

void RemoveOld(const os::Paths& paths, Time now) {
  const std::string top = fmt::format("{}/{}", paths.state, kFolder);
  const os::Fd folder(open(top.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!folder) return;
  const auto names = os::ListBeneath(folder, ".");
  if (!names) return;
  for (const std::string& name : *names) {
    const auto places = PlacesOf(paths, name);
    if (!places || KeepingOf(*places) == Keeping::kRuns) continue;
    // Of its last change: a log that was written to, or an end that was noted.
    struct stat info;
    const std::string last = places->folder + (ExitCodeOf(*places) ? "/exit" : "/output");
    if (stat(last.c_str(), &info) != 0 && stat(places->folder.c_str(), &info) != 0) continue;
    if (now - Time(std::chrono::seconds(info.st_mtim.tv_sec)) < limits::kKeptFor) continue;
    (void)unlink(places->socket.c_str());  // of one that was killed
    (void)os::RemoveTree(folder, name);
  }
}

}  // namespace aileron::keep
