#include "base/path_pattern.h"

#include <gtest/gtest.h>

namespace aileron {
namespace {

bool Match(std::string_view pattern, std::string_view path) {
  const auto parsed = PathPattern::Parse(pattern);
  EXPECT_TRUE(parsed) << pattern << ": " << parsed.error().message;
  return parsed && parsed->Matches(path);
}

bool Meet(std::string_view a, std::string_view b) {
  const auto one = PathPattern::Parse(a).value(), other = PathPattern::Parse(b).value();
  EXPECT_EQ(one.Overlaps(other), other.Overlaps(one));
  return one.Overlaps(other);
}

TEST(PathPattern, SegmentsAreExactAStarIsOneAndTwoAreTheRest) {
  EXPECT_TRUE(Match("/", "/"));
  EXPECT_FALSE(Match("/", "/a"));
  EXPECT_TRUE(Match("/a/b", "/a/b"));
  EXPECT_FALSE(Match("/a/b", "/a/b/"));
  EXPECT_FALSE(Match("/a/b", "/a/B"));
  EXPECT_FALSE(Match("/a/b", "/a/bc"));
  EXPECT_TRUE(Match("/a/", "/a/"));
  EXPECT_FALSE(Match("/a/", "/a"));
  EXPECT_TRUE(Match("/a/*/c", "/a/b/c"));
  EXPECT_FALSE(Match("/a/*", "/a/"));
  EXPECT_FALSE(Match("/a/*", "/a/b/c"));
  EXPECT_TRUE(Match("/a/*/", "/a/b/"));
  for (const std::string_view path : {"/a/", "/a/b", "/a/b/c", "/a/b/"}) {
    EXPECT_TRUE(Match("/a/**", path)) << path;
  }
  for (const std::string_view path : {"/a", "/ab", "/b/a", "/"}) {
    EXPECT_FALSE(Match("/a/**", path)) << path;
  }
  EXPECT_TRUE(Match("/**", "/"));
  EXPECT_TRUE(Match("/**", "/a/b"));
  EXPECT_FALSE(Match("/**", "*"));
  EXPECT_FALSE(Match("/**", ""));
}

TEST(PathPattern, EncodedBytesAreComparedDecoded) {
  EXPECT_TRUE(Match("/a%20b", "/a%20b"));
  EXPECT_TRUE(Match("/%61", "/a"));
  EXPECT_TRUE(Match("/a", "/%61"));
  EXPECT_TRUE(Match("/%c3%bc", "/%C3%BC"));
  EXPECT_TRUE(Match("/~x", "/%7ex"));
}

TEST(PathPattern, WhatIsAmbiguousIsMatchedByNothing) {
  for (const std::string_view path :
       {"/a/../b",   "/a/./b",     "/a//b",         "//a",     "/a/..",     "/a/%2e%2e/b",
        "/a/.%2E/b", "/a/%2e/b",   "/a%2fb",        "/a%2Fb",  "/a%5cb",    "/a\\b",
        "/a%252fb",  "/a%25",      "/a%",           "/a%2",    "/a%zz",     "/a%00",
        "/a%0a",     "/a/..;/b",   "/a/..;x=y/b",   "/a/.;/b", "/a/;/b",    "/a/%3b/b",
        "/a%3fb",    "/a%23b",     "/a#b",          "/a?b",    "/%c0%af",   "/%e0%80%af",
        "/%ff",      "/%ed%a0%80", "/%f4%90%80%80", "a/b",     "http://a/b"}) {
    EXPECT_FALSE(Match("/**", path)) << path;
  }
  EXPECT_TRUE(Match("/**", "/a;v=1/b"));
  EXPECT_FALSE(Match("/**", "/" + std::string(kPathMax, 'a')));
}

TEST(PathPattern, AWrongPatternSaysWhatIsWrong) {
  for (const std::string_view text :
       {"", "a", "*", "/a/**/b", "/a*", "/***", "/a//b", "/..", "/a/./b", "/a%2fb", "/a?b", "/a#b",
        "/a b", "/\xc3\xbc", "/a%", "/a\\b"}) {
    EXPECT_FALSE(PathPattern::Parse(text)) << text;
  }
  EXPECT_FALSE(PathPattern::Parse("/" + std::string(kPathPatternMax, 'a')));
  EXPECT_EQ(PathPattern::Parse("/A/*/%62/**")->ToString(), "/A/*/%62/**");
}

TEST(PathPattern, WhatSomeServerMayTakeForAPathIsMeantByIt) {
  const auto means = [](std::string_view pattern, std::string_view path) {
    return PathPattern::Parse(pattern)->MayMean(*NormalPath(path));
  };
  for (const char* path : {"/a/b", "/A/B", "/a./b", "/a;x/b;y", "/a%20/b", "/a/b/"}) {
    EXPECT_TRUE(means("/a/b", path)) << path;
    EXPECT_TRUE(means("/a/b/", path)) << path;
    EXPECT_TRUE(means("/a/**", path)) << path;
    EXPECT_TRUE(means("/*/b", path)) << path;
  }
  EXPECT_TRUE(means("/a/**", "/a"));
  EXPECT_TRUE(means("/**", "/"));
  EXPECT_TRUE(means("/", "/"));
  EXPECT_FALSE(means("/a/b", "/a"));
  EXPECT_FALSE(means("/a/b", "/a/b/c"));
  EXPECT_FALSE(means("/a/**", "/ab"));
  EXPECT_FALSE(means("/a/*", "/a/"));
}

TEST(PathPattern, TwoPatternsOverlapWhenAPathIsMatchedByBoth) {
  EXPECT_TRUE(Meet("/a", "/a"));
  EXPECT_TRUE(Meet("/a/*", "/*/b"));
  EXPECT_TRUE(Meet("/**", "/a/b"));
  EXPECT_TRUE(Meet("/a/**", "/a/b/**"));
  EXPECT_TRUE(Meet("/a/**", "/a/"));
  EXPECT_FALSE(Meet("/a/**", "/a"));
  EXPECT_FALSE(Meet("/a/**", "/b/**"));
  EXPECT_FALSE(Meet("/a/*", "/a/"));
  EXPECT_FALSE(Meet("/a/b", "/a/c"));
  EXPECT_FALSE(Meet("/a", "/a/b"));
}

}  // namespace
}  // namespace aileron
