#include "launch/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

namespace aileron::launch {
namespace {

using testing::HasSubstr;

// A home with a project and a key in it, in a place of its own.
class PlanTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_NE(mkdtemp(folder_), nullptr);
    paths_.home = std::string(folder_) + "/home";
    paths_.config = paths_.home + "/.config/aileron";
    paths_.state = paths_.home + "/.local/state/aileron";
    paths_.cache = paths_.home + "/.cache/aileron";
    paths_.runtime = std::string(folder_) + "/run/aileron";
    for (const std::string& path : {paths_.config, paths_.state, paths_.cache, paths_.runtime,
                                    paths_.home + "/.ssh", Project() + "/sub"}) {
      ASSERT_TRUE(os::MakeFolders(path, 0700));
    }
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string Project() const { return paths_.home + "/project"; }
  Options In(const std::string& workspace) const {
    Options options;
    options.command = {"true"};
    options.workspace = workspace;
    return options;
  }

  char folder_[32] = "/tmp/aileron-plan-XXXXXX";
  os::Paths paths_;
};

TEST_F(PlanTest, AProjectIsSharedAtItsOwnPath) {
  const Plan plan = MakePlan(In(Project()), paths_).value();
  EXPECT_EQ(plan.spec.workspace, Project());
  EXPECT_EQ(plan.workdir, Project());
  EXPECT_EQ(plan.spec.workspace_access, sandbox::Access::kReadWrite);
}

TEST_F(PlanTest, AnImageIsTheRootAndHasThePlacesOfTheContract) {
  Options options = In(Project());
  options.image.emplace();
  options.image->reference = "docker.io/library/a:1";
  options.image->digest.hex = "12";
  options.image->layers = {"/layers/1", "/layers/2"};
  options.image->config.entrypoint = {"/entry"};
  options.image->config.cmd = {"cmd"};
  const Plan plan = MakePlan(options, paths_).value();
  EXPECT_EQ(plan.spec.layers, options.image->layers);
  EXPECT_EQ(plan.spec.inside(), "/home/agent/workspace");
  EXPECT_EQ(plan.workdir, "/home/agent/workspace");
  EXPECT_EQ(plan.command, (std::vector<std::string>{"/entry", "true"}));
  EXPECT_EQ(plan.image, "docker.io/library/a:1@sha256:12");
  options.command.clear();
  EXPECT_EQ(MakePlan(options, paths_)->command, (std::vector<std::string>{"/entry", "cmd"}));
  // The host's root would stand in for one that is not there.
  options.image->layers.clear();
  EXPECT_EQ(MakePlan(options, paths_).error().code, Code::kInvalid);
}

TEST_F(PlanTest, ADevcontainerAddsItsPlacesAndFolders) {
  Options options = In(Project());
  options.image.emplace();
  options.image->layers = {"/layers/1"};
  options.image->config.entrypoint = {"/entry"};
  options.container = {.id = "id",
                       .tier = "devcontainer",
                       .content = "c",
                       .environment = {"A=1"},
                       .workspace_inside = "/workspaces/project",
                       .folders = {{KeptFolder::Kind::kNamed, "v", "/data/v"},
                                   {KeptFolder::Kind::kCache, "npm", "/home/agent/.npm"}},
                       .memory = {{.source = {}, .target = "/data"}},
                       .hostname = "box",
                       .creates = true};
  const Plan plan = MakePlan(options, paths_).value();
  EXPECT_EQ(plan.spec.inside(), "/workspaces/project");
  EXPECT_EQ(plan.spec.workspace_links, sandbox::Links::kRefused);
  EXPECT_EQ(plan.tier, "devcontainer");
  EXPECT_EQ(plan.spec.hostname, "box");
  // What a devcontainer runs does not go through the image's entrypoint.
  EXPECT_EQ(plan.command, (std::vector<std::string>{"true"}));
  std::vector<std::string> volumes;
  for (const auto& volume : plan.spec.volumes) {
    volumes.push_back(fmt::format("{} {}", volume.target, volume.source));
  }
  EXPECT_THAT(volumes,
              testing::ElementsAre("/data ", "/data/v " + paths_.state + "/volumes/id/named/v",
                                   "/home/agent " + paths_.state + "/volumes/id/home",
                                   "/home/agent/.npm " + paths_.cache + "/volumes/id/npm"));
  EXPECT_EQ(plan.creation.marker, paths_.state + "/volumes/id/created");
  EXPECT_FALSE(plan.creation.due);
}

TEST_F(PlanTest, AWorkspaceThatHoldsKeysIsRefused) {
  for (const std::string& bad : {paths_.home, std::string(folder_), paths_.home + "/.ssh",
                                 paths_.state, paths_.home + "/.local", paths_.cache}) {
    const auto plan = MakePlan(In(bad), paths_);
    ASSERT_FALSE(plan) << bad;
    EXPECT_EQ(plan.error().code, Code::kDenied) << bad;
  }
}

TEST_F(PlanTest, AWorkspaceOfTheSystemIsRefused) {
  for (const char* bad : {"/", "/etc", "/usr", "/tmp", "/home", "/etc/ssl", "/proc/self"}) {
    EXPECT_EQ(MakePlan(In(bad), paths_).error().code, Code::kDenied) << bad;
  }
}

TEST_F(PlanTest, ASymlinkToTheHomeIsTheHome) {
  const std::string link = std::string(folder_) + "/link";
  ASSERT_EQ(symlink(paths_.home.c_str(), link.c_str()), 0);
  EXPECT_EQ(MakePlan(In(link), paths_).error().code, Code::kDenied);
}

TEST_F(PlanTest, AMountIsHeldToTheSameRules) {
  Options options = In(Project());
  options.mounts = {{paths_.home + "/.ssh", "/home/x/.ssh", sandbox::Access::kReadOnly}};
  const auto plan = MakePlan(options, paths_);
  ASSERT_FALSE(plan);
  EXPECT_THAT(plan.error().message, HasSubstr("aileron secret set"));
  options.mounts = {{Project() + "/none", "/data", sandbox::Access::kReadOnly}};
  EXPECT_EQ(MakePlan(options, paths_).error().code, Code::kNotFound);
}

TEST_F(PlanTest, ListensOnTheWebAndOnEachPortOfARule) {
  const auto listeners =
      ListenersFor({"a.test:8443", "b.test"}, {"c.test:9443:127.0.0.1:1"}).value();
  std::vector<int> ports;
  for (const auto& listener : listeners) ports.push_back(listener.port);
  EXPECT_THAT(ports, testing::ElementsAre(3128, 2, 80, 443, 8443, 9443, 53, 53));
  for (const char* own : {"a.test:3128", "a.test:53", "a.test:1", "a.test:2"}) {
    EXPECT_FALSE(ListenersFor({own}, {})) << own;
  }
  EXPECT_FALSE(ListenersFor({"a b"}, {}));
  EXPECT_TRUE(ListenersFor({"10.1.2.0/24", "fd00::/8"}, {}));
}

TEST_F(PlanTest, AnUnknownSandboxIsNamed) {
  Options options = In(Project());
  options.sandbox = "chroot";
  EXPECT_THAT(MakePlan(options, paths_).error().message, HasSubstr("chroot"));
}

}  // namespace
}  // namespace aileron::launch
