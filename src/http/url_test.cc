#include "http/url.h"

#include <gtest/gtest.h>

namespace aileron::http {
namespace {

TEST(Authority, ReadsNamesAddressesAndPorts) {
  const auto name = ParseAuthority("A.example:8080");
  ASSERT_TRUE(name);
  EXPECT_EQ(name->host, "A.example");
  EXPECT_EQ(name->port, 8080);
  EXPECT_FALSE(name->literal);
  const auto literal = ParseAuthority("[2001:db8::1]:1");
  ASSERT_TRUE(literal);
  EXPECT_EQ(literal->host, "2001:db8::1");
  EXPECT_TRUE(literal->literal);
  EXPECT_EQ(ParseAuthority("[::ffff:1.2.3.4]")->port, std::nullopt);
  EXPECT_TRUE(ParseAuthority("10.0.0.1"));
  EXPECT_TRUE(ParseAuthority("a_b.example."));
}

TEST(Authority, RefusesWhatReadersDisagreeOn) {
  for (const std::string_view bad : {"",       ":",       ":80",    "a:",
                                     "a:0",    "a:65536", "a:+80",  "a:080000",
                                     "a: 80",  "a:80:80", "a b",    "u@a",
                                     "u:p@a",  "a/b",     "a\\b",   "a%41",
                                     "a?",     "a#",      ".a",     "a..b",
                                     ".",      "[]",      "[",      "[::1",
                                     "[::1]x", "[::1]:",  "[g::1]", "[::1%25eth0]",
                                     "::1",    "[a]",     "a]",     "\xc3\xa9.example",
                                     "*"}) {
    EXPECT_FALSE(ParseAuthority(bad)) << bad;
  }
  EXPECT_FALSE(ParseAuthority(std::string(256, 'a')));
}

TEST(Authority, ComparesWithoutCaseAndWithDefaultPorts) {
  EXPECT_TRUE(SameAuthority("a.example", "A.EXAMPLE:443", 443));
  EXPECT_FALSE(SameAuthority("a.example", "a.example:80", 443));
  EXPECT_FALSE(SameAuthority("a.example", "b.example", 443));
  EXPECT_TRUE(SameAuthority("[::1]", "[::1]:80", 80));
}

TEST(Target, SplitsAtTheFirstQuestionMark) {
  EXPECT_EQ(SplitTarget("/a?b?c").path, "/a");
  EXPECT_EQ(SplitTarget("/a?b?c").query, "b?c");
  EXPECT_EQ(SplitTarget("/a?").query, "");
  EXPECT_EQ(SplitTarget("/a").query, std::nullopt);
}

TEST(Target, KnowsAParameterHoweverItIsWritten) {
  EXPECT_TRUE(ParameterIs("api_key", "api_key"));
  EXPECT_TRUE(ParameterIs("%61pi%5Fkey", "api_key"));
  EXPECT_TRUE(ParameterIs("a+b", "a b"));
  EXPECT_FALSE(ParameterIs("api_key2", "api_key"));
  EXPECT_FALSE(ParameterIs("api_ke", "api_key"));
  EXPECT_FALSE(ParameterIs("API_KEY", "api_key"));
  EXPECT_FALSE(ParameterIs("%6", "a"));
  EXPECT_FALSE(ParameterIs("%zz", "a"));
}

TEST(Target, ReplacesAParameter) {
  EXPECT_EQ(ReplaceParameter("/a", "key", "v"), "/a?key=v");
  EXPECT_EQ(ReplaceParameter("/a?", "key", "v"), "/a?key=v");
  EXPECT_EQ(ReplaceParameter("/a?b=1&key=old&%6bey=older&c", "key", "a&b=c"),
            "/a?b=1&c&key=a%26b%3Dc");
}

}  // namespace
}  // namespace aileron::http
