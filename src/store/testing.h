// For the tests of the rooms that keep files: folders of their own, and disks that fill up or
// refuse.
#pragma once

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "base/result.h"
#include "os/fd.h"

namespace aileron::store {

// Removed with everything in it.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = std::filesystem::temp_directory_path() / "aileron-test-XXXXXX";
    AILERON_CHECK(mkdtemp(pattern.data()) != nullptr);
    path_ = pattern;
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::string& path() const { return path_; }
  std::string File(std::string_view name) const { return path_ + "/" + std::string(name); }

 private:
  std::string path_;
};

inline std::string ReadAll(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

inline void WriteAll(const std::string& path, std::string_view bytes) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

// Mounts a disk of `kib` over `folder`, in namespaces of this process's own: call it in a forked
// child (EXPECT_EXIT). Works for any user.
inline void MountSmallDisk(const std::string& folder, int kib) {
  const auto put = [](const char* path, const std::string& text) {
    const os::Fd file(open(path, O_WRONLY | O_CLOEXEC));
    AILERON_CHECK(file && os::WriteAll(file.get(), text));
  };
  const uid_t uid = getuid();
  const gid_t gid = getgid();
  AILERON_CHECK(unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0);
  put("/proc/self/setgroups", "deny");
  put("/proc/self/uid_map", fmt::format("{0} {0} 1", uid));
  put("/proc/self/gid_map", fmt::format("{0} {0} 1", gid));
  const std::string options = fmt::format("size={}k,mode=0700", kib);
  AILERON_CHECK(mount("small", folder.c_str(), "tmpfs", 0, options.c_str()) == 0);
}

inline void MakeReadOnly(const std::string& folder) {
  AILERON_CHECK(
      mount(nullptr, folder.c_str(), nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY, nullptr) == 0);
}

}  // namespace aileron::store
