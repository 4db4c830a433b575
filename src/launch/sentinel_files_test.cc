#include "launch/sentinel_files.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

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

TEST_F(SentinelFilesTest, ClientsOfRegistriesAreSentToTheHelperForTheseHostsAlone) {
  EXPECT_FALSE(DockerConfig({}, {}, plan_));
  const auto config = DockerConfig({"registry.test", "r.test:5000"}, {}, plan_);
  ASSERT_TRUE(config);
  EXPECT_EQ(config->name, "/home/me/.docker/config.json");
  const auto read = nlohmann::json::parse(config->bytes);
  EXPECT_EQ(read, nlohmann::json::parse(
                      R"({"credHelpers":{"registry.test":"aileron","r.test:5000":"aileron"}})"));
}

TEST_F(SentinelFilesTest, DockerHubIsNamedAsItsClientsNameIt) {
  for (const char* host : {"docker.io", "registry-1.docker.io", "auth.docker.io"}) {
    const auto config = DockerConfig({host}, {}, plan_);
    ASSERT_TRUE(config);
    const auto helpers = nlohmann::json::parse(config->bytes)["credHelpers"];
    EXPECT_TRUE(helpers.contains("https://index.docker.io/v1/")) << host;
    EXPECT_TRUE(helpers.contains("docker.io")) << host;
  }
  const auto other = DockerConfig({"notdocker.io"}, {}, plan_);
  EXPECT_EQ(nlohmann::json::parse(other->bytes)["credHelpers"].size(), 1u);
}

TEST_F(SentinelFilesTest, AFileThatSomebodyElseHasIsLeftAlone) {
  EXPECT_FALSE(DockerConfig({"registry.test"}, {{"/home/me/.docker/config.json", "{}"}}, plan_));
  plan_.spec.mounts.push_back({"/data", "/home/me/.docker", sandbox::Access::kReadOnly});
  EXPECT_FALSE(DockerConfig({"registry.test"}, {}, plan_));
}

}  // namespace
}  // namespace aileron::launch
