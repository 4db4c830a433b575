#include "launch/container_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <filesystem>

#include "image/plan.h"
#include "launch/launch.h"
#include "os/fd.h"

namespace aileron::launch {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class ContainerOptionsTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_NE(mkdtemp(folder_), nullptr);
    for (const char* name : {"/data", "/.vscode"}) {
      ASSERT_TRUE(os::MakeFolders(std::string(folder_) + name, 0700));
    }
    ASSERT_EQ(symlink("/etc", (std::string(folder_) + "/out").c_str()), 0);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  image::SandboxPlan PlanOf(const std::string& text) {
    return image::MakePlan(
               {.workspace = folder_,
                .config = image::ConfigFile{std::string(folder_) + "/.devcontainer.json", text}})
        .value();
  }
  std::vector<std::string> Apply(const std::string& text) {
    options_ = {};
    options_.container.trusted = trusted_;
    options_.workspace_access = access_;
    return ApplyContainer(PlanOf(text), folder_, options_).value();
  }
  std::string Mistake(const std::string& text) {
    options_ = {};
    return ApplyContainer(PlanOf(text), folder_, options_).error().message;
  }

  char folder_[32] = "/tmp/aileron-cont-XXXXXX";
  bool trusted_ = false;
  sandbox::Access access_ = sandbox::Access::kReadWrite;
  Options options_;
};

TEST_F(ContainerOptionsTest, TheWorkspaceStandsWhereTheFileSays) {
  Apply(R"({"image": "i", "workspaceFolder": "/src/app"})");
  EXPECT_EQ(options_.container.workspace_inside, "/src/app");
  EXPECT_EQ(options_.workdir, "");
  Apply(R"({"image": "i", "workspaceMount": "type=bind,source=${localWorkspaceFolder},target=/src",
            "workspaceFolder": "/src/app"})");
  EXPECT_EQ(options_.container.workspace_inside, "/src");
  EXPECT_EQ(options_.workdir, "/src/app");
  Apply(R"({"workspaceFolder": "/src/app"})");
  EXPECT_EQ(options_.container.workspace_inside, "");
  EXPECT_THAT(Mistake(R"({"image": "i", "workspaceFolder": "/etc/app"})"),
              HasSubstr(".devcontainer.json:1: workspaceFolder /etc/app"));
}

TEST_F(ContainerOptionsTest, OfMountsThePartsOfTheWorkspaceAndFoldersOfOurs) {
  const auto notes = Apply(R"({"image": "i", "mounts": [
    "type=bind,source=${localWorkspaceFolder}/data,target=/data",
    "type=bind,source=${localWorkspaceFolder}/data,target=/ro,readonly",
    "type=bind,source=${localWorkspaceFolder}/.vscode,target=/editor",
    "type=bind,source=${localWorkspaceFolder},target=/whole",
    "type=bind,source=${localWorkspaceFolder}/out,target=/out",
    "type=bind,source=/etc,target=/host",
    "type=volume,source=deps,target=/deps", "type=volume,source=../x,target=/bad",
    "type=volume,source=a b,target=/blank", "source=w,target=${containerWorkspaceFolder}", "type=tmpfs,target=/m", "type=volume,source=c,target=/etc"],
    "customizations": {"aileron": {"caches": {"npm": "/home/agent/.npm"}}}})");
  std::vector<std::string> mounted;
  for (const auto& mount : options_.mounts) {
    EXPECT_EQ(mount.links, sandbox::Links::kRefused);
    mounted.push_back(mount.target + (mount.access == sandbox::Access::kReadOnly ? " ro" : ""));
  }
  // What the host runs is written at no second place.
  EXPECT_THAT(mounted, ElementsAre("/data", "/ro ro", "/editor ro", "/whole ro"));
  std::vector<std::string> kept;
  for (const KeptFolder& folder : options_.container.folders) {
    kept.push_back(folder.name + " " + folder.target);
  }
  EXPECT_THAT(kept, ElementsAre("deps /deps", "npm /home/agent/.npm"));
  ASSERT_EQ(options_.container.memory.size(), 1u);
  ASSERT_EQ(notes.size(), 3u);
  EXPECT_THAT(notes[0], HasSubstr("leads out of the workspace, to /etc"));
  EXPECT_THAT(notes[1], HasSubstr("the volume a b is left out"));
  EXPECT_THAT(notes[2], HasSubstr("the workspace stands there"));
}

TEST_F(ContainerOptionsTest, AReadOnlyWorkspaceIsReadOnlyAtEachPlace) {
  access_ = sandbox::Access::kReadOnly;
  Apply(R"({"mounts": ["type=bind,source=${localWorkspaceFolder}/data,target=/run/data"]})");
  ASSERT_EQ(options_.mounts.size(), 1u);
  EXPECT_EQ(options_.mounts[0].access, sandbox::Access::kReadOnly);
}

