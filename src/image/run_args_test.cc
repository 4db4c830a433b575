#include "image/run_args.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace aileron::image {
namespace {

using ::testing::HasSubstr;

std::vector<RunArg> Review(const std::vector<std::string>& args,
                           const Permissions& permissions = {}) {
  return ReviewRunArgs(args, "/w", permissions);
}

Honour Of(const std::vector<std::string>& args, const Permissions& permissions = {}) {
  const auto reviewed = Review(args, permissions);
  EXPECT_EQ(reviewed.size(), 1u);
  return reviewed.at(0).verdict.honour;
}

TEST(RunArgs, EverySpellingOfAFlagIsOne) {
  for (const std::vector<std::string>& args : std::vector<std::vector<std::string>>{
           {"--env", "A=1"}, {"--env=A=1"}, {"-e", "A=1"}, {"-eA=1"}}) {
    const auto reviewed = Review(args);
    ASSERT_EQ(reviewed.size(), 1u);
    EXPECT_EQ(reviewed[0].flag, "--env");
    EXPECT_EQ(reviewed[0].value, "A=1");
    EXPECT_EQ(reviewed[0].verdict.honour, Honour::kHonoured);
  }
}

TEST(RunArgs, WhatWeakensTheWallsIsJudgedAsTheFieldsAre) {
  EXPECT_EQ(Of({"--privileged"}), Honour::kWithheld);
  EXPECT_EQ(Of({"--privileged=true"}), Honour::kWithheld);
  EXPECT_EQ(Of({"--privileged=false"}), Honour::kHonoured);
  EXPECT_EQ(Of({"--privileged"}, {.privileged = true}), Honour::kHonoured);
  EXPECT_EQ(Of({"--cap-add=SYS_ADMIN"}), Honour::kWithheld);
  EXPECT_EQ(Of({"--cap-add", "SYS_PTRACE"}, {.capabilities = {"SYS_PTRACE"}}), Honour::kHonoured);
  EXPECT_EQ(Of({"--security-opt", "seccomp=unconfined"}), Honour::kWithheld);
  EXPECT_EQ(Of({"-v", "/etc:/host:ro"}), Honour::kWithheld);
  EXPECT_EQ(Of({"-v/var/run/docker.sock:/s"}), Honour::kNotHonoured);
  EXPECT_EQ(Of({"-v", "../x:/host"}), Honour::kNotHonoured);
  EXPECT_EQ(Of({"-v", "/w/data:/data:ro,z"}), Honour::kHonoured);
  EXPECT_EQ(Of({"-v", "/w/data:/data:rshared"}), Honour::kPartly);
  EXPECT_EQ(Of({"-v", "cache:/c"}), Honour::kHonoured);
  EXPECT_EQ(Of({"-v", "/c"}), Honour::kHonoured);
  EXPECT_EQ(Review({"-v", "/w/data:/data:ro"}).at(0).mount.value().read_only, true);
  EXPECT_EQ(Of({"--mount", "type=bind,source=/etc,target=/e"}), Honour::kWithheld);
  EXPECT_EQ(Of({"--mount=type=bind"}), Honour::kNotHonoured);
}

TEST(RunArgs, WhatTheSandboxHasOfItsOwnIsNotTaken) {
  for (const char* flag :
       {"--network=host", "--net=none", "--pid=host", "--ipc=host", "--userns=host",
        "--device=/dev/kvm", "--gpus=all", "--env-file=x", "-p80:80", "--add-host=a:b"}) {
    EXPECT_EQ(Of({flag}), Honour::kNotHonoured) << flag;
  }
  EXPECT_EQ(Of({"--userns=keep-id:uid=1000"}), Honour::kHonoured);
  EXPECT_EQ(Of({"--init"}), Honour::kHonoured);
  EXPECT_EQ(Of({"--user=root"}), Honour::kNotHonoured);
}

TEST(RunArgs, AHostsVariableIsNotTakenByItsName) {
  EXPECT_EQ(Of({"--env", "TOKEN"}), Honour::kNotHonoured);
  EXPECT_EQ(Of({"-eTOKEN"}), Honour::kNotHonoured);
  EXPECT_EQ(Of({"-e", "TOKEN="}), Honour::kHonoured);
}

TEST(RunArgs, MemoryIsMountedOverNothingOfTheSandboxesOwn) {
  EXPECT_EQ(Of({"--tmpfs", "/scratch:size=1g"}), Honour::kHonoured);
  EXPECT_EQ(Of({"--tmpfs=/run/aileron"}), Honour::kNotHonoured);
  EXPECT_EQ(Review({"--tmpfs", "/scratch:size=1g"}).at(0).mount.value().target, "/scratch");
}

TEST(RunArgs, WhatIsNotOnTheListIsNotHonoured) {
  const auto reviewed =
      Review({"--new-flag", "value", "--other", "--init", "-it", "stray", "--memory"});
  ASSERT_EQ(reviewed.size(), 6u);
  EXPECT_EQ(reviewed[0].value, "value");
  EXPECT_EQ(reviewed[1].flag, "--other");
  EXPECT_EQ(reviewed[2].flag, "--init");
  EXPECT_EQ(reviewed[3].flag, "-it");
  EXPECT_EQ(reviewed[4].flag, "stray");
  for (const std::size_t i : {0, 1, 3, 4})
    EXPECT_EQ(reviewed[i].verdict.honour, Honour::kNotHonoured);
  EXPECT_THAT(reviewed[5].verdict.why, HasSubstr("missing"));
}

// A value never hides a flag, nor a flag a value: what docker would read as a flag is judged as
// one.
TEST(RunArgs, AnUnknownFlagHidesNothing) {
  const auto reviewed =
      Review({"--unknown", "--privileged", "--label", "--privileged", "--privileged"});
  ASSERT_EQ(reviewed.size(), 4u);
  EXPECT_EQ(reviewed[1].flag, "--privileged");
  EXPECT_EQ(reviewed[2].value, "--privileged");
  EXPECT_EQ(reviewed[3].verdict.honour, Honour::kWithheld);
}

}  // namespace
}  // namespace aileron::image
