#include "engine/oci_runtime.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

namespace aileron::engine {
namespace {

TEST(OciLog, TellsTheLastErrorOfALog) {
  EXPECT_EQ(ReadOciLog(R"({"level":"error","msg":"first"}
{"level":"warning","msg":"no matter"}
not JSON
{"msg":"last\u001b[2J","level":"error","time":"2026-11-27T02:32:48Z"}
{"level":"error"}
{"level":3,"msg":"no"}
)"),
            "last\\x1b[2J");
  EXPECT_EQ(ReadOciLog(""), "");
  EXPECT_EQ(ReadOciLog(R"({"level":"info","msg":"m"})"), "");
  EXPECT_EQ(ReadOciLog(R"([{"level":"error","msg":"m"}])"), "");
}

TEST(OciVersion, IsWhatARuntimeSaysFirst) {
  EXPECT_EQ(ReadOciVersion("crun version 1.8.1\ncommit: f8a0\nspec: 1.0.0\n"), "crun 1.8.1");
  EXPECT_EQ(ReadOciVersion("runc version 1.1.5+ds1\n"), "runc 1.1.5+ds1");
  EXPECT_EQ(ReadOciVersion("usage: crun [OPTION]"), "");
  EXPECT_EQ(ReadOciVersion(""), "");
}

class OciRuntimeTest : public testing::Test {
 protected:
  OciRuntimeTest() {
    std::string folder = testing::TempDir() + "runtime-XXXXXX";
    folder_ = std::filesystem::canonical(mkdtemp(folder.data()));
  }
  ~OciRuntimeTest() override { std::filesystem::remove_all(folder_); }

  std::string Make(const std::string& name) {
    std::filesystem::create_directories(std::filesystem::path(folder_ + "/" + name).parent_path());
    std::ofstream(folder_ + "/" + name) << "#!/bin/sh\n";
    chmod((folder_ + "/" + name).c_str(), 0755);
    return folder_ + "/" + name;
  }

  std::string folder_;
};

TEST_F(OciRuntimeTest, IsTheOneThatIsNamedByNameOrPath) {
  const std::string other = Make("bin/other");
  EXPECT_EQ(OciRuntime::Find("other", folder_ + "/bin", {})->program(), other);
  EXPECT_EQ(OciRuntime::Find(other, "", {})->program(), other);
  EXPECT_EQ(OciRuntime::Find(other, "", {})->name(), "other");
  EXPECT_EQ(OciRuntime::Find("no-such-runtime", folder_, {}).error().code, Code::kUnavailable);
}

TEST_F(OciRuntimeTest, IsCrunBeforeRunc) {
  Make("bin/runc");
  const std::string crun = Make("later/crun");
  EXPECT_EQ(OciRuntime::Find("", folder_ + "/bin:" + folder_ + "/later", {})->program(), crun);
}

TEST_F(OciRuntimeTest, IsNothingOfAProject) {
  const std::string projects[] = {folder_ + "/project"};
  const std::string evil = Make("project/evil");
  EXPECT_EQ(OciRuntime::Find(evil, "", projects).error().code, Code::kDenied);
  EXPECT_EQ(OciRuntime::Find("evil", folder_ + "/project", projects).error().code,
            Code::kUnavailable);
}

TEST_F(OciRuntimeTest, IsTheProgramThatWasLookedAt) {
  const std::string real = Make("bin/crun-1.8");
  std::filesystem::create_symlink("crun-1.8", folder_ + "/bin/crun");
  const auto found = OciRuntime::Find("crun", folder_ + "/bin", {});
  ASSERT_TRUE(found);
  EXPECT_EQ(found->program(), real);
  EXPECT_EQ(found->name(), "crun");
  EXPECT_EQ(OciRuntime::Find(folder_ + "/bin/crun", "", {})->program(), real);
}

TEST_F(OciRuntimeTest, IsNotReachedByALinkOfAProject) {
  const std::string projects[] = {folder_ + "/project"};
  const std::string real = Make("bin/run");
  Make("project/other");
  std::filesystem::create_symlink(real, folder_ + "/project/run");
  std::filesystem::create_directory_symlink("project", folder_ + "/folder");
  EXPECT_EQ(OciRuntime::Find(folder_ + "/folder/run", "", projects).error().code, Code::kDenied);
  EXPECT_EQ(OciRuntime::Find("run", folder_ + "/folder", projects).error().code,
            Code::kUnavailable);
  const std::string said = OciRuntime::Find("other", folder_ + "/folder", projects).error().message;
  EXPECT_NE(said.find(folder_ + "/folder/other is not started"), std::string::npos) << said;
  EXPECT_EQ(OciRuntime::Find(real, "", projects)->program(), real);
}

TEST_F(OciRuntimeTest, IsNoPathThatAnotherLaunchLeft) {
  const std::string projects[] = {folder_ + "/project"};
  const std::string evil = Make("project/crun-of-ours");
  const auto mine = OciRuntime::Find(Make("bin/mine"), "", projects);
  ASSERT_TRUE(mine);
  EXPECT_EQ(mine->Named("crun-of-ours").program(), mine->program());
  EXPECT_EQ(mine->Named("").program(), mine->program());
  EXPECT_EQ(mine->Named("sh").name(), "sh") << "of the system, by its name";
}

TEST_F(OciRuntimeTest, IsNoGvisor) {
  const auto refused = OciRuntime::Find(Make("bin/runsc"), "", {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kUnsupported);
  EXPECT_NE(refused.error().message.find("kernel of its own"), std::string::npos);
  std::filesystem::create_symlink("runsc", folder_ + "/bin/other");
  EXPECT_FALSE(OciRuntime::Find("other", folder_ + "/bin", {})) << "by another name";
}

}  // namespace
}  // namespace aileron::engine
