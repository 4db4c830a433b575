#include "launch/sentinel_files.h"

#include <gtest/gtest.h>

namespace aileron::launch {
namespace {

class SentinelFilesTest : public ::testing::Test {
 protected:
  SentinelFilesTest() {
    plan_.identity.home = "/home/me";
    plan_.spec.workspace = "/home/me/project";
    plan_.spec.mounts = {{"/data", "/tmp/data", sandbox::Access::kReadWrite}};
  }
  std::string Place(std::string path) {
    const auto files = PlaceSentinelFiles({{std::move(path), "content"}}, plan_);
    return files ? files->at(0).name + "=" + files->at(0).bytes : files.error().message;
  }
  Plan plan_;
};

TEST_F(SentinelFilesTest, GoBelowTheHomeAndIntoOtherPrivatePlaces) {
  EXPECT_EQ(Place("~/.netrc"), "/home/me/.netrc=content");
  EXPECT_EQ(Place("/home/me/.aws/credentials"), "/home/me/.aws/credentials=content");
  EXPECT_EQ(Place("/tmp/x/token"), "/tmp/x/token=content");
  EXPECT_TRUE(PlaceSentinelFiles({}, plan_)->empty());
}

TEST_F(SentinelFilesTest, NeverGoIntoWhatIsSharedOrIsNotPrivate) {
  for (const char* path : {"~/project/.env", "/home/me/project", "/tmp/data/token"}) {
    EXPECT_TRUE(Place(path).contains("shared with the host")) << path;
  }
  for (const char* path : {"/etc/token", "/run/aileron/token", "/home/other/x", "/home/me", "/tmp/",
                           "/tmp/../etc/x", "/home/meandmore/x", "relative"}) {
    EXPECT_TRUE(Place(path).contains("no private place")) << path;
  }
}

}  // namespace
}  // namespace aileron::launch
