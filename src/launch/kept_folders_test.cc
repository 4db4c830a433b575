#include "launch/kept_folders.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

namespace aileron::launch {
namespace {

class KeptFolders : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_NE(mkdtemp(folder_), nullptr);
    plan_.spec.workspace = std::string(folder_) + "/ws";
    ASSERT_TRUE(std::filesystem::create_directory(plan_.spec.workspace));
    plan_.creation = {.marker = std::string(folder_) + "/v/created", .content = "one"};
    plan_.spec.volumes = {{.source = std::string(folder_) + "/v/home", .target = "/home/agent"},
                          {.source = {}, .target = "/memory"}};
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  bool Due(SetupWhen setup = SetupWhen::kAuto) {
    EXPECT_TRUE(PrepareKeptFolders(setup, plan_));
    return plan_.creation.due;
  }

  char folder_[32] = "/tmp/aileron-kept-XXXXXX";
  Plan plan_;
};

TEST_F(KeptFolders, AreMadeForTheirUserAlone) {
  Due();
  struct stat info;
  ASSERT_EQ(stat((std::string(folder_) + "/v/home").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700u);
  EXPECT_EQ(plan_.spec.volumes[1].source, "");
}

TEST_F(KeptFolders, StandOnFoldersOfTheWorkspaceAndOnNoLink) {
  plan_.spec.workspace_inside = "/src";
  plan_.spec.volumes = {{.source = {}, .target = "/src/a/b"}};
  EXPECT_TRUE(PrepareKeptFolders(SetupWhen::kAuto, plan_));
  EXPECT_TRUE(std::filesystem::is_directory(plan_.spec.workspace + "/a/b"));
  std::filesystem::create_directory_symlink(folder_, plan_.spec.workspace + "/link");
  for (const char* target : {"/src/link", "/src/link/x"}) {
    plan_.spec.volumes = {{.source = {}, .target = target}};
    EXPECT_FALSE(PrepareKeptFolders(SetupWhen::kAuto, plan_)) << target;
  }
  EXPECT_FALSE(std::filesystem::exists(std::string(folder_) + "/x"));
}

TEST_F(KeptFolders, CreationIsDueOnceForEachContent) {
  EXPECT_TRUE(Due());
  EXPECT_TRUE(Due()) << "it was never noted";
  NoteCreated(plan_);
  EXPECT_FALSE(Due());
  EXPECT_TRUE(Due(SetupWhen::kAlways));
  plan_.creation.content = "two";
  EXPECT_TRUE(Due());
  plan_.creation.due = false;
  EXPECT_FALSE(Due(SetupWhen::kNever));
  NoteCreated(plan_);
  EXPECT_TRUE(Due()) << "what did not run is not noted";
}

TEST_F(KeptFolders, WithoutCommandsNothingIsDue) {
  plan_.creation.marker.clear();
  EXPECT_FALSE(Due(SetupWhen::kAlways));
}

}  // namespace
}  // namespace aileron::launch
