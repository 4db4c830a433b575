#include "policy/profile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace aileron::policy {
namespace {

using ::testing::HasSubstr;

std::string ErrorOf(std::string_view text) {
  const auto profile = ParseProfileFile(text, "p.yaml");
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
  }
}

TEST(ProfileTest, MistakesAreNamedWithTheirLine) {
  EXPECT_THAT(ErrorOf("version: 1\nprofile: open\ndefault: allow\nalow: []\n"),
              HasSubstr("p.yaml:4: unknown key \"alow\""));
  EXPECT_THAT(ErrorOf("version: 1\nversion: 1\nprofile: open\ndefault: allow\n"),
              HasSubstr("twice"));
  EXPECT_THAT(ErrorOf("version: 2\nprofile: open\ndefault: allow\n"), HasSubstr("p.yaml:1:"));
  EXPECT_THAT(ErrorOf("version: 1\nprofile: wide\ndefault: allow\n"), HasSubstr("p.yaml:2:"));
  EXPECT_THAT(ErrorOf("version: 1\nprofile: open\ndefault: maybe\n"), HasSubstr("p.yaml:3:"));
  EXPECT_THAT(ErrorOf("version: 1\nprofile: open\n"), HasSubstr("\"default\" is missing"));
  EXPECT_THAT(ErrorOf("- 1\n"), HasSubstr("a profile is a map"));
  EXPECT_THAT(ErrorOf("a: [\n"), HasSubstr("p.yaml:"));
  const std::string head = "version: 1\nprofile: open\ndefault: ask\nallow:\n  - group: g\n";
  EXPECT_THAT(ErrorOf(head), HasSubstr("\"hosts\" must be a list"));
  EXPECT_THAT(ErrorOf(head + "    hosts: [a.b, 'a b']\n"), HasSubstr("p.yaml:6:"));
  EXPECT_THAT(ErrorOf(head + "    hosts: ['http://a']\n"), HasSubstr("p.yaml:6:"));
  EXPECT_THAT(ErrorOf(head + "    host: [a]\n"), HasSubstr("unknown key \"host\""));
  EXPECT_EQ(ErrorOf(head + "    hosts: [a.b, '*.c.d:8443']\n"), "no error");
}

}  // namespace
}  // namespace aileron::policy
