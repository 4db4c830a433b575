#include "build/ignore.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"

namespace aileron::build {
namespace {

using testing::HasSubstr;

IgnoreRules Rules(std::string_view text) {
  auto rules = IgnoreRules::Parse(text, ".dockerignore");
  EXPECT_TRUE(rules.has_value()) << (rules ? "" : rules.error().message);
  return rules ? *std::move(rules) : IgnoreRules();
}

std::string Mistake(std::string_view text) {
  const auto rules = IgnoreRules::Parse(text, ".dockerignore");
  return rules ? "" : rules.error().message;
}

struct Case {
  const char* pattern;
  const char* excluded;  // paths with blanks between
  const char* kept;
};

TEST(IgnoreRules, MatchesAsDockerDoes) {
  constexpr Case kCases[] = {
      {"a", "a a/b a/b/c", "b b/a ab"},
      {"/a/", "a a/b", "b/a"},
      {"./a//b/../c", "a/c a/c/x", "a a/b c"},
      {"*", "a .a a/b", ""},
      {"*.txt", "x.txt .txt", "a/x.txt xtxt x.txtt"},
      {"*/x", "a/x a/x/y", "x a/b/x"},
      {"**/x", "x a/x a/b/x a/b/x/y", "xx a/xx"},
      {"**", "a a/b", ""},
      {"a/**", "a/b a/b/c", "a ab"},
      {"a/**/b", "a/b a/x/b a/x/y/b", "b a/xb a/x/bb"},
      {"a**", "a ab a/b", "b ba"},
      {"**b", "b ab a/b a/cb", "ba"},
      {"**/*.go", "x.go a/x.go a/b/x.go", "x.goo go"},
      {"a?c",
       "abc a\xC3\xBC"
       "c",
       "ac a/c abbc"},
      {"[a-c]x", "ax bx cx", "dx x"},
      {"[^a-c]x", "dx", "ax x"},
      {"a\\*", "a*", "ab a"},
      {"a\\ b*", "a b", ""},
      {"\xC3\xBC*",
       "\xC3\xBC \xC3\xBC"
       "a",
       "u"},
      {"a]b", "a]b", "ab"},
      {"a+b", "a+b", "aab"},
      {"..", "", "a"},
      {".", "", "a a/b"},
      {"/", "", "a"},
  };
  for (const Case& one : kCases) {
    const IgnoreRules rules = Rules(one.pattern);
    // Patterns with a blank have one path, which has it as well.
    const bool whole = std::string_view(one.pattern).contains(' ');
    const auto paths = [&](std::string_view text) {
      return whole ? std::vector<std::string_view>{text} : Split(text, ' ');
    };
    for (const std::string_view path : paths(one.excluded)) {
      if (!path.empty()) EXPECT_TRUE(rules.Excludes(path)) << one.pattern << " and " << path;
    }
    for (const std::string_view path : paths(one.kept)) {
      if (!path.empty()) EXPECT_FALSE(rules.Excludes(path)) << one.pattern << " and " << path;
    }
  }
}

TEST(IgnoreRules, LastPatternThatMatchesDecides) {
  const IgnoreRules rules = Rules("*\n!a\na/b\n!a/b/keep\n");
  EXPECT_TRUE(rules.Excludes("x"));
  EXPECT_FALSE(rules.Excludes("a"));
  EXPECT_FALSE(rules.Excludes("a/x"));
  EXPECT_TRUE(rules.Excludes("a/b"));
  EXPECT_TRUE(rules.Excludes("a/b/x"));
  EXPECT_FALSE(rules.Excludes("a/b/keep"));
  EXPECT_FALSE(rules.Excludes("a/b/keep/x"));
  EXPECT_TRUE(Rules("!a\n*").Excludes("a"));
}

TEST(IgnoreRules, CommentsBlanksAndMarksAreNoPatterns) {
  const IgnoreRules rules = Rules("\xEF\xBB\xBF# a\n\n  \r\n \tb \r\n #c\n! b/keep\n");
  EXPECT_FALSE(rules.Excludes("a"));
  EXPECT_TRUE(rules.Excludes("b"));
  EXPECT_FALSE(rules.Excludes("b/keep"));
  EXPECT_TRUE(rules.Excludes("#c")) << "a comment begins at the line's beginning";
  EXPECT_TRUE(Rules("# only\n").empty());
}

TEST(IgnoreRules, KnowsBelowWhichFoldersSomethingIsTakenBack) {
  const IgnoreRules rules = Rules("*\n!a/b/c\n!d*/x\n");
  EXPECT_TRUE(rules.MayTakeBackBelow("a"));
  EXPECT_TRUE(rules.MayTakeBackBelow("a/b"));
  EXPECT_FALSE(rules.MayTakeBackBelow("a/b/c"));
  EXPECT_FALSE(rules.MayTakeBackBelow("b"));
  EXPECT_TRUE(rules.MayTakeBackBelow("dd"));
  EXPECT_TRUE(Rules("!**/x").MayTakeBackBelow("any"));
  EXPECT_FALSE(Rules("a\nb").MayTakeBackBelow("a"));
}

TEST(IgnoreRules, WhatNobodyMeansIsRefusedWithItsLine) {
  EXPECT_THAT(Mistake("a\n!\n"), HasSubstr(".dockerignore:2: behind \"!\""));
  EXPECT_THAT(Mistake("[a"), HasSubstr("no \"]\""));
  EXPECT_THAT(Mistake("[]"), HasSubstr("within brackets"));
  EXPECT_THAT(Mistake("[a-]"), HasSubstr("within brackets"));
  EXPECT_THAT(Mistake("[z-a]"), HasSubstr("wrong way round"));
  EXPECT_THAT(Mistake("[*]"), HasSubstr("within brackets"));
  EXPECT_THAT(Mistake("a\\"), HasSubstr("behind the last"));
  EXPECT_THAT(Mistake("\\d"), HasSubstr("letter or digit"));
  EXPECT_THAT(Mistake(std::string("a\0b", 3)), HasSubstr("zero byte"));
  EXPECT_THAT(Mistake(std::string(2'000, 'a')), HasSubstr("longer than"));
  std::string many;
  for (int i = 0; i < 2'001; ++i) many += "a\n";
  EXPECT_THAT(Mistake(many), HasSubstr("more than 2000"));
}

TEST(IgnoreRules, AHostilePatternTakesNoLongerThanPatternTimesPath) {
  std::string pattern;
  for (int i = 0; i < 250; ++i) pattern += "**/a";
  const std::string path(4'000, 'a');
  EXPECT_FALSE(Rules(pattern).Excludes(path));
}

}  // namespace
}  // namespace aileron::build