TEST_F(ContainerOptionsTest, FlagsOfDockerRunThatAreHonoured) {
  Apply(
      R"({"containerEnv": {"A": "1"}, "runArgs": ["--env", "B=2", "--hostname=box", "--shm-size=64m",
    "--memory", "1g", "--cpus=1.5", "--pids-limit=100", "--tmpfs", "/run/m:rw,size=8m", "-w", "/w",
    "--stop-signal=SIGINT", "--privileged", "--env", "HOME"]})");
  EXPECT_THAT(options_.container.environment, ElementsAre("A=1", "B=2"));
  EXPECT_EQ(options_.container.hostname, "box");
  EXPECT_EQ(options_.container.shm_bytes, 64u << 20);
  EXPECT_EQ(options_.resources.memory_bytes, 1u << 30);
  EXPECT_EQ(options_.resources.cpus, 1.5);
  EXPECT_EQ(options_.resources.pids, 100u);
  ASSERT_EQ(options_.container.memory.size(), 1u);
  EXPECT_EQ(options_.container.memory[0].bytes, 8u << 20);
  EXPECT_EQ(options_.workdir, "/w");
  EXPECT_EQ(options_.container.stop_signal, SIGINT);
  for (const char* bad : {R"("--hostname=a b")", R"("--memory=much")", R"("--cpus=x")",
                          R"("--pids-limit=0")", R"("--stop-signal=NONE")"}) {
    EXPECT_THAT(Mistake(fmt::format(R"({{"runArgs": [{}]}})", bad)),
                HasSubstr(".devcontainer.json:1: runArgs: --"))
        << bad;
  }
}

TEST_F(ContainerOptionsTest, TheCommandLineIsStronger) {
  options_ = {};
  options_.resources.pids = 5;
  options_.workdir = "/mine";
  ASSERT_TRUE(ApplyContainer(PlanOf(R"({"runArgs": ["--pids-limit=9", "--workdir=/theirs"]})"),
                             folder_, options_));
  EXPECT_EQ(options_.resources.pids, 5u);
  EXPECT_EQ(options_.workdir, "/mine");
}

TEST_F(ContainerOptionsTest, OnlyATrustedFileRunsOnTheHostOrBesideTheAgent) {
  const std::string text = R"({"initializeCommand": "make",
    "customizations": {"aileron": {"services": [{"name": "db", "command": ["x"], "folder": "data"}]}}})";
  Apply(text);
  EXPECT_THAT(options_.container.initialize, IsEmpty());
  EXPECT_THAT(options_.container.services, IsEmpty());
  trusted_ = true;
  Apply(text);
  ASSERT_EQ(options_.container.initialize.size(), 1u);
  EXPECT_THAT(options_.container.initialize[0].at(0).command, ElementsAre("/bin/sh", "-c", "make"));
  ASSERT_EQ(options_.container.services.size(), 1u);
  EXPECT_EQ(options_.container.services[0].folder, std::string(folder_) + "/data");
}

TEST_F(ContainerOptionsTest, CommandsRunInTheirOrderAndForm) {
  const auto plan = PlanOf(R"({
    "postStartCommand": "d",
    "onCreateCommand": "a",
    "postCreateCommand": {"one": "b", "two": ["c", "x y"]},
    "updateContentCommand": ""})");
  const Lifecycle lifecycle = InsideOf(plan).lifecycle;
  ASSERT_EQ(lifecycle.creating.size(), 2u);
  EXPECT_THAT(lifecycle.creating[0].at(0).what, HasSubstr(".devcontainer.json:3: onCreateCommand"));
  ASSERT_EQ(lifecycle.creating[1].size(), 2u);
  EXPECT_THAT(lifecycle.creating[1][1].what, HasSubstr("postCreateCommand two"));
  EXPECT_THAT(lifecycle.creating[1][1].command, ElementsAre("c", "x y"));
  ASSERT_EQ(lifecycle.starting.size(), 1u);
  EXPECT_THAT(lifecycle.starting[0].at(0).command, ElementsAre("/bin/sh", "-c", "d"));
}

TEST_F(ContainerOptionsTest, WhatThisMachineLacksIsTold) {
  const Machine machine{.cpus = 2, .memory = 4ull << 30, .storage = 1ull << 30};
  EXPECT_THAT(UnmetRequirements({.cpus = 2, .memory = 4ull << 30}, machine), IsEmpty());
  const auto lines = UnmetRequirements({.cpus = 4, .storage = 2ull << 30}, machine);
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_THAT(lines[0], HasSubstr("needs 4 processors, and this machine has 2"));
  EXPECT_THAT(lines[1], HasSubstr("needs 2048 MiB of free storage, and this machine has 1024"));
}

}  // namespace
}  // namespace aileron::launch
