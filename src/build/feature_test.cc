#include "build/feature.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "image/jsonc.h"

namespace aileron::build {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;

Result<Feature> Parse(std::string_view text, const nlohmann::json& options = true) {
  return ParseFeature(text, "f.json", "./tool", options);
}
std::string Mistake(std::string_view text) {
  const auto feature = Parse(text);
  return feature ? "" : feature.error().message;
}

constexpr std::string_view kTool = R"({
  // comments are taken
  "id": "tool", "version": "1.2", "name": "A tool",
  "options": {"version": {"type": "string", "default": "latest"}, "addPath": {"type": "boolean", "default": false},
              "none": {"type": "string"}},
  "containerEnv": {"TOOL": "/opt", "PATH": "/opt/bin:${PATH}"},
  "dependsOn": {"./base": {"x": "1"}}, "installsAfter": ["ghcr.io/a/b"],
  "capAdd": ["SYS_PTRACE"], "postCreateCommand": "echo \"$HOME\"", "remoteUser": "not a feature's"
})";

TEST(Feature, SaysWhatItNeedsAndWhatTheImageSays) {
  const auto feature = Parse(kTool);
  ASSERT_TRUE(feature) << feature.error().message;
  EXPECT_EQ(feature->id, "tool");
  EXPECT_THAT(feature->options, ElementsAre(Pair("VERSION", "latest"), Pair("ADDPATH", "false")));
  EXPECT_THAT(feature->container_env,
              ElementsAre(Pair("TOOL", "/opt"), Pair("PATH", "/opt/bin:${PATH}")));
  ASSERT_EQ(feature->depends_on.size(), 1U);
  EXPECT_EQ(feature->depends_on[0].first, "./base");
  EXPECT_THAT(feature->installs_after, ElementsAre("ghcr.io/a/b"));
  EXPECT_EQ(feature->metadata,
            nlohmann::json::parse(
                R"({"id":"./tool","capAdd":["SYS_PTRACE"],"postCreateCommand":"echo \"$HOME\""})"));
}

TEST(Feature, OptionsOfTheFileComeBeforeDefaults) {
  EXPECT_THAT(Parse(kTool, "2")->options,
              ElementsAre(Pair("VERSION", "2"), Pair("ADDPATH", "false")));
  EXPECT_THAT(
      Parse(kTool, {{"addPath", true}, {"own-one", "x"}})->options,
      ElementsAre(Pair("VERSION", "latest"), Pair("ADDPATH", "true"), Pair("OWN_ONE", "x")));
  EXPECT_THAT(Parse(R"({"id":"a"})", "2")->options, ElementsAre());
}

TEST(Feature, HasTheNamesThatItHad) {
  EXPECT_THAT(Parse(R"({"id":"a"})")->names, ElementsAre("a"));
  EXPECT_THAT(Parse(R"({"id":"old","currentId":"a","legacyIds":["old","older"]})")->names,
              ElementsAre("a", "old", "older"));
  EXPECT_THAT(Mistake(R"({"id":"a","legacyIds":"b"})"), HasSubstr("f.json:1:"));
}

TEST(Feature, VariablesAreNamedAsTheSpecificationHasIt) {
  EXPECT_EQ(VariableOf("version"), "VERSION");
  EXPECT_EQ(VariableOf("my-option.1"), "MY_OPTION_1");
  EXPECT_EQ(VariableOf("1_2a"), "_A");
  EXPECT_EQ(VariableOf("__"), "_");
}

TEST(Feature, WhatIsWrongHasItsPlace) {
  EXPECT_THAT(Mistake("{}"), HasSubstr("f.json:1:1: \"id\" is missing"));
  EXPECT_THAT(Mistake(R"({"id": "a b"})"), HasSubstr("f.json:1:8: "));
  EXPECT_THAT(Mistake(R"({"id": "../a"})"), HasSubstr("letters, digits"));
  EXPECT_THAT(Mistake(R"({"id": "a", "options": {"x": {"default": 1}}})"),
              HasSubstr("true or false"));
  EXPECT_THAT(Mistake(R"({"id": "a", "containerEnv": {"A B": ""}})"), HasSubstr("variables"));
  EXPECT_THAT(Mistake(R"({"id": "a", "containerEnv": {"A": "1\nRUN x"}})"),
              HasSubstr("of one line"));
  EXPECT_THAT(Mistake(R"({"id": "a", "capAdd": 1})"), HasSubstr("capAdd"));
  EXPECT_THAT(Mistake("["), HasSubstr("f.json:1:"));
}

