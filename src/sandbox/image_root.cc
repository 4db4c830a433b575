// Tested by tests/image/test_root.py.

#include "sandbox/image_root.h"

#include <linux/mount.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>

#include "base/text.h"
#include "os/mounts.h"
#include "sandbox/fix.h"

namespace aileron::sandbox {

namespace {

// In the namespace of this process, over what nobody there needs any more.
constexpr const char* kPlace = "/run";
constexpr const char* kUpper = "/run/upper";
constexpr const char* kWork = "/run/work";
constexpr const char* kRoot = "/run/root";

// Above whatever is mounted or made.
constexpr std::array kFolders = {"/dev", "/proc", "/sys",     "/run", "/tmp",
                                 "/var", "/etc",  "/var/tmp", "/home"};

// By none of the image's links.
Status MakePlainFolder(const char* name) {
  const std::string path = std::string(kRoot) + name;
  struct stat info;
  if (mkdir(path.c_str(), 0755) == 0) return {};
  if (errno == EEXIST && lstat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode)) return {};
  return Fail(Code::kInvalid, "the image has something else than a folder at {}", name);
}

}  // namespace

Status EnterImage(const Spec& spec) {
  std::vector<os::Fd> layers;
  for (const std::string& layer : spec.layers) {
    auto opened = os::OpenPath(layer);
    if (!opened) return Wrap(opened.error(), "a layer of the image is missing; launch again");
    layers.push_back(std::move(*opened));
  }
  AILERON_TRY(os::MountTmpfs(kPlace, "mode=755"));
  for (const char* folder : {kUpper, kWork, kRoot}) AILERON_TRY(os::MakeFolders(folder, 0755));
  AILERON_TRY(WithFix(os::MountOverlay(kRoot, layers, kUpper, kWork)));
  for (const char* name : kFolders) AILERON_TRY(MakePlainFolder(name));
  return WithFix(os::ChangeRoot(kRoot));
}

Status FinishImage() {
  AILERON_ASSIGN(const os::Fd root, os::OpenPath("/"));
  return os::SetTopAttributes(root, MOUNT_ATTR_RDONLY);
}

}  // namespace aileron::sandbox
