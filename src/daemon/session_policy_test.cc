#include "daemon/session_policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "daemon/testing_test.h"
#include "os/fd.h"
#include "trust/store.h"

namespace aileron::daemon {
namespace {

using testing::HasSubstr;

class SessionPolicyTest : public FolderTest {
 protected:
  SessionPolicyTest() {
    paths_ = {.home = folder(), .config = folder(), .state = folder(), .runtime = folder()};
    request_.project = {{folder() + "/project.yaml", ""}};
    User("version: 1\n");
    Project("version: 1\n");
  }
  void User(std::string_view text) { Write("policy.yaml", text); }
  void Project(std::string_view text) { Write("project.yaml", text); }
  void Write(const std::string& name, std::string_view text) {
    AILERON_CHECK(os::ReplaceFile(folder() + "/" + name, text, 0600).has_value());
  }
  SessionPolicy Make() { return SessionPolicy(paths_, "/usr/bin/claude", request_); }
  // At the second look a change has settled.
  std::optional<SessionSettings> Refresh(SessionPolicy& policy) {
    EXPECT_FALSE(policy.Refresh(request_, Secret()));
    return policy.Refresh(request_, Secret());
  }
  static policy::Action On(const SessionSettings& settings, std::string_view host) {
    return policy::Decide(settings.network, {.host = host}).action;
  }

