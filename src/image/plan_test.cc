#include "image/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "image/variables.h"

namespace aileron::image {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

PlanInput InputOf(std::string_view text) {
  return {.workspace = "/home/u/app",
          .config = ConfigFile{"/home/u/app/.devcontainer.json", std::string(text)}};
}

TEST(Plan, WithoutAFileItIsTheHostOrTheImageThatIsNamed) {
  PlanInput input{.workspace = "/home/u/app"};
  EXPECT_EQ(MakePlan(input)->tier.tier, Tier::kHost);
  EXPECT_EQ(MakePlan(input)->workspace_folder, "/home/u/app");
  EXPECT_TRUE(MakePlan(input)->reports.empty());
  input.image = "debian:12";
  input.metadata_label = R"({"remoteUser": "u"})";
  EXPECT_EQ(MakePlan(input)->tier.image, "debian:12");
  EXPECT_EQ(MakePlan(input)->workspace_folder, "/home/agent/workspace");
  EXPECT_EQ(MakePlan(input)->merged.remote_user, "u");
}

TEST(Plan, TheWorkspaceStandsWhereTheFileSays) {
  EXPECT_EQ(MakePlan(InputOf(R"({"image": "i"})"))->workspace_folder, "/workspaces/app");
  EXPECT_EQ(
      MakePlan(
          InputOf(R"({"image": "i", "workspaceFolder": "/src/${localWorkspaceFolderBasename}"})"))
          ->workspace_folder,
      "/src/app");
  EXPECT_EQ(MakePlan(InputOf(R"({"dockerComposeFile": "c", "service": "s"})"))->workspace_folder,
            "/");
  const auto plan = MakePlan(InputOf(
      R"({"image": "i", "workspaceFolder": "/x", "containerEnv": {"W": "${containerWorkspaceFolder}"},
      "remoteEnv": {"I": "${devcontainerId}"}})"));
  EXPECT_EQ(plan->merged.container_env.at(0).second, "/x");
  EXPECT_EQ(plan->merged.remote_env.at(0).second,
            DevContainerId("/home/u/app", "/home/u/app/.devcontainer.json"));
}

TEST(Plan, OnTheHostsRootTheWorkspaceStandsWhereItIs) {
  const auto plan = MakePlan(InputOf(
      R"({"workspaceFolder": "/x", "containerEnv": {"W": "${containerWorkspaceFolder}"}})"));
  EXPECT_EQ(plan->workspace_folder, "/home/u/app");
  EXPECT_EQ(plan->merged.container_env.at(0).second, "/home/u/app");
  for (const char* text :
       {R"({"build": {"dockerfile": "D"}, "workspaceFolder": "/x"})",
        R"({"features": {"./f": {}}, "workspaceFolder": "/x"})",
        R"({"customizations": {"aileron": {"image": "i"}}, "workspaceFolder": "/x"})"}) {
    EXPECT_EQ(MakePlan(InputOf(text))->workspace_folder, "/x") << text;
  }
  EXPECT_EQ(MakePlan(InputOf(R"({"features": {}, "workspaceFolder": "/x"})"))->workspace_folder,
            "/home/u/app");
}

TEST(Plan, AVariableOfTheContainerIsKnownWhenTheContainerIs) {
  PlanInput input = InputOf(
      R"({"image": "i", "remoteEnv": {"P": "${containerEnv:A}:/x", "N": "${containerEnv:B:d}"}})");
  EXPECT_EQ(MakePlan(input)->merged.remote_env.at(0).second, "${containerEnv:A}:/x");
  input.container_env.emplace()["A"] = "${localEnv:HOME}";
  EXPECT_EQ(MakePlan(input)->merged.remote_env.at(0).second, "${localEnv:HOME}:/x");
  EXPECT_EQ(MakePlan(input)->merged.remote_env.at(1).second, "d");
}

TEST(Plan, ALabelOfAnImageThatIsNotTakenSaysNothing) {
  PlanInput input = InputOf(R"({"remoteUser": "u"})");
  input.metadata_label = "{";
  EXPECT_EQ(MakePlan(input)->tier.tier, Tier::kHost);
  input.image = "debian:12";
  EXPECT_THAT(MakePlan(input).error().message,
              StartsWith("the label devcontainer.metadata of debian:12:1:2"));
}

TEST(Plan, AMistakeNamesTheFile) {
  EXPECT_THAT(MakePlan(InputOf("{\n\"image\": 3}")).error().message,
              StartsWith("/home/u/app/.devcontainer.json:2:10: image"));
  EXPECT_THAT(MakePlan(InputOf("")).error().message, HasSubstr("there is nothing here"));
}

}  // namespace
}  // namespace aileron::image
