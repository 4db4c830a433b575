// Tested by tests/launch/test_detach.py.

#include "keep/kept.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/text.h"
#include "base/ulid.h"
#include "keep/limits.h"
#include "os/beneath.h"
#include "os/remove_tree.h"

namespace aileron::keep {

namespace {

constexpr std::string_view kFolder = "kept";

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
  AILERON_TRY(os::MakePrivateFolder(fmt::format("{}/{}", paths.state, kFolder)));
  AILERON_TRY(os::MakePrivateFolder(fmt::format("{}/{}", paths.runtime, kFolder)));
  return os::MakePrivateFolder(places.folder);
}

std::optional<int> ExitCodeOf(const KeptPlaces& places) {
  const auto text = os::ReadFile(places.folder + "/exit", limits::kLine);
  return text ? ParseInteger<int>(Trim(*text)) : std::nullopt;
}

void RemoveOld(const os::Paths& paths, Time now) {
  const std::string top = fmt::format("{}/{}", paths.state, kFolder);
  const os::Fd folder(open(top.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!folder) return;
  const auto names = os::ListBeneath(folder, ".");
  if (!names) return;
  for (const std::string& name : *names) {
    struct stat info;
    const bool ended = stat(fmt::format("{}/{}/exit", top, name).c_str(), &info) == 0;
    if (!ended || now - Time(std::chrono::seconds(info.st_mtim.tv_sec)) < limits::kKeptFor)
      continue;
    (void)os::RemoveTree(folder, name);
  }
}

}  // namespace aileron::keep
