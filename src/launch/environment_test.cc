#include "launch/environment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include "launch/plan.h"

namespace aileron::launch {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class EnvironmentTest : public testing::Test {
 protected:
  void SetUp() override {
    clearenv();
    setenv("PATH", "/opt/bin", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "hunter2", 1);
    setenv("LC_TIME", "C", 1);
    plan_.identity.name = "agent";
    plan_.identity.home = "/home/agent";
  }
  std::vector<std::string> Make(const std::vector<std::string>& wanted) {
    return MakeEnvironment({"01ARYZ", "tok", {{"GITHUB_TOKEN", "ghp_fake"}}}, plan_, wanted)
        .value();
  }
  Plan plan_;
};

TEST_F(EnvironmentTest, AnImageHasPathAndLocaleOfItsOwn) {
  setenv("TERM", "xterm", 1);
  plan_.spec.layers = {"/layer"};
  plan_.environment = {"PATH=/image/bin", "JAVA_HOME=/java", "AILERON_TOKEN=x", "HOME=/root",
                       "nothing"};
  const auto environment = Make({});
  EXPECT_THAT(environment, Contains("PATH=/run/aileron/bin:/image/bin"));
  EXPECT_THAT(environment, Contains("JAVA_HOME=/java"));
  EXPECT_THAT(environment, Contains("TERM=xterm"));
  EXPECT_THAT(environment, Contains("HOME=/home/agent"));
  EXPECT_THAT(environment, Contains("AILERON_TOKEN=tok"));
  EXPECT_THAT(environment, Not(Contains(StartsWith("LC_"))));
  plan_.environment = {};
  EXPECT_THAT(Make({}), Contains(StartsWith("PATH=/run/aileron/bin:/usr/local/sbin")));
}

TEST_F(EnvironmentTest, PassesOnTheListAndNothingElse) {
  const auto environment = Make({});
  EXPECT_THAT(environment, Contains("PATH=/run/aileron/bin:/opt/bin"));
  EXPECT_THAT(environment, Contains("LC_TIME=C"));
  EXPECT_THAT(environment, Contains("HOME=/home/agent"));
  EXPECT_THAT(environment, Contains("GITHUB_TOKEN=ghp_fake"));
  EXPECT_THAT(environment, Contains("HTTPS_PROXY=http://127.0.0.1:3128"));
  EXPECT_THAT(environment, Not(Contains(HasSubstr("hunter2"))));
}

TEST_F(EnvironmentTest, WhatTheCallerNamesWins) {
  setenv("EDITOR", "vi", 1);
  const auto environment = Make({"EDITOR", "GITHUB_TOKEN=mine", "ABSENT", "EMPTY="});
  EXPECT_THAT(environment, Contains("EDITOR=vi"));
  EXPECT_THAT(environment, Contains("GITHUB_TOKEN=mine"));
  EXPECT_THAT(environment, Contains("EMPTY="));
  EXPECT_THAT(environment, Not(Contains(StartsWith("ABSENT"))));
}

TEST_F(EnvironmentTest, GitAsksTheHelperBehindWhatTheCallerTellsIt) {
  auto environment = Make({});
  EXPECT_THAT(environment, Contains("GIT_CONFIG_COUNT=2"));
  EXPECT_THAT(environment, Contains("GIT_CONFIG_KEY_0=credential.helper"));
  EXPECT_THAT(environment, Contains("GIT_CONFIG_VALUE_0=/run/aileron/bin/git-credential-aileron"));
  EXPECT_THAT(environment, Contains("GIT_CONFIG_KEY_1=credential.useHttpPath"));
  environment = Make({"GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=user.name", "GIT_CONFIG_VALUE_0=me"});
  EXPECT_THAT(environment, Contains("GIT_CONFIG_COUNT=3"));
  EXPECT_THAT(environment, Contains("GIT_CONFIG_KEY_0=user.name"));
  EXPECT_THAT(environment, Contains("GIT_CONFIG_KEY_1=credential.helper"));
  EXPECT_THAT(Make({"GIT_CONFIG_COUNT=many"}), Contains("GIT_CONFIG_COUNT=many"));
}

TEST_F(EnvironmentTest, TheContractsNamesAndNonsenseAreRefused) {
  for (const char* bad : {"AILERON_TOKEN=x", "=x", "1A=b", "A-B=c"}) {
    EXPECT_FALSE(MakeEnvironment({"i", "t", {}}, plan_, {bad})) << bad;
  }
}

TEST(EnvFile, HasCommentsAndSaysWhichLineIsWrong) {
  EXPECT_THAT(ParseEnvFile("# c\n\nA=b c\r\nB\n", "f").value(), testing::ElementsAre("A=b c", "B"));
  EXPECT_THAT(ParseEnvFile("A=b\n9=x\n", "my.env").error().message, HasSubstr("my.env:2"));
}

// --- of a devcontainer

class RemoteVariables : public testing::Test {
 protected:
  std::vector<std::string> Add(std::string name, std::optional<std::string> value,
                               const std::vector<std::string>& wanted = {}) {
    std::vector<std::string> environment =
        MakeEnvironment(session_, plan_, wanted, passing_).value();
    AddRemoteVariables({{std::move(name), std::move(value)}}, session_, plan_, wanted, passing_,
                       environment);
    return environment;
  }
  static std::string In(const std::vector<std::string>& environment, std::string_view name) {
    for (const std::string& entry : environment) {
      if (entry.starts_with(std::string(name) + "=")) return entry.substr(name.size() + 1);
    }
    return "(unset)";
  }
  SessionFacts session_{.id = "s", .token = "t", .sentinels = {{"GH_TOKEN", "look-alike"}}};
  Plan plan_{.identity = {.name = "agent", .home = "/home/agent"},
             .container_environment = {"OF_FILE=1", "HOME=/x", "AILERON_TOKEN=x"}};
  Passing passing_;
};

TEST_F(RemoteVariables, AreAddedAndTakenAway) {
  EXPECT_EQ(In(Add("NEW", "a=b"), "NEW"), "a=b");
  EXPECT_EQ(In(Add("OF_FILE", "2"), "OF_FILE"), "2");
  EXPECT_EQ(In(Add("OF_FILE", std::nullopt), "OF_FILE"), "(unset)");
  EXPECT_EQ(In(Add("PATH", "/x"), "PATH"), "/run/aileron/bin:/x");
  EXPECT_EQ(In(Add("PATH", "/run/aileron/bin:/y"), "PATH"), "/run/aileron/bin:/y");
}

TEST_F(RemoteVariables, ChangeNothingThatIsOurs) {
  for (const char* name : {"AILERON_TOKEN", "HTTPS_PROXY", "SSL_CERT_FILE", "HOME", "GH_TOKEN",
                           "GIT_CONFIG_COUNT", "PATH"}) {
    EXPECT_EQ(In(Add(name, std::nullopt), name), In(Add("OTHER", "x"), name)) << name;
    if (std::string_view(name) != "PATH") {
      EXPECT_NE(In(Add(name, "evil"), name), "evil") << name;
    }
  }
  EXPECT_EQ(In(Add("MINE", "theirs", {"MINE=mine"}), "MINE"), "mine");
  EXPECT_EQ(In(Add("X", "1"), "HOME"), "/home/agent");
}

}  // namespace
}  // namespace aileron::launch
