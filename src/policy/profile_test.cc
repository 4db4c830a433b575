#include "policy/profile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "policy/document_yaml.h"

namespace aileron::policy {
namespace {

using ::testing::HasSubstr;

std::string ErrorOf(std::string_view text) {
  const auto profile = ParseDocument(text, "p.yaml", Layer::kBuiltin);
  return profile ? "no error" : profile.error().message;
}

TEST(ProfileTest, TheBuiltinFilesAreReadAndSayWhatTheyShould) {
  EXPECT_EQ(BuiltinProfile(Profile::kOpen).fallback, Action::kAllow);
  EXPECT_EQ(BuiltinProfile(Profile::kGuarded).fallback, Action::kAsk);
  EXPECT_EQ(BuiltinProfile(Profile::kLocked).fallback, Action::kDeny);
  EXPECT_GT(BuiltinProfile(Profile::kGuarded).rules.size(), 100u);
  EXPECT_TRUE(BuiltinProfile(Profile::kLocked).rules.empty());
  for (const Rule& rule : BuiltinProfile(Profile::kGuarded).rules) {
    EXPECT_EQ(rule.layer, Layer::kBuiltin);
    EXPECT_EQ(rule.action, Action::kAllow);
    EXPECT_THAT(rule.id, HasSubstr("guarded/"));
    EXPECT_GT(rule.line, 0);
  }
}

TEST(ProfileTest, AProfileHasANameAndADefaultAndStandsOnNothing) {
  EXPECT_EQ(ErrorOf("version: 1\nname: open\ndefault: allow\n"), "no error");
  EXPECT_THAT(ErrorOf("version: 1\nname: open\ndefault: allow\nnetwrk: []\n"),
              HasSubstr("p.yaml:4:1: \"netwrk\" is not a key of a profile. Did you mean "
                        "\"network\"?"));
  EXPECT_THAT(ErrorOf("version: 1\nname: wide\ndefault: allow\n"), HasSubstr("p.yaml:2:7:"));
  EXPECT_THAT(ErrorOf("version: 1\nname: open\ndefault: maybe\n"), HasSubstr("p.yaml:3:10:"));
  EXPECT_THAT(ErrorOf("version: 1\nname: open\n"), HasSubstr("lacks \"default\""));
  EXPECT_THAT(ErrorOf("version: 1\nprofile: open\n"), HasSubstr("not a key of a profile"));
  EXPECT_THAT(ErrorOf(""), HasSubstr("expected a profile"));
}

}  // namespace
}  // namespace aileron::policy
