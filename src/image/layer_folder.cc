#include "image/layer_folder.h"

#include <fcntl.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/text.h"
#include "os/beneath.h"
#include "os/remove_tree.h"

namespace aileron::image {

namespace {

using os::FailErrno;

constexpr char kOpaqueAttribute[] = "user.overlay.opaque";

bool IsWhiteout(const struct stat& info) {
  return S_ISCHR(info.st_mode) && info.st_rdev == makedev(0, 0);
}

std::string Joined(const std::string& folder, const std::string& name) {
  return folder.empty() ? name : folder + "/" + name;
}

// What a path's folder and name are: "a/b" is "b" in "a", "a" is "a" in "".
os::PathParts PartsOf(const std::string& path) {
  os::PathParts parts = os::SplitPath(path);
  if (parts.folder == ".") parts.folder.clear();
  return parts;
}

// Puts the parts of `path` before what is left to walk, whose next is the last.
void PushParts(std::string_view path, std::vector<std::string>& left) {
  const std::vector<std::string_view> parts = Split(path, '/');
  for (auto part = parts.rbegin(); part != parts.rend(); ++part) {
    if (!part->empty() && *part != ".") left.emplace_back(*part);
  }
}

os::Fd OpenFolder(const os::Fd& at, const std::string& name) {
  return os::Fd(openat(at.get(), name.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

Status SetXattrs(const os::Fd& file, Xattrs xattrs) {
  for (const auto& [name, value] : xattrs) {
    if (fsetxattr(file.get(), name.c_str(), value.data(), value.size(), 0) != 0)
      return FailErrno("cannot set its attribute {}", Printable(name));
  }
  return {};
}

std::array<timespec, 2> Times(timespec mtime) { return {mtime, mtime}; }

}  // namespace

Result<LayerFolder> LayerFolder::Make(const std::string& path, const LayerLimits& limits) {
  if (mkdir(path.c_str(), 0700) != 0) return FailErrno("cannot make the folder {}", path);
  os::Fd root(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!root) return FailErrno("cannot open the folder {}", path);
  return LayerFolder(std::move(root), limits);
}

Result<const LayerFolder::Held*> LayerFolder::Hold(const std::string& path, Missing missing) {
  const auto known =
      std::ranges::find_if(held_, [&](const Held& held) { return held.asked == path; });
  if (known != held_.end()) {
    std::rotate(held_.begin(), known, known + 1);
    return &held_.front();
  }
  Held held{path, path, os::Fd()};
  auto opened = os::OpenBeneath(root_, path.empty() ? "." : path, O_PATH | O_DIRECTORY);
  if (opened) {
    held.folder = *std::move(opened);
  } else {
    AILERON_ASSIGN(held, Walk(path, missing));
  }
  if (held_.size() == limits::kFoldersHeld) held_.pop_back();
  held_.insert(held_.begin(), std::move(held));
  return &held_.front();
}

Result<LayerFolder::Held> LayerFolder::Walk(const std::string& path, Missing missing) {
  Held at{path, "", OpenFolder(root_, ".")};
  if (!at.folder) return FailErrno("cannot open the layer's root");
  std::vector<std::string> left;
  PushParts(path, left);
  int links = 0;
  while (!left.empty()) {
    const std::string name = std::move(left.back());
    left.pop_back();
    AILERON_TRY(StepInto(at, name, missing, left, links));
    if (!at.folder) return FailErrno("cannot open {}", Printable(at.canonical));
  }
  return at;
}

Status LayerFolder::StepInto(Held& at, const std::string& name, Missing missing,
                             std::vector<std::string>& left, int& links) {
  if (name == "..") {  // in a link's target
    if (!at.canonical.empty()) at.canonical = PartsOf(at.canonical).folder;
    AILERON_ASSIGN(at.folder, os::OpenBeneath(root_, at.canonical.empty() ? "." : at.canonical,
                                              O_PATH | O_DIRECTORY));
    return {};
  }
  struct stat info;
  const bool exists = fstatat(at.folder.get(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0;
  if (!exists && errno != ENOENT) return FailErrno("cannot look at {}", Printable(name));
  if (exists && S_ISLNK(info.st_mode)) {
    if (++links > limits::kLinksFollowed)
      return Fail(Code::kInvalid, "more than {} links lead to its folder", limits::kLinksFollowed);
    std::string target(limits_.path + 1, '\0');
    const ssize_t size = readlinkat(at.folder.get(), name.c_str(), target.data(), target.size());
    if (size < 0) return FailErrno("cannot read the link {}", Printable(name));
    target.resize(static_cast<std::size_t>(size));
    if (target.starts_with('/')) {
      at.canonical.clear();
      at.folder = OpenFolder(root_, ".");
    }
    PushParts(target, left);
    return {};
  }
  std::string path = Joined(at.canonical, name);
  if (!exists || IsWhiteout(info)) {
    if (missing == Missing::kRefuse)
      return Fail(Code::kNotFound, "this layer has no {}", Printable(path));
    AILERON_TRY(CheckReach(path));
    AILERON_TRY(MakeMissing(at, name, path));
  } else if (!S_ISDIR(info.st_mode)) {
    return Fail(Code::kInvalid, "it lies in {}, which is no folder", Printable(path));
  }
  at.folder = OpenFolder(at.folder, name);
  at.canonical = std::move(path);
  return {};
}

// Links may make a path longer and deeper than its name is.
Status LayerFolder::CheckReach(const std::string& canonical) const {
  if (canonical.size() > limits_.path ||
      static_cast<std::size_t>(std::ranges::count(canonical, '/')) > limits_.depth)
    return Fail(Code::kInvalid, "links make its path longer or deeper than a layer may have");
  return {};
}

// A folder that no entry told of, where there is nothing or a whiteout.
Status LayerFolder::MakeMissing(const Held& at, const std::string& name, const std::string& path) {
  const bool replaces = unlinkat(at.folder.get(), name.c_str(), 0) == 0;
  if (replaces) whiteouts_.erase(path);
  if (mkdirat(at.folder.get(), name.c_str(), 0700) != 0)
    return FailErrno("cannot make the folder {}", Printable(path));
  ++assumed_;
  folders_[path] = Attributes();
  return replaces ? SetOpaque(at.folder, name, path) : Status();
}

Status LayerFolder::SetOpaque(const os::Fd& parent, const std::string& name,
                              const std::string& canonical) {
  const os::Fd folder(
      openat(parent.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!folder || fsetxattr(folder.get(), kOpaqueAttribute, "y", 1, 0) != 0)
    return FailErrno("cannot mark the folder {} as opaque", Printable(canonical));
  opaque_.insert(canonical);
  return {};
}

Status LayerFolder::Remove(const Held& parent, const std::string& name) {
  const std::string path = Joined(parent.canonical, name);
  AILERON_TRY(os::RemoveTree(parent.folder, name));
  const auto forget = [&](auto& from) {
    // What lies below "a" stands between "a/" and "a0".
    from.erase(path);
    from.erase(from.lower_bound(path + "/"), from.lower_bound(path + "0"));
  };
  forget(folders_);
  forget(opaque_);
  forget(whiteouts_);
  return {};
}

template <typename Make>
Status LayerFolder::Place(const std::string& path, const char* what, Make make) {
  const os::PathParts parts = PartsOf(path);
  if (parts.name.empty()) return Fail(Code::kInvalid, "it would replace the layer's root");
  AILERON_ASSIGN(const Held* parent, Hold(parts.folder, Missing::kMake));
  const char* name = parts.name.c_str();
  if (make(parent->folder.get(), name) == 0) return {};
  if (errno != EEXIST) return FailErrno("cannot make {}", what);
  AILERON_TRY(Remove(*parent, parts.name));
  const int made = make(parent->folder.get(), name);
  const int number = errno;
  // What has gone may have been a folder that is held, or a link to one.
  held_.clear();
  if (made == 0) return {};
  return std::unexpected(os::ErrnoError(number, fmt::format("cannot make {}", what)));
}

Status LayerFolder::AddFolder(const std::string& path, mode_t mode, timespec mtime, Xattrs xattrs) {
  std::string canonical;
  if (!path.empty()) {
    const os::PathParts parts = PartsOf(path);
    AILERON_ASSIGN(const Held* parent, Hold(parts.folder, Missing::kMake));
    canonical = Joined(parent->canonical, parts.name);
    AILERON_TRY(CheckReach(canonical));
    struct stat info;
    if (mkdirat(parent->folder.get(), parts.name.c_str(), 0700) != 0) {
      if (errno != EEXIST) return FailErrno("cannot make the folder");
      if (fstatat(parent->folder.get(), parts.name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0)
        return FailErrno("cannot look at what is there already");
      if (!S_ISDIR(info.st_mode)) {
        AILERON_TRY(Remove(*parent, parts.name));
        if (mkdirat(parent->folder.get(), parts.name.c_str(), 0700) != 0)
          return FailErrno("cannot make the folder");
        AILERON_TRY(SetOpaque(parent->folder, parts.name, canonical));
        held_.clear();
      }
    }
  }
  folders_[canonical] = Attributes{mode, mtime};
  if (xattrs.empty()) return {};
  AILERON_ASSIGN(const os::Fd folder, os::OpenBeneath(root_, canonical.empty() ? "." : canonical,
                                                      O_RDONLY | O_DIRECTORY));
  return SetXattrs(folder, xattrs);
}

Result<os::Fd> LayerFolder::AddFile(const std::string& path) {
  os::Fd file;
  AILERON_TRY(Place(path, "the file", [&](int folder, const char* name) {
    file.Reset(openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    return file ? 0 : -1;
  }));
  return file;
}

Status LayerFolder::FinishFile(const os::Fd& file, mode_t mode, timespec mtime, Xattrs xattrs) {
  AILERON_TRY(SetXattrs(file, xattrs));
  if (fchmod(file.get(), mode) != 0) return FailErrno("cannot set its mode");
  if (futimens(file.get(), Times(mtime).data()) != 0) return FailErrno("cannot set its times");
  return {};
}

Status LayerFolder::AddSymlink(const std::string& path, const std::string& target, timespec mtime) {
  if (target.empty()) return Fail(Code::kInvalid, "it is a link to nothing");
  if (target.size() > limits_.path) {
    return Fail(Code::kInvalid, "it links to a path of more than {} bytes", limits_.path);
  }
  return Place(path, "the link", [&](int folder, const char* name) {
    if (symlinkat(target.c_str(), folder, name) != 0) return -1;
    return utimensat(folder, name, Times(mtime).data(), AT_SYMLINK_NOFOLLOW);
  });
}

Status LayerFolder::AddFifo(const std::string& path, mode_t mode, timespec mtime) {
  return Place(path, "the pipe", [&](int folder, const char* name) {
    if (mkfifoat(folder, name, 0600) != 0) return -1;
    if (fchmodat(folder, name, mode, 0) != 0) return -1;  // just made, and no link
    return utimensat(folder, name, Times(mtime).data(), AT_SYMLINK_NOFOLLOW);
  });
}

Status LayerFolder::AddHardLink(const std::string& path, const std::string& target) {
  const os::PathParts parts = PartsOf(target);
  struct stat info, there;
  os::Fd folder;
  if (auto found = Hold(parts.folder, Missing::kRefuse); !found) {
    if (found.error().code != Code::kNotFound) return std::unexpected(std::move(found).error());
  } else {
    AILERON_ASSIGN(folder, (*found)->folder.Duplicate());
  }
  if (!folder || fstatat(folder.get(), parts.name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0 ||
      IsWhiteout(info)) {
    return Fail(Code::kUnsupported,
                "it is a hard link to {}, which no earlier entry of this layer is",
                Printable(target));
  }
  if (S_ISDIR(info.st_mode))
    return Fail(Code::kInvalid, "it is a hard link to {}, which is a folder", Printable(target));
  const os::PathParts own = PartsOf(path);
  AILERON_ASSIGN(const Held* parent, Hold(own.folder, Missing::kMake));
  if (fstatat(parent->folder.get(), own.name.c_str(), &there, AT_SYMLINK_NOFOLLOW) == 0) {
    if (there.st_ino == info.st_ino && there.st_dev == info.st_dev) return {};
  }
  return Place(path, "the hard link", [&](int at, const char* name) {
    return linkat(folder.get(), parts.name.c_str(), at, name, 0);
  });
}

Status LayerFolder::AddWhiteout(const std::string& path) {
  const os::PathParts parts = PartsOf(path);
  AILERON_ASSIGN(const Held* parent, Hold(parts.folder, Missing::kMake));
  const std::string canonical = Joined(parent->canonical, parts.name);
  // Any user may make this device since Linux 5.8.
  if (mknodat(parent->folder.get(), parts.name.c_str(), S_IFCHR, makedev(0, 0)) == 0) {
    whiteouts_.insert(canonical);
    return {};
  }
  if (errno != EEXIST) return FailErrno("cannot make the whiteout");
  struct stat info;
  if (fstatat(parent->folder.get(), parts.name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0)
    return FailErrno("cannot look at what is there already");
  if (S_ISDIR(info.st_mode)) return SetOpaque(parent->folder, parts.name, canonical);
  return {};
}

Status LayerFolder::AddOpaque(const std::string& path) {
  AILERON_ASSIGN(const Held* folder, Hold(path, Missing::kMake));
  return SetOpaque(folder->folder, ".", folder->canonical);
}

bool LayerFolder::IsBelowOpaque(const std::string& path) const {
  for (std::string folder = path; !folder.empty();) {
    folder = PartsOf(folder).folder;
    if (opaque_.contains(folder)) return true;
  }
  return false;
}

Status LayerFolder::Finish() {
  held_.clear();
  for (const std::string& path : whiteouts_) {
    if (!IsBelowOpaque(path)) continue;
    const os::PathParts parts = os::SplitPath(path);
    AILERON_ASSIGN(const os::Fd folder, os::OpenBeneath(root_, parts.folder, O_PATH | O_DIRECTORY));
    if (unlinkat(folder.get(), parts.name.c_str(), 0) != 0)
      return FailErrno("cannot remove a whiteout");
  }
  // From the last to the first: what is in a folder before the folder, which its mode may close.
  for (auto entry = folders_.rbegin(); entry != folders_.rend(); ++entry) {
    const auto& [path, attributes] = *entry;
    AILERON_ASSIGN(const os::Fd folder,
                   os::OpenBeneath(root_, path.empty() ? "." : path, O_RDONLY | O_DIRECTORY));
    if (fchmod(folder.get(), attributes.mode) != 0)
      return FailErrno("cannot set the mode of {}", Printable(path));
    if (attributes.mtime && futimens(folder.get(), Times(*attributes.mtime).data()) != 0)
      return FailErrno("cannot set the times of {}", Printable(path));
  }
  return {};
}

}  // namespace aileron::image
