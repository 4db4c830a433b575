#include "modes/shell_words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"

namespace aileron::modes {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(ShellWords, ALineIsTakenApartAsAShellWould) {
  EXPECT_THAT(*ShellWords(" git  push --force "), ElementsAre("git", "push", "--force"));
  EXPECT_THAT(*ShellWords("a'b c'd \"e $f\\\"\" g\\ h \\' ''"),
              ElementsAre("ab cd", "e $f\"", "g h", "'", ""));
  EXPECT_THAT(*ShellWords(" "), IsEmpty());
}

TEST(ShellWords, WhatWasQuotedComesBack) {
  for (const std::string word : {"", "it's", "'", "\"", "\\", "a b", "$(x)", "'\\''"}) {
    EXPECT_THAT(*ShellWords(ShellQuoted(word) + " x"), ElementsAre(word, "x"));
  }
}

TEST(ShellWords, AnOpenQuoteIsNoWord) {
  EXPECT_FALSE(ShellWords("a 'b"));
  EXPECT_FALSE(ShellWords("a \"b\\\""));
}

}  // namespace
}  // namespace aileron::modes
