#include "image/variables.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "image/devcontainer_limits.h"

namespace aileron::image {
namespace {

using Kind = VariableNote::Kind;
using ::testing::HasSubstr;

VariableValues Values() {
  return {.local_env = {{"HOME", "/home/u"},
                        {"EMPTY", ""},
                        {"SLY", "${localEnv:HOME}"},
                        {"TOKEN", "secret"}},
          .may_see = [](std::string_view name) { return name != "TOKEN"; },
          .local_workspace_folder = "/home/u/my app",
          .container_workspace_folder = "/workspaces/my app/",
          .devcontainer_id = "0abc"};
}

struct Seen {
  std::string text;
  std::vector<VariableNote> notes;
};

Seen In(std::string_view text, const VariableValues& values = Values()) {
  Seen seen;
  seen.text = Substituted(text, values, {7, 3}, seen.notes);
  return seen;
}

TEST(Variables, EachStandsForItsValue) {
  EXPECT_EQ(In("${localEnv:HOME}/x").text, "/home/u/x");
  EXPECT_EQ(In("${env:HOME}").text, "/home/u");
  EXPECT_EQ(In("${localWorkspaceFolder}").text, "/home/u/my app");
  EXPECT_EQ(In("${localWorkspaceFolderBasename}").text, "my app");
  EXPECT_EQ(In("${containerWorkspaceFolder}").text, "/workspaces/my app/");
  EXPECT_EQ(In("a${containerWorkspaceFolderBasename}b${devcontainerId}").text, "amy appb0abc");
  EXPECT_TRUE(In("${localEnv:HOME}").notes.empty());
}

TEST(Variables, WhatIsNotSetIsItsDefaultOrEmpty) {
  EXPECT_EQ(In("[${localEnv:NONE}]").text, "[]");
  EXPECT_EQ(In("[${localEnv:NONE:x y}]").text, "[x y]");
  EXPECT_EQ(In("[${localEnv:EMPTY:x}]").text, "[]");
  EXPECT_EQ(In("[${localEnv:NONE:http://x}]").text, "[http]");  // as the reference has it
  EXPECT_EQ(In("[${localEnv:NONE:}]").text, "[]");
}

TEST(Variables, WhatIsUnknownStaysAndIsTold) {
  for (const char* text :
       {"${nothing}", "${}", "${localenv:HOME}", "${LOCALWORKSPACEFOLDER}",
        "${localWorkspaceFolderBasenameBasename}", "${devcontainerIdBasename}"}) {
    const Seen seen = In(text);
    EXPECT_EQ(seen.text, text);
    ASSERT_EQ(seen.notes.size(), 1u) << text;
    EXPECT_EQ(seen.notes[0].kind, Kind::kUnknown);
    EXPECT_EQ(seen.notes[0].place, (Place{7, 3}));
  }
  EXPECT_EQ(In("${localEnv}").notes.at(0).kind, Kind::kNameless);
  EXPECT_EQ(In("${localEnv}").text, "${localEnv}");
  EXPECT_EQ(In("${containerEnv}").notes.at(0).kind, Kind::kNameless);
  for (const char* text : {"$HOME", "${localEnv:HOME", "$ {x}", "${a\nb}", "$${", "}"}) {
    EXPECT_EQ(In(text).text, text);
    EXPECT_TRUE(In(text).notes.empty()) << text;
  }
  EXPECT_EQ(In("${a\n${localEnv:HOME}").text, "${a\n/home/u");
}

TEST(Variables, WhatCameInIsNotLookedAtAgain) {
  EXPECT_EQ(In("${localEnv:SLY}").text, "${localEnv:HOME}");
  EXPECT_EQ(In("${localEnv:NONE:${localEnv:HOME}}").text, "${localEnv}");
  EXPECT_EQ(In("${${localEnv:HOME}}").notes.at(0).text, "${${localEnv:HOME}");
}

TEST(Variables, AVariableThatTheSandboxMayNotSeeIsNotSet) {
  const Seen seen = In("a${localEnv:TOKEN}b${localEnv:TOKEN:none}");
  EXPECT_EQ(seen.text, "abnone");
  ASSERT_EQ(seen.notes.size(), 2u);
  EXPECT_EQ(seen.notes[0].kind, Kind::kWithheld);
  EXPECT_EQ(seen.notes[0].text, "TOKEN");
  VariableValues nobody = Values();
  nobody.may_see = nullptr;
  EXPECT_EQ(In("${localEnv:HOME}", nobody).text, "");
}

TEST(Variables, TheContainersOwnWaitUntilTheyAreKnown) {
  EXPECT_EQ(In("${containerEnv:PATH}:/x").text, "${containerEnv:PATH}:/x");
  EXPECT_EQ(In("${containerEnv:PATH}").notes.at(0).kind, Kind::kLater);
  VariableValues values = Values();
  values.container_env.emplace().emplace("PATH", "/bin");
  EXPECT_EQ(In("${containerEnv:PATH}:${containerEnv:X:d}", values).text, "/bin:d");
  values.devcontainer_id.clear();
  EXPECT_EQ(In("${devcontainerId}", values).text, "${devcontainerId}");
}

TEST(Variables, KeysStayAndAllStringsAreSubstituted) {
  auto node = ParseJsonc(R"({"${localEnv:HOME}": ["${localEnv:HOME}", {"a": "${x}"}, 1]})", "d");
  ASSERT_TRUE(node);
  std::vector<VariableNote> notes;
  ASSERT_TRUE(Substitute(*node, Values(), "d", notes));
  EXPECT_EQ(ToJson(*node).dump(), R"({"${localEnv:HOME}":["/home/u",{"a":"${x}"},1]})");
  ASSERT_EQ(notes.size(), 1u);
  EXPECT_EQ(notes[0].place, (Place{1, 49}));
}

TEST(Variables, WhatComesInIsBounded) {
  VariableValues values = Values();
  values.local_env["BIG"] = std::string(limits::kSubstitutedMax / 2 + 1, 'x');
  auto once = ParseJsonc(R"(["${localEnv:BIG}"])", "d");
  auto twice = ParseJsonc(R"(["${localEnv:BIG}", "${localEnv:BIG}"])", "d");
  std::vector<VariableNote> notes;
  EXPECT_TRUE(Substitute(*once, values, "d", notes));
  const Status status = Substitute(*twice, values, "d", notes);
  ASSERT_FALSE(status);
  EXPECT_THAT(status.error().message, HasSubstr("d:1:21: with what its variables stand for"));
}

TEST(Variables, TheIdIsTheSpecifications) {
  const std::string id = DevContainerId("/w", "/w/.devcontainer/devcontainer.json");
  EXPECT_EQ(id, "0gn1u8u55qadm6uv071vp3trcdti1b3nvgm3pmh0k3hqn6pk3vhi");
  EXPECT_NE(DevContainerId("/v", "/w/.devcontainer/devcontainer.json"), id);
}

}  // namespace
}  // namespace aileron::image
