#include "sandbox/fix.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace aileron::sandbox {
namespace {

// A folder that stands for /proc/sys.
class Fix : public testing::Test {
 protected:
  Fix() { folder_ = testing::TempDir() + "fix-" + std::to_string(getpid()); }
  ~Fix() override { std::filesystem::remove_all(folder_); }

  void Set(const std::string& name, std::string_view value) {
    const std::filesystem::path path = folder_ + "/" + name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << value << "\n";
  }

  std::string folder_;
};

TEST_F(Fix, NamesDebiansSwitchToWhomItConcerns) {
  Set("kernel/unprivileged_userns_clone", "0");
  EXPECT_EQ(SwitchFix(folder_, Caller::kOrdinary),
            "sudo sysctl -w kernel.unprivileged_userns_clone=1");
  EXPECT_EQ(SwitchFix(folder_, Caller::kRuler), "");
  Set("kernel/unprivileged_userns_clone", "1");
  EXPECT_EQ(SwitchFix(folder_, Caller::kOrdinary), "");
}

TEST_F(Fix, NamesTheSwitchOfAppArmorToWhomItConcerns) {
  Set("kernel/apparmor_restrict_unprivileged_userns", "1");
  EXPECT_EQ(SwitchFix(folder_, Caller::kOrdinary),
            "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0");
  EXPECT_EQ(SwitchFix(folder_, Caller::kRuler), "");
  Set("kernel/apparmor_restrict_unprivileged_userns", "0");
  EXPECT_EQ(SwitchFix(folder_, Caller::kOrdinary), "");
}

TEST_F(Fix, NamesEveryLimitOfNamespacesToEverybody) {
  for (const char* kind : {"user", "mnt", "pid", "net", "uts", "ipc", "cgroup"}) {
    const std::string name = std::string("max_") + kind + "_namespaces";
    Set("user/" + name, "0");
    for (const Caller caller : {Caller::kOrdinary, Caller::kRuler})
      EXPECT_EQ(SwitchFix(folder_, caller), "sudo sysctl -w user." + name + "=10000");
    Set("user/" + name, "1000");
  }
  EXPECT_EQ(SwitchFix(folder_, Caller::kOrdinary), "");
}

TEST_F(Fix, IsAddedToARefusalAndToNothingElse) {
  if (!UserNamespaceFix().empty()) GTEST_SKIP() << "a switch of this machine forbids namespaces";
  const Error denied = WithFix(Error{Code::kDenied, "cannot mount proc on /proc"});
  EXPECT_NE(denied.message.find("systempaths=unconfined"), std::string::npos) << denied.message;
  const Error unsupported = WithFix(Error{Code::kUnsupported, "Function not implemented"});
  EXPECT_NE(unsupported.message.find("seccomp=unconfined"), std::string::npos);
  EXPECT_EQ(WithFix(Error{Code::kNotFound, "no such file"}).message, "no such file");
  EXPECT_TRUE(WithFix(Status()));
}

}  // namespace
}  // namespace aileron::sandbox
