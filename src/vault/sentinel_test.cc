#include "vault/sentinel.h"

#include <gtest/gtest.h>

#include <set>

#include "base/text.h"

namespace aileron::vault {
namespace {

TEST(Sentinel, ItHasTheShapeOfItsServicesToken) {
  const std::vector<std::tuple<std::string_view, std::string_view, std::size_t>> shapes{
      {"token/github", "ghp_", 40},
      {"api-key/anthropic", "sk-ant-api03-", 108},
      {"api-key/openai", "sk-", 164},
      {"token/npm", "npm_", 40},
      {"token/pypi", "pypi-AgEIcHlwaS5v", 180},
      {"token/gitlab", "glpat-", 26},
      {"api-key/google-ai", "AIza", 39},
      {"token/anything", "", 40}};
  for (const auto& [credential, prefix, length] : shapes) {
    const std::string text = MakeSentinel(credential);
    EXPECT_TRUE(text.starts_with(prefix)) << text;
    if (credential != "token/pypi") {
      EXPECT_EQ(text.size(), length) << text;
    }
    EXPECT_TRUE(LooksLikeSentinel(text)) << text;
    EXPECT_EQ(text, Printable(text));
  }
}

TEST(Sentinel, TheRealValueRefinesTheShapeAndNothingElse) {
  const std::string real = "github_pat_" + std::string(82, 'R');
  const Secret value(real);
  const std::string text = MakeSentinel("token/github", &value);
  EXPECT_TRUE(text.starts_with("github_pat_aileron")) << text;
  EXPECT_EQ(text.size(), real.size());
  EXPECT_FALSE(text.contains("RRRR"));

  const Secret plain(std::string(21, 'Q'));
  const std::string other = MakeSentinel("token/github", &plain);
  EXPECT_TRUE(other.starts_with(kSentinelMark)) << other;
  EXPECT_EQ(other.size(), 24u);

  const Secret tiny("x");
  EXPECT_GE(MakeSentinel("token/github", &tiny).size(), 20u);
  const Secret huge(std::string(5000, 'h'));
  EXPECT_LE(MakeSentinel("token/github", &huge).size(), 512u);
}

TEST(Sentinel, NoTwoAreAlike) {
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) EXPECT_TRUE(seen.insert(MakeSentinel("token/gitlab")).second);
}

TEST(Sentinel, RealTokensAreNotTakenForOne) {
  for (const std::string& real : std::vector<std::string>{
           "", "aileron", "ghp_aileron", "ghp_" + std::string(36, 'a'),
           "sk-ant-api03-" + std::string(95, 'x'), "my aileron is not a token at all"}) {
    EXPECT_FALSE(LooksLikeSentinel(real)) << real;
  }
}

TEST(Sentinel, KeysForAwsLookLikeKeys) {
  const AwsSentinel one = MakeAwsSentinel(), other = MakeAwsSentinel();
  EXPECT_EQ(one.access_key_id.size(), 20u);
  EXPECT_TRUE(one.access_key_id.starts_with("AKIA"));
  EXPECT_EQ(one.secret_access_key.size(), 40u);
  EXPECT_NE(one.access_key_id, other.access_key_id);
  EXPECT_NE(one.secret_access_key, other.secret_access_key);
}

}  // namespace
}  // namespace aileron::vault
