// LayerFolder: a folder that becomes a lower folder of an overlay mount (with "userxattr"), filled
// one entry of a layer after another. What the entries say is a stranger's: nothing outside of the
// folder is made, changed or read, whatever links lie in it.
//
// How a path is found: the folder of an entry is opened beneath the root without following a link
// (openat2, RESOLVE_BENEATH and RESOLVE_NO_SYMLINKS). Where that fails it is walked part by part,
// each opened with O_NOFOLLOW; a link is read and its target walked from the link's folder or, if
// absolute, from the layer's root, and ".." stops at the root: what chroot(2) would find, as
// containerd and podman do (Debian has "bin -> usr/bin", and entries below "bin"). The last part is
// never followed. What is missing on the way is made with mode 0755. Links of lower layers are not
// seen: "bin/x" alone makes a folder "bin", which covers a lower layer's link, as in Docker's and
// podman's overlay drivers.
//
// A later entry replaces an earlier one of the same name, a folder over a folder aside, whose
// attributes change. Where a folder replaces something else, or a whiteout of the same layer names
// it, it is opaque: lower layers' things of that name are gone (layer.md, "Changeset over existing
// files"). Whiteouts below opaque folders hide nothing, and go.
//
// Everything belongs to whom the process runs as. Folders keep mode 0700 until Finish.
#pragma once

#include <sys/stat.h>
#include <time.h>

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "image/layer_limits.h"
#include "os/fd.h"

namespace aileron::image {

using Xattrs = std::span<const std::pair<std::string, std::string>>;

// Paths are LayerPath's: below the root, without "..".
class LayerFolder {
 public:
  // Makes the folder, which must not exist.
  static Result<LayerFolder> Make(const std::string& path, const LayerLimits& limits);

  // The errors below say what was tried, and not for which entry. kInvalid for what lies in
  // something that is no folder, or behind too many links; kUnavailable for a full disk.

  // Also for "", the root.
  Status AddFolder(const std::string& path, mode_t mode, timespec mtime, Xattrs xattrs);
  // A new file, empty, open for writing. FinishFile gives it what writing would take away.
  Result<os::Fd> AddFile(const std::string& path);
  Status FinishFile(const os::Fd& file, mode_t mode, timespec mtime, Xattrs xattrs);
  Status AddSymlink(const std::string& path, const std::string& target, timespec mtime);
  Status AddFifo(const std::string& path, mode_t mode, timespec mtime);
  // `target` is an earlier entry of this layer. kUnsupported when the layer does not have it: what
  // lies in lower layers cannot be linked to, as in Docker.
  Status AddHardLink(const std::string& path, const std::string& target);
  // Hides `path` of lower layers. What this layer has there stays.
  Status AddWhiteout(const std::string& path);
  // Hides what lower layers have in the folder.
  Status AddOpaque(const std::string& path);

  // Gives the folders their modes and times, once, when all is there.
  Status Finish();

  // Folders that no entry told of.
  std::uint64_t assumed_folders() const { return assumed_; }
  bool is_root_opaque() const { return opaque_.contains(""); }

 private:
  // A folder, opened.
  struct Held {
    std::string asked;      // the path that led there
    std::string canonical;  // the path without links
    os::Fd folder;
  };
  struct Attributes {
    mode_t mode = 0755;
    std::optional<timespec> mtime;  // none: as it comes
  };
  enum class Missing : unsigned char { kMake, kRefuse };

  LayerFolder(os::Fd root, const LayerLimits& limits) : root_(std::move(root)), limits_(limits) {}

  Result<const Held*> Hold(const std::string& path, Missing missing);
  Result<Held> Walk(const std::string& path, Missing missing);
  Status StepInto(Held& at, const std::string& name, Missing missing,
                  std::vector<std::string>& left, int& links);
  Status MakeMissing(const Held& at, const std::string& name, const std::string& path);
  Status SetOpaque(const os::Fd& parent, const std::string& name, const std::string& canonical);
  Status CheckReach(const std::string& canonical) const;
  bool IsBelowOpaque(const std::string& path) const;
  Status Remove(const Held& parent, const std::string& name);
  // Calls `make`, a system call's result, and again once what is in the way is gone.
  template <typename Make>
  Status Place(const std::string& path, const char* what, Make make);

  os::Fd root_;
  const LayerLimits& limits_;
  std::vector<Held> held_;  // the one used last stands first
  std::map<std::string, Attributes> folders_{{"", Attributes()}};
  std::set<std::string> opaque_, whiteouts_;
  std::uint64_t assumed_ = 0;
};

}  // namespace aileron::image
