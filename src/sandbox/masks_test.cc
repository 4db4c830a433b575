#include "sandbox/masks.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>

#include "os/mounts.h"
#include "os/namespaces.h"

namespace aileron::sandbox {
namespace {

namespace fs = std::filesystem;

// A tree that stands for a machine which has every file of /proc and /sys.
class Masks : public testing::Test {
 protected:
  Masks() { root_ = testing::TempDir() + "masks-" + std::to_string(getpid()); }
  ~Masks() override { fs::remove_all(root_); }

  void Put(const std::string& path) {
    const fs::path file = root_ + path;
    fs::create_directories(file.parent_path());
    std::ofstream(file) << "of the host";
  }

  // Runs `attempt` in a user and mount namespace of its own: 0 when it returns true.
  template <typename Attempt>
  int Inside(Attempt attempt) {
    int gate[2];
    EXPECT_EQ(pipe(gate), 0);
    auto child = os::CloneInto(CLONE_NEWUSER | CLONE_NEWNS);
    if (!child) return -1;
    if (child->pid == 0) {
      char byte;
      close(gate[1]);
      (void)!read(gate[0], &byte, 1);
      _exit(attempt() ? 0 : 1);
    }
    EXPECT_TRUE(os::MapIds(child->pid, {{0, geteuid(), 1}}, {{0, getegid(), 1}}));
    close(gate[0]);
    close(gate[1]);
    return os::WaitFor(*child).value_or(-1);
  }

  std::string Read(const std::string& path) {
    std::ifstream file(root_ + path);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  std::string root_;
};

TEST_F(Masks, HideWhatTellsAboutTheHost) {
  for (const char* path :
       {"/sys/firmware/efi/vars", "/sys/devices/virtual/powercap/intel-rapl/energy",
        "/sys/devices/virtual/net/lo", "/proc/acpi/wakeup", "/proc/kcore", "/proc/kallsyms",
        "/proc/version"}) {
    Put(path);
  }
  EXPECT_EQ(Inside([&] {
              const auto null_device = os::OpenPath("/dev/null");
              if (!null_device || !MaskProc(root_, *null_device) || !MaskSys(root_, *null_device))
                return false;
              return fs::is_empty(root_ + "/sys/firmware") &&
                     fs::is_empty(root_ + "/sys/devices/virtual/powercap") &&
                     fs::is_empty(root_ + "/proc/acpi") && Read("/proc/kcore").empty() &&
                     Read("/proc/kallsyms").empty() &&
                     mkdir((root_ + "/sys/devices/virtual/powercap/x").c_str(), 0700) != 0 &&
                     errno == EROFS && Read("/proc/version") == "of the host" &&
                     Read("/sys/devices/virtual/net/lo") == "of the host";
            }),
            0);
}

TEST_F(Masks, MakeReadOnlyWhatActsOnTheHost) {
  Put("/proc/sys/kernel/hostname");
  Put("/proc/sysrq-trigger");
  EXPECT_EQ(Inside([&] {
              const auto null_device = os::OpenPath("/dev/null");
              if (!null_device || !MaskProc(root_, *null_device)) return false;
              return Read("/proc/sys/kernel/hostname") == "of the host" &&
                     access((root_ + "/proc/sys/kernel/hostname").c_str(), W_OK) != 0 &&
                     access((root_ + "/proc/sysrq-trigger").c_str(), W_OK) != 0 && errno == EROFS;
            }),
            0);
}

TEST_F(Masks, LeaveOutWhatThisKernelLacks) {
  fs::create_directories(root_ + "/proc");
  EXPECT_EQ(Inside([&] {
              const auto null_device = os::OpenPath("/dev/null");
              return null_device && MaskProc(root_, *null_device).has_value() &&
                     MaskSys(root_, *null_device).has_value() && fs::is_empty(root_ + "/proc");
            }),
            0);
}

}  // namespace
}  // namespace aileron::sandbox
