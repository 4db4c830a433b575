#include "command/word.h"

#include <gtest/gtest.h>

#include "command/limits.h"

namespace aileron::command {
namespace {

Word Form(std::string_view text, Word::Holes holes = Word::Holes::kAny) {
  static Texts texts;
  std::string form(text);
  for (char& c : form) c = c == '?' ? kHole : c;
  return {texts.Keep(form), Word::Count::kOne, holes};
}

TEST(Word, GlobsMeetText) {
  EXPECT_EQ(MatchGlob("a*c", {"abbc"}), Match::kMet);
  EXPECT_EQ(MatchGlob("a*c", {"ac"}), Match::kMet);
  EXPECT_EQ(MatchGlob("a*c", {"abcd"}), Match::kNo);
  EXPECT_EQ(MatchGlob("*", {""}), Match::kMet);
  EXPECT_EQ(MatchGlob("a\\*c", {"a*c"}), Match::kMet);
  EXPECT_EQ(MatchGlob("a\\*c", {"abc"}), Match::kNo);
  EXPECT_EQ(MatchGlob("*a*b*", {"xxaxxbxx"}), Match::kMet);
  EXPECT_EQ(MatchGlob("", {""}), Match::kMet);
  EXPECT_EQ(MatchGlob("", {"a"}), Match::kNo);
}

TEST(Word, GlobsMeetFormsThatCouldBeThem) {
  EXPECT_EQ(MatchGlob("--force", Form("--?")), Match::kCouldBe);
  EXPECT_EQ(MatchGlob("--force", Form("--f?ce")), Match::kCouldBe);
  EXPECT_EQ(MatchGlob("--force", Form("--g?")), Match::kNo);
  EXPECT_EQ(MatchGlob("--force", Form("?")), Match::kCouldBe);
  EXPECT_EQ(MatchGlob("--force*", Form("--force?")), Match::kCouldBe);
  EXPECT_EQ(MatchGlob("*", Form("a?")), Match::kMet);
  EXPECT_EQ(MatchGlob("x", AnyWords()), Match::kCouldBe);
  EXPECT_EQ(MatchGlob("a/b", Form("?", Word::Holes::kName)), Match::kNo);
  EXPECT_EQ(MatchGlob("a/b", Form("?", Word::Holes::kBelow)), Match::kCouldBe);
  EXPECT_EQ(MatchGlob("a/*", Form("a/?", Word::Holes::kName)), Match::kCouldBe);
  EXPECT_EQ(MatchGlob("x", Form(std::string(limits::kFormMax + 1, 'y') + "?")), Match::kCouldBe);
}

TEST(Word, BeginningsAreSureOrNot) {
  EXPECT_EQ(BeginsWith({"--force"}, "--"), Match::kMet);
  EXPECT_EQ(BeginsWith({"-f"}, "--"), Match::kNo);
  EXPECT_EQ(BeginsWith(Form("-?"), "--"), Match::kCouldBe);
  EXPECT_EQ(BeginsWith(Form("a?"), "--"), Match::kNo);
}

TEST(Word, PathsAreMadePlain) {
  EXPECT_EQ(NormalPath("/a/./b//../c/", "/x"), "/a/c");
  EXPECT_EQ(NormalPath("b", "/x"), "/x/b");
  EXPECT_EQ(NormalPath("../../..", "/x/y"), "/");
  EXPECT_EQ(NormalPath("b/../c", ""), "b/../c");
  EXPECT_EQ(BaseName("/a/b"), "b");
  EXPECT_EQ(BaseName("b"), "b");
  EXPECT_EQ(BaseName("/a/"), "");
}

TEST(Word, WhatIsShownCanBeTyped) {
  const std::vector<Word> words = {{"a"}, {"b c"}, {"it's"}, {""}, Form("x?"), AnyWords()};
  EXPECT_EQ(Shown(words), "a 'b c' 'it'\\''s' '' x? ?");
  EXPECT_EQ(Quoted("$(x)"), "'$(x)'");
  const std::string longest(2 * limits::kShownMax, 'a');
  const Word word{longest};
  EXPECT_LE(Shown(std::span(&word, 1)).size(), limits::kShownMax + 10);
}

}  // namespace
}  // namespace aileron::command
