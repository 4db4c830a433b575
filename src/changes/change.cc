#include "changes/change.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <set>
#include <utility>

#include "base/below.h"
#include "base/text.h"
#include "changes/limits.h"
#include "os/beneath.h"

namespace aileron::changes {

namespace {

constexpr unsigned kModeBits = 07777;
constexpr std::int64_t kSecond = 1'000'000'000;

constexpr const char* kOrigin = "user.overlay.origin";

using Stat = struct stat;

std::optional<Stat> Look(const os::Fd& folder, const std::string& name) {
  Stat info;
  if (!folder || fstatat(folder.get(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) return {};
  return info;
}

Type TypeOf(const Stat& info) {
  if (S_ISREG(info.st_mode)) return Type::kFile;
  if (S_ISDIR(info.st_mode)) return Type::kFolder;
  return S_ISLNK(info.st_mode) ? Type::kLink : Type::kSpecial;
}

Entry EntryOf(const os::Fd& folder, const std::string& name, const Stat& info) {
  Entry entry{.type = TypeOf(info), .mode = info.st_mode & kModeBits, .target = {}};
  if (entry.type == Type::kFile) entry.size = static_cast<std::uint64_t>(info.st_size);
  if (entry.type == Type::kLink) {
    entry.mode = 0;  // links have none of their own
    std::array<char, limits::kTarget> target;
    const ssize_t size = readlinkat(folder.get(), name.c_str(), target.data(), target.size());
    if (size > 0) entry.target.assign(target.data(), static_cast<std::size_t>(size));
  }
  return entry;
}

constexpr int kFolderFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

// The thing itself, that nobody can put another one in the place of, to have its mode changed.
struct Place {
  os::Fd file;
  Stat info;
  std::string path;
};
std::optional<Place> PlaceOf(const os::Fd& folder, const std::string& name, unsigned type) {
  Place place{.file = os::Fd(openat(folder.get(), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC)),
              .info = {},
              .path = {}};
  if (!place.file || fstat(place.file.get(), &place.info) != 0 ||
      (place.info.st_mode & S_IFMT) != type)
    return std::nullopt;
  place.path = fmt::format("/proc/self/fd/{}", place.file.get());
  return place;
}

Result<os::Fd> OpenFolder(const os::Fd& folder, const std::string& name) {
  os::Fd opened(openat(folder.get(), name.c_str(), kFolderFlags));
  if (!opened) return os::FailErrno("cannot open the folder {}", Printable(name));
  return opened;
}

// Of the copy: its owner is let in where the agent shut him out, and stays so, since nobody could
// apply what is in it otherwise.
Result<os::Fd> OpenCopied(const os::Fd& folder, const std::string& name) {
  constexpr unsigned own = 0700;
  if (const auto place = PlaceOf(folder, name, S_IFDIR);
      place && (place->info.st_mode & own) != own && geteuid() != 0)
    (void)chmod(place->path.c_str(), (place->info.st_mode & kModeBits) | own);
  return OpenFolder(folder, name);
}

bool HasAttribute(const os::Fd& folder, const std::string& name, const char* attribute) {
  const os::Fd place(openat(folder.get(), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  const std::string path = fmt::format("/proc/self/fd/{}", place.get());
  return place && getxattr(path.c_str(), attribute, nullptr, 0) >= 0;
}

bool IsOpaque(const os::Fd& folder) {
  char value = 0;
  return fgetxattr(folder.get(), "user.overlay.opaque", &value, 1) == 1 && value == 'y';
}

bool IsWhiteout(const os::Fd& folder, const std::string& name, const Stat& info) {
  if (S_ISCHR(info.st_mode)) return info.st_rdev == makedev(0, 0);
  return S_ISREG(info.st_mode) && info.st_size == 0 &&
         HasAttribute(folder, name, "user.overlay.whiteout");
}

// Where the next data is; `size` when there is none.
off_t DataFrom(const os::Fd& file, off_t at, off_t size) {
  const off_t data = lseek(file.get(), at, SEEK_DATA);
  if (data >= 0) return data;
  return errno == ENXIO ? size : at;
}

// Of two files with the same size. What is a hole in both is not read: of one that says to be huge
// there need be nothing.
bool SameBytes(const os::Fd& one, const os::Fd& other, off_t size) {
  std::vector<char> mine(limits::kPiece), theirs(limits::kPiece);
  for (off_t at = 0; at < size;) {
    at = std::min(DataFrom(one, at, size), DataFrom(other, at, size));
    const ssize_t count = pread(one.get(), mine.data(), mine.size(), at);
    const ssize_t same = pread(other.get(), theirs.data(), theirs.size(), at);
    if (count < 0 || count != same) return false;
    if (count == 0) break;
    if (!std::equal(mine.begin(), mine.begin() + count, theirs.begin())) return false;
    at += count;
  }
  return true;
}

std::int64_t ChangedAt(const Stat& info) {
  return info.st_ctim.tv_sec * kSecond + info.st_ctim.tv_nsec;
}

// What is known of a folder of the copy and of the host's in whose place it stands.
struct Under {
  bool merged = true;  // the agent saw what was in the host's
  bool moved = false;  // that came there after the copy began, so that times say nothing of it
};

// No set-id bit comes out of a sandbox, and nobody else may write what did not let him before.
unsigned ModeOut(unsigned mode, unsigned before) { return mode & (0755u | before); }

class Comparison {
 public:
  Comparison(const Scope& scope, std::size_t most) : scope_(scope), most_(most) {}

  Status Folder(const os::Fd& upper, const os::Fd& host, const std::string& path, std::size_t depth,
                Under under);
  // Of files that may have been renamed or removed, what `other` of the whole tree says, too.
  bool IsUnsure() const { return !unsure_.empty(); }
  void Learn(const Comparison& other) { gone_.insert(other.gone_.begin(), other.gone_.end()); }
  std::vector<Change> Take();

 private:
  Status Name(const os::Fd& upper, const os::Fd& host, const std::string& name,
              const std::string& path, std::size_t depth, Under under);
  Status File(const os::Fd& upper, const os::Fd& host, const std::string& name, Change change,
              const std::optional<Stat>& before, Under under);
  Status Removed(const os::Fd& host, const std::string& name, const std::string& path,
                 std::size_t depth, bool moved);
  Status Add(Change change);
  // Whether it, or something in it, is asked for.
  bool Leads(const std::string& path) const;
  bool Wanted(const std::string& path) const;
  bool IsNew(const Stat& host) const { return ChangedAt(host) >= scope_.since_ns; }
  Clash ClashOf(const Stat& before, bool moved) const {
    return moved || IsNew(before) ? Clash::kChanged : Clash::kNone;
  }
  // A folder that is moved keeps the times of all that is in it, and its own st_mtim. Where the
  // agent has one of its own there, nothing of the host's may have been there before.
  bool WasMoved(const Stat& host, bool merged) const {
    const bool entries =
        host.st_ctim.tv_sec == host.st_mtim.tv_sec && host.st_ctim.tv_nsec == host.st_mtim.tv_nsec;
    return IsNew(host) && (!merged || !entries);
  }
  // Of a file that overlayfs copied and that the host has not: the agent may have renamed it.
  bool HostRemoved(const os::Fd& host, bool merged) const {
    Stat info;
    if (!host) return merged;
    return fstat(host.get(), &info) != 0 || IsNew(info);
  }

  const Scope& scope_;
  const std::size_t most_;
  std::vector<Change> changes_;
  // A file that overlayfs copied has the size and st_mtim that it had, until it is written.
  using Mark = std::pair<off_t, std::int64_t>;
  static Mark MarkOf(const Stat& info) {
    return {info.st_size, info.st_mtim.tv_sec * kSecond + info.st_mtim.tv_nsec};
  }
  std::set<Mark> gone_;                               // the host's files that the agent removed
  std::vector<std::pair<std::size_t, Mark>> unsure_;  // which of the changes
};

std::vector<Change> Comparison::Take() {
  for (const auto& [which, mark] : unsure_) {
    if (gone_.contains(mark)) changes_[which].clash = Clash::kNone;
  }
  return std::move(changes_);
}

bool Comparison::Wanted(const std::string& path) const {
  return scope_.paths.empty() || std::ranges::any_of(scope_.paths, [&](const std::string& one) {
           return IsOrBelow(path, one);
         });
}

bool Comparison::Leads(const std::string& path) const {
  return Wanted(path) || std::ranges::any_of(scope_.paths, [&](const std::string& one) {
           return IsOrBelow(one, path);
         });
}

Status Comparison::Add(Change change) {
  if (!Wanted(change.path)) return {};
  if (changes_.size() >= most_) {
    return Fail(Code::kUnsupported,
                "there are more than {} changes; name some of the paths, such as single folders",
                most_);
  }
  changes_.push_back(std::move(change));
  return {};
}

Status Comparison::Removed(const os::Fd& host, const std::string& name, const std::string& path,
                           std::size_t depth, bool moved) {
  const auto info = Look(host, name);
  if (!info) return {};
  if (S_ISDIR(info->st_mode)) {
    if (depth >= limits::kDepth)
      return Fail(Code::kUnsupported, "{} has too many folders in each other", Printable(path));
    const bool inside = moved || WasMoved(*info, true);
    AILERON_ASSIGN(const os::Fd folder, OpenFolder(host, name));
    AILERON_ASSIGN(const auto names, os::ListBeneath(folder, "."));
    for (const std::string& one : names) {
      const std::string below = path + "/" + one;
      if (Leads(below)) AILERON_TRY(Removed(folder, one, below, depth + 1, inside));
    }
  }
  Change change{.path = path, .kind = Kind::kDeleted, .before = EntryOf(host, name, *info)};
  change.before_ns = ChangedAt(*info);
  if (S_ISREG(info->st_mode)) gone_.insert(MarkOf(*info));
  // What is new in a folder is seen by itself.
  if (!S_ISDIR(info->st_mode)) change.clash = ClashOf(*info, moved);
  return Add(std::move(change));
}

Status Comparison::File(const os::Fd& upper, const os::Fd& host, const std::string& name,
                        Change change, const std::optional<Stat>& before, Under under) {
  if (!before) {
    change.after.mode = ModeOut(change.after.mode, 0);
    if (change.after.type == Type::kFile && HasAttribute(upper, name, kOrigin) &&
        HostRemoved(host, under.merged)) {
      change.clash = Clash::kRemoved;
      if (const auto mine = Look(upper, name); mine && Wanted(change.path))
        unsure_.emplace_back(changes_.size(), MarkOf(*mine));
    }
    return Add(std::move(change));
  }
  change.kind = Kind::kModified;
  change.before = EntryOf(host, name, *before);
  change.before_ns = ChangedAt(*before);
  change.after.mode = ModeOut(change.after.mode, change.before.mode);
  if (change.after == change.before) {
    if (change.after.type == Type::kLink) return {};
    if (change.after.type == Type::kFile) {
      const auto mine = OpenFile(upper, name);
      const auto theirs = OpenFile(host, name, Shut::kStays);
      if (mine && theirs && SameBytes(*mine, *theirs, static_cast<off_t>(change.after.size)))
        return {};
    }
  }
  change.clash = ClashOf(*before, under.moved);
  return Add(std::move(change));
}

Status Comparison::Name(const os::Fd& upper, const os::Fd& host, const std::string& name,
                        const std::string& path, std::size_t depth, Under under) {
  const auto info = Look(upper, name);
  if (!info) return {};  // an agent that runs has removed it just now
  if (IsWhiteout(upper, name, *info)) return Removed(host, name, path, depth, under.moved);
  auto before = Look(host, name);
  Change change{.path = path, .after = EntryOf(upper, name, *info)};
  const bool was_folder = before && S_ISDIR(before->st_mode);
  if (!S_ISDIR(info->st_mode)) {
    if (was_folder) {
      AILERON_TRY(Removed(host, name, path, depth, under.moved));
      before.reset();
    }
    return File(upper, host, name, std::move(change), before, under);
  }
  if (depth >= limits::kDepth)
    return Fail(Code::kUnsupported, "{} has too many folders in each other", Printable(path));
  AILERON_ASSIGN(const os::Fd mine, OpenCopied(upper, name));
  Stat opened;
  if (fstat(mine.get(), &opened) == 0) change.after.mode = opened.st_mode & kModeBits;
  if (before && !was_folder) AILERON_TRY(Removed(host, name, path, depth, under.moved));
  change.after.mode = ModeOut(change.after.mode, was_folder ? before->st_mode & kModeBits : 0);
  // What the host did to it meanwhile stays.
  if (was_folder && IsNew(*before)) change.after.mode = before->st_mode & kModeBits;
  under.merged = under.merged && !IsOpaque(mine) && fgetxattr(mine.get(), kOrigin, nullptr, 0) >= 0;
  under.moved = was_folder && (under.moved || WasMoved(*before, under.merged));
  if (!was_folder) {
    AILERON_TRY(Add(std::move(change)));
  } else if (change.before = EntryOf(host, name, *before); change.before != change.after) {
    change.kind = Kind::kModified;
    AILERON_TRY(Add(std::move(change)));
  }
  os::Fd theirs;
  if (was_folder) {
    AILERON_ASSIGN(theirs, OpenFolder(host, name));
  }
  return Folder(mine, theirs, path, depth + 1, under);
}

Status Comparison::Folder(const os::Fd& upper, const os::Fd& host, const std::string& path,
                          std::size_t depth, Under under) {
  AILERON_ASSIGN(const auto names, os::ListBeneath(upper, "."));
  const auto below = [&](const std::string& name) {
    return path.empty() ? name : path + "/" + name;
  };
  for (const std::string& name : names) {
    if (Leads(below(name))) AILERON_TRY(Name(upper, host, name, below(name), depth, under));
  }
  if (!host || !IsOpaque(upper)) return {};
  AILERON_ASSIGN(const auto hidden, os::ListBeneath(host, "."));
  for (const std::string& name : hidden) {
    if (std::ranges::binary_search(names, name) || !Leads(below(name))) continue;
    AILERON_TRY(Removed(host, name, below(name), depth, under.moved));
  }
  return {};
}

}  // namespace

Result<os::Fd> OpenFile(const os::Fd& folder, const std::string& name, Shut shut) {
  constexpr int kFlags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
  // Never a device, whose opening may do something.
  const auto found = Look(folder, name);
  if (found && !S_ISREG(found->st_mode))
    return Fail(Code::kInvalid, "{} is not a regular file", Printable(name));
  os::Fd file(openat(folder.get(), name.c_str(), kFlags));
  if (!file && errno == EACCES && shut == Shut::kLetsIn) {
    const auto place = PlaceOf(folder, name, S_IFREG);
    if (!place || chmod(place->path.c_str(), (place->info.st_mode & kModeBits) | 0400) != 0)
      return Fail(Code::kDenied, "{} cannot be read", Printable(name));
    file = os::Fd(open(place->path.c_str(), kFlags & ~O_NOFOLLOW));
    const int number = errno;
    (void)chmod(place->path.c_str(), place->info.st_mode & kModeBits);
    errno = number;
  }
  if (!file) return os::FailErrno("cannot open {}", Printable(name));
  Stat info;
  if (fstat(file.get(), &info) != 0 || !S_ISREG(info.st_mode))
    return Fail(Code::kInvalid, "{} is not a regular file", Printable(name));
  return file;
}

Result<std::string> NormalPath(std::string_view path) {
  std::string normal;
  for (const std::string_view part : Split(path, '/')) {
    if (part.empty() || part == ".") continue;
    if (part == "..") return Fail(Code::kInvalid, "{} leaves the workspace", Printable(path));
    if (!normal.empty()) normal += '/';
    normal += part;
  }
  if (normal.empty() || path.starts_with('/'))
    return Fail(Code::kInvalid, "\"{}\" names nothing in the workspace", Printable(path));
  return normal;
}

Result<std::vector<Change>> Compare(const os::Fd& upper, const os::Fd& host, const Scope& scope,
                                    std::size_t most) {
  Comparison comparison(scope, most);
  AILERON_TRY(comparison.Folder(upper, host, "", 0, {}));
  if (comparison.IsUnsure() && !scope.paths.empty()) {
    const Scope whole{.paths = {}, .since_ns = scope.since_ns};
    Comparison all(whole, most);
    if (all.Folder(upper, host, "", 0, {})) comparison.Learn(all);
  }
  return comparison.Take();
}

}  // namespace aileron::changes
