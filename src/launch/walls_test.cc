#include "launch/walls.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "os/landlock.h"

namespace aileron::launch {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

Plan Project() {
  Plan plan;
  plan.identity.home = "/home/agent";
  plan.identity.uids = {{1000, 1000}};
  plan.spec.workspace = "/w";
  plan.spec.mounts = {{"/a", "/data", sandbox::Access::kReadWrite},
                      {"/b", "/books", sandbox::Access::kReadOnly}};
  plan.spec.listeners = {{sandbox::ListenerKind::kCaptured, 9},
                         {sandbox::ListenerKind::kCaptured, 10},
                         {sandbox::ListenerKind::kDns, 53}};
  return plan;
}

sandbox::ResourceLimits Unlimited() { return sandbox::ResourceLimits::Prepare({}).value(); }

TEST(LaunchWalls, LandlockOpensWhatIsSharedForWritingAndWhatIsPrivate) {
  ASSERT_TRUE(os::LandlockVersion());
  const auto confinement = ConfinementFor(Project(), {});
  EXPECT_EQ(confinement.landlock, static_cast<unsigned>(*os::LandlockVersion()));
  for (const char* place : {"/w", "/data", "/home/agent", "/tmp", "/var/tmp", "/dev", "/run"})
    EXPECT_THAT(confinement.writable, Contains(place));
  for (const char* place : {"/", "/books", "/home", "/usr", "/etc"})
    EXPECT_THAT(confinement.writable, Not(Contains(place)));
}

TEST(LaunchWalls, WhereCommandsAreJudgedNobodyWritesProc) {
  const auto judged = ConfinementFor(Project(), {}, sandbox::Commands::kMediated);
  EXPECT_EQ(judged.commands, sandbox::Commands::kMediated);
  EXPECT_THAT(judged.writable, Not(Contains("/proc")));
  EXPECT_THAT(StandingWalls(Project(), judged, Unlimited()).walls, Contains("commands"));
  EXPECT_THAT(ConfinementFor(Project(), {}).writable, Contains("/proc"));
}

TEST(LaunchWalls, AReadOnlyWorkspaceIsClosedByBoth) {
  Plan plan = Project();
  plan.spec.workspace_access = sandbox::Access::kReadOnly;
  EXPECT_THAT(ConfinementFor(plan, {}).writable, Not(Contains("/w")));
}

TEST(LaunchWalls, NestingLeavesLandlockOutAndSaysSo) {
  Plan plan = Project();
  plan.spec.nesting = sandbox::Nesting::kAllowed;
  const auto confinement = ConfinementFor(plan, {});
  EXPECT_EQ(confinement.landlock, 0u);
  EXPECT_THAT(confinement.writable, IsEmpty());
  const Standing standing = StandingWalls(plan, confinement, Unlimited());
  EXPECT_THAT(standing.walls, Not(Contains(HasSubstr("landlock"))));
  EXPECT_THAT(LaunchLine(standing), HasSubstr("not here: landlock"));
  EXPECT_THAT(LaunchLine(standing), HasSubstr("--allow-nested"));
}

TEST(LaunchWalls, WhoseIdTheAgentHasIsToldWhereItIsRoots) {
  const auto told = [](const Plan& plan) {
    return StandingWalls(plan, ConfinementFor(plan, {}), Unlimited());
  };
  Plan plan = Project();
  EXPECT_THAT(LaunchLine(told(plan)), Not(HasSubstr("idmap")));
  plan.identity.uids = {{1000, 0}};
  EXPECT_THAT(told(plan).missing, Contains(HasSubstr("idmap")));
  plan.identity.uids = {{0, 0}, {1000, 5000}};
  plan.identity.mapped = true;
  EXPECT_THAT(told(plan).walls, Contains("idmap"));
}

TEST(LaunchWalls, TheClosedPortIsNobodys) {
  EXPECT_EQ(ConfinementFor(Project(), {}).closed_port, 11);
}

TEST(LaunchWalls, OnlyWhatExistsIsToBeHidden) {
  char pattern[] = "/tmp/aileron-walls-XXXXXX";
  os::Paths paths;
  paths.state = mkdtemp(pattern);
  paths.runtime = paths.state + "/run";
  std::ofstream(paths.state + "/vault.db") << "x";
  EXPECT_THAT(ConfinementFor(Project(), paths).hidden, ElementsAre(paths.state + "/vault.db"));
  std::filesystem::remove_all(paths.state);
}

TEST(LaunchWalls, AHostFolderThatIsOpenedIsNotHeldForReadOnly) {
  Plan plan = Project();
  EXPECT_THAT(ConfinementFor(plan, {}).read_only, ElementsAre("/", "/usr", "/etc"));
  plan.spec.mounts.push_back({"/a", "/usr", sandbox::Access::kReadWrite});
  EXPECT_THAT(ConfinementFor(plan, {}).read_only, ElementsAre("/", "/etc"));
}

TEST(LaunchWalls, TheLineTellsWhatStandsAndWhatDoesNot) {
  EXPECT_EQ(LaunchLine({{"namespaces", "landlock (ABI 7)"}, {"memory limit"}}),
            "aileron: native sandbox · walls: namespaces, landlock (ABI 7) · not here: "
            "memory limit");
  EXPECT_EQ(LaunchLine({{"namespaces"}, {}}), "aileron: native sandbox · walls: namespaces");
  EXPECT_EQ(QuotedWalls({{"a", "b"}, {}}), "\"a\",\"b\"");
}

}  // namespace
}  // namespace aileron::launch