TEST(Feature, ValuesAreNoShellText) {
  const auto feature = Parse(kTool, {{"version", "$(touch /x)'\""}});
  EXPECT_THAT(EnvironmentFile(*feature), HasSubstr("VERSION='$(touch /x)'\\''\"'"));
  const auto named = Parse("{\"id\": \"a\", \"name\": \"it's $(x)\"}");
  EXPECT_THAT(InstallScript(*named), HasSubstr("it'\\''s $(x)"));
}

TEST(Feature, DockerfileAddsThemAsRootAndGoesBack) {
  std::vector<Feature> features;
  features.push_back(*Parse(kTool));
  FeatureBase base{.image = "localhost/x:1",
                   .user = "node:staff",
                   .label = R"([{"remoteUser": "node"}])",
                   .container_user = "node:staff",
                   .remote_user = "node"};
  const auto text = FeaturesDockerfile(base, features);
  ASSERT_TRUE(text) << text.error().message;
  EXPECT_THAT(*text, testing::StartsWith("FROM localhost/x:1\nUSER root\n"));
  EXPECT_THAT(*text, HasSubstr("getent passwd 'node'"));
  EXPECT_THAT(*text, HasSubstr("ENV PATH=\"/opt/bin:${PATH}\"\nCOPY --chown=0:0 tool_0 "));
  EXPECT_THAT(*text, HasSubstr("\nUSER node:staff\n"));
  EXPECT_THAT(*text, HasSubstr(R"(LABEL devcontainer.metadata="[{\"remoteUser\":\"node\"},)"));
  EXPECT_THAT(*text, HasSubstr(R"(echo \\\"\$HOME\\\")"));
  EXPECT_THAT(BuiltinEnvironment(base), "_CONTAINER_USER='node:staff'\n_REMOTE_USER='node'\n");
  base.user.clear();
  EXPECT_THAT(*FeaturesDockerfile(base, features), HasSubstr("\nUSER root\nLABEL"));
  base.label = R"({"init": true})";
  EXPECT_THAT(*FeaturesDockerfile(base, features), HasSubstr(R"("[{\"init\":true},)"));
  base.label = "1";
  EXPECT_FALSE(FeaturesDockerfile(base, features));
}

TEST(Feature, WhoTheFeaturesAreToldIsTheFilesWordFirst) {
  const ImageFacts facts{.user = "1000:1000",
                         .label = R"([{"remoteUser": "a"}, {"remoteUser": "node"}])"};
  const auto of_label = BaseOf("x", facts, "", "");
  ASSERT_TRUE(of_label) << of_label.error().message;
  EXPECT_EQ(of_label->container_user, "1000:1000");
  EXPECT_EQ(of_label->remote_user, "node");
  EXPECT_EQ(BaseOf("x", facts, "b", "c")->remote_user, "c");
  EXPECT_EQ(BaseOf("x", {}, "b", "")->remote_user, "b");
  EXPECT_EQ(BaseOf("x", {}, "", "")->remote_user, "root");
  EXPECT_FALSE(BaseOf("x", {.user = "", .label = "["}, "", ""));
}

TEST(Feature, AUserThatIsNoneIsRefused) {
  const FeatureBase good{.image = "x", .container_user = "root", .remote_user = "1000"};
  EXPECT_TRUE(FeaturesDockerfile(good, {}));
  for (const std::string user : {"a b", "a\nRUN x", "$(x)", "a'b", ""}) {
    FeatureBase base = good;
    base.remote_user = user;
    EXPECT_THAT(FeaturesDockerfile(base, {}).error().message, HasSubstr("no name of a user"))
        << user;
  }
  FeatureBase base = good;
  base.user = "a\nRUN x";
  EXPECT_FALSE(FeaturesDockerfile(base, {}));
}

}  // namespace
}  // namespace aileron::build
