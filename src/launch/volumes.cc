#include "launch/volumes.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/text.h"
#include "image/file_lock.h"
#include "launch/kept_folders.h"
#include "launch/limits.h"
#include "os/beneath.h"
#include "os/remove_tree.h"

namespace aileron::launch {

namespace {

using image::FileLock;
using Kind = ListedVolume::Kind;

constexpr std::string_view kNamed = "named";
constexpr std::size_t kIdLeast = 6;  // of what names one in short
constexpr std::uint64_t kBlock = 512;

std::string StateFolder(const os::Paths& paths) { return paths.state + "/volumes"; }
std::string CacheFolder(const os::Paths& paths) { return paths.cache + "/volumes"; }

// The folders in a folder; none where that is not there.
std::vector<std::string> FoldersIn(const std::string& path) {
  std::vector<std::string> folders;
  const os::Fd folder(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
  if (!folder) return folders;
  const auto names = os::ListBeneath(folder, ".");
  if (!names) return folders;
  for (const std::string& name : *names) {
    struct stat info;
    const bool is = fstatat(folder.get(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0;
    if (is && S_ISDIR(info.st_mode)) folders.push_back(name);
  }
  return folders;
}

// What a tree takes on the disk, as far as the bounds let one look.
class Measuring {
 public:
  explicit Measuring(ListedVolume& volume) : volume_(volume) {}

  void Run() {
    const os::Fd folder(
        open(volume_.folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
    if (folder) {
      Folder(folder, 0);
    } else {
      volume_.whole = false;
    }
  }

 private:
  void Folder(const os::Fd& folder, std::size_t depth) {
    const auto names = os::ListBeneath(folder, ".");
    if (!names || depth > limits::kVolumeDepth) {
      volume_.whole = false;
      return;
    }
    for (const std::string& name : *names) {
      struct stat info;
      if (++entries_ > limits::kVolumeEntries) volume_.whole = false;
      if (entries_ > limits::kVolumeEntries ||
          fstatat(folder.get(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) {
        continue;
      }
      volume_.bytes += static_cast<std::uint64_t>(info.st_blocks) * kBlock;
      if (!S_ISDIR(info.st_mode)) continue;
      const os::Fd inner(
          openat(folder.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
      if (inner) {
        Folder(inner, depth + 1);
      } else {
        volume_.whole = false;
      }
    }
  }

  ListedVolume& volume_;
  std::uint64_t entries_ = 0;
};

bool IsInUse(const std::string& lock) {
  const auto held = FileLock::Try(lock, FileLock::Kind::kAlone, FileLock::Missing::kFail);
  return held && !*held;
}

std::string_view Word(Kind kind) { return kind == Kind::kVolume ? "volume" : "cache"; }

}  // namespace

std::string ListedVolume::Name(std::size_t id_length) const {
  const std::string shown = id.substr(0, id_length);
  return kind == Kind::kHome ? shown + "/home" : fmt::format("{}/{}/{}", shown, Word(kind), name);
}

Result<std::vector<ListedVolume>> ListVolumes(const os::Paths& paths) {
  std::vector<std::string> ids = FoldersIn(StateFolder(paths));
  for (std::string& id : FoldersIn(CacheFolder(paths))) {
    if (std::ranges::find(ids, id) == ids.end()) ids.push_back(std::move(id));
  }
  std::vector<ListedVolume> all;
  for (const std::string& id : ids) {
    const std::string state = fmt::format("{}/{}", StateFolder(paths), id);
    const std::string cache = fmt::format("{}/{}", CacheFolder(paths), id);
    ListedVolume volume{.id = id, .in_use = IsInUse(state + std::string(kKeptLock))};
    if (auto project = os::ReadFile(state + std::string(kKeptProject), limits::kProjectMax)) {
      volume.project = Trim(*project);
    }
    const auto add = [&](Kind kind, const std::string& name, const std::string& folder) {
      all.push_back(volume);
      all.back().kind = kind;
      all.back().name = name;
      all.back().folder = folder;
      Measuring(all.back()).Run();
    };
    for (const std::string& name : FoldersIn(state)) {
      if (name == "home") add(Kind::kHome, "", state + "/home");
    }
    const std::string named = fmt::format("{}/{}", state, kNamed);
    for (const std::string& name : FoldersIn(named)) {
      add(Kind::kVolume, name, fmt::format("{}/{}", named, name));
    }
    for (const std::string& name : FoldersIn(cache)) {
      add(Kind::kCache, name, fmt::format("{}/{}", cache, name));
    }
  }
  std::ranges::sort(all, {}, [](const ListedVolume& one) {
    return std::pair(one.project, one.Name(one.id.size()));
  });
  return all;
}

Result<std::vector<ListedVolume>> FindVolumes(const std::vector<ListedVolume>& all,
                                              std::string_view named) {
  const std::size_t slash = named.find('/');
  const std::string_view id = named.substr(0, slash);
  std::vector<ListedVolume> found;
  for (const ListedVolume& one : all) {
    if (id.size() < kIdLeast || !one.id.starts_with(id)) continue;
    if (slash == named.npos || one.Name(id.size()) == named) found.push_back(one);
  }
  if (found.empty()) {
    return Fail(Code::kNotFound,
                "there is no volume {}; \"aileron sandbox volume list\" shows which there are",
                Printable(named));
  }
  if (std::ranges::any_of(found, [&](const auto& one) { return one.id != found[0].id; })) {
    return Fail(Code::kInvalid, "{} begins the ids of several projects; write more of it",
                Printable(id));
  }
  return found;
}

Status RemoveVolume(const os::Paths& paths, const ListedVolume& volume) {
  const std::string state = fmt::format("{}/{}", StateFolder(paths), volume.id);
  AILERON_TRY(os::MakeFolders(state, kKeptMode));
  AILERON_ASSIGN(auto lock, FileLock::Try(state + std::string(kKeptLock), FileLock::Kind::kAlone));
  if (!lock) {
    return Fail(Code::kDenied, "a sandbox has {}; end it first (\"aileron session list\")",
                volume.Name(volume.id.size()));
  }
  if (volume.kind == Kind::kHome && unlink((state + std::string(kKeptMarker)).c_str()) != 0 &&
      errno != ENOENT) {
    return os::FailErrno("cannot remove {}{}", state, kKeptMarker);
  }
  AILERON_TRY(os::RemoveTree(volume.folder));
  // What is empty by now goes, too; the project's note with the last of its folders.
  (void)rmdir(fmt::format("{}/{}", state, kNamed).c_str());
  const std::string cache = fmt::format("{}/{}", CacheFolder(paths), volume.id);
  (void)rmdir(cache.c_str());
  if (FoldersIn(state).empty() && FoldersIn(cache).empty()) {
    (void)unlink((state + std::string(kKeptProject)).c_str());
    lock->Remove();
    (void)rmdir(state.c_str());
  }
  return {};
}

}  // namespace aileron::launch