  os::Paths paths_;
  session::NetworkRequest request_;
};

TEST_F(SessionPolicyTest, TheFilesAndTheRequestAreOneSetOfSettings) {
  User(
      "version: 1\nprofile: locked\nagents: {claude: {network: [{host: a.example, action: "
      "allow}]}}\n");
  Project(
      "version: 1\nnetwork: [{host: b.example, action: deny}, {host: c.example, action: allow}]\n");
  request_.allow = {"b.example"};
  SessionPolicy policy = Make();
  const auto settings = policy.Open(request_, Secret());
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_EQ(policy.profile(), policy::Profile::kLocked);
  EXPECT_EQ(On(*settings, "a.example"), policy::Action::kAllow);
  EXPECT_EQ(On(*settings, "b.example"), policy::Action::kDeny);
  EXPECT_EQ(On(*settings, "c.example"), policy::Action::kDeny) << "nobody trusted it";
  EXPECT_EQ(policy.withheld(), 1u);
  EXPECT_THAT(request_.project[0].second, HasSubstr("c.example"));
}

TEST_F(SessionPolicyTest, WhatBecomesOfOtherCommandsIsASettingAndChanges) {
  User("version: 1\ncommand_default: ask\n");
  SessionPolicy policy = Make();
  const auto settings = policy.Open(request_, Secret());
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_EQ(settings->command_default, command::Action::kAsk);
  Project("version: 1\ncommand_default: deny\n");
  const auto changed = Refresh(policy);
  ASSERT_TRUE(changed);
  EXPECT_EQ(changed->command_default, command::Action::kDeny);
}

TEST_F(SessionPolicyTest, AChangeHoldsAndAMistakeDoesNot) {
  SessionPolicy policy = Make();
  ASSERT_TRUE(policy.Open(request_, Secret()));
  EXPECT_FALSE(Refresh(policy)) << "nothing changed";
  Project("version: 1\nnetwork: [{host: github.com, action: deny}]\n");
  const auto changed = Refresh(policy);
  ASSERT_TRUE(changed);
  EXPECT_EQ(On(*changed, "github.com"), policy::Action::kDeny);
  Project("version: 1\nnetwrk: []\n");
  EXPECT_FALSE(Refresh(policy));
  EXPECT_THAT(policy.problem(), HasSubstr("project.yaml:2:1:"));
  EXPECT_THAT(policy.News(), HasSubstr("is not in force"));
  unlink((folder() + "/project.yaml").c_str());
  EXPECT_FALSE(Refresh(policy)) << "a file that is gone opens nothing";
  EXPECT_THAT(policy.problem(), HasSubstr("project.yaml"));
  Project("version: 1\n");
  EXPECT_TRUE(Refresh(policy));
  EXPECT_EQ(policy.problem(), "");
  User("version: 1\nnetwork: [{host: github.com, action: deny}]\n");
  EXPECT_TRUE(Refresh(policy));
  User("");
  EXPECT_FALSE(Refresh(policy)) << "it is about to be written";
  EXPECT_THAT(policy.problem(), HasSubstr("policy.yaml is gone or empty"));
  unlink((folder() + "/policy.yaml").c_str());
  EXPECT_FALSE(Refresh(policy));
  SessionPolicy resumed = Make();
  const auto kept = resumed.Resume(request_, Secret());
  ASSERT_TRUE(kept);
  EXPECT_EQ(On(*kept, "github.com"), policy::Action::kDeny);
  EXPECT_THAT(resumed.problem(), HasSubstr("is gone"));
}

TEST_F(SessionPolicyTest, TrustCountsAtOnce) {
  const std::string text = "version: 1\nnetwork: [{host: new.example, action: allow}]\n";
  Project(text);
  SessionPolicy policy = Make();
  const auto before = policy.Open(request_, Secret());
  ASSERT_TRUE(before);
  EXPECT_EQ(On(*before, "new.example"), policy::Action::kAsk);
  ASSERT_TRUE(
      trust::Store(folder()).Add({trust::DigestOf(text), Now(), request_.project[0].first}));
  const auto trusted = Refresh(policy);
  ASSERT_TRUE(trusted);
  EXPECT_EQ(On(*trusted, "new.example"), policy::Action::kAllow);
  EXPECT_EQ(policy.withheld(), 0u);
}

TEST_F(SessionPolicyTest, AnInterruptedSessionGoesOnWithTheLastGoodPolicy) {
  SessionPolicy first = Make();
  ASSERT_TRUE(first.Open(request_, Secret()));
  Project("version: 1\nnetwork: [{host: github.com, action: deny}]\n");
  ASSERT_TRUE(Refresh(first));
  Project("version: 1\nnetwork: [\n");
  EXPECT_FALSE(Make().Open(request_, Secret())) << "a new one does not begin so";
  SessionPolicy resumed = Make();
  const auto settings = resumed.Resume(request_, Secret());
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_EQ(On(*settings, "github.com"), policy::Action::kDeny);
  EXPECT_THAT(resumed.problem(), HasSubstr("project.yaml:"));
}

TEST_F(SessionPolicyTest, EveryFileOfTheProjectHoldsAndIsLookedAt) {
  Write("aileron.yaml", "version: 1\nnetwork: [{host: github.com, action: deny}]\n");
  request_.project.emplace_back(folder() + "/aileron.yaml", "");
  SessionPolicy policy = Make();
  const auto settings = policy.Open(request_, Secret());
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_EQ(On(*settings, "github.com"), policy::Action::kDeny);
  EXPECT_THAT(request_.project[1].second, HasSubstr("github.com"));
  unlink((folder() + "/aileron.yaml").c_str());
  EXPECT_FALSE(Refresh(policy));
  EXPECT_THAT(policy.problem(), HasSubstr("aileron.yaml")) << "one that is gone is no way out";
  Write("aileron.yaml", "");
  EXPECT_FALSE(Refresh(policy));
  EXPECT_THAT(policy.problem(), HasSubstr("/aileron.yaml is gone or empty"));
  Write("aileron.yaml", "version: 1\n");
  const auto again = Refresh(policy);
  ASSERT_TRUE(again);
  EXPECT_EQ(On(*again, "github.com"), policy::Action::kAllow);
}

TEST_F(SessionPolicyTest, AProfileThatIsNoneIsRefused) {
  request_.profile = "wide";
  EXPECT_THAT(Make().Open(request_, Secret()).error().message, HasSubstr("\"wide\""));
}

}  // namespace
}  // namespace aileron::daemon
