#include "keep/key_sequence.h"

#include <gtest/gtest.h>

namespace aileron::keep {
namespace {

// What passes, and "!" once the keys were found.
std::string Typed(std::string_view keys, std::initializer_list<std::string_view> pieces) {
  KeySequence sequence = KeySequence::Parse(keys).value();
  std::string passed;
  for (const std::string_view piece : pieces) {
    bool found = false;
    passed += sequence.Feed(piece, found);
    if (found) return passed + "!";
  }
  return passed;
}

TEST(KeySequence, IsFoundInARowAndAcrossPieces) {
  EXPECT_EQ(Typed("ctrl-p,ctrl-q", {"ab\x10\x11 rest"}), "ab!");
  EXPECT_EQ(Typed("ctrl-p,ctrl-q", {"a\x10", "\x11"}), "a!");
  EXPECT_EQ(Typed("ctrl-]", {"ab\x1d"}), "ab!");
  EXPECT_EQ(Typed("a,a,b", {"a", "a", "a", "b"}), "a!");
}

TEST(KeySequence, WhatWasNotMeantPasses) {
  EXPECT_EQ(Typed("ctrl-p,ctrl-q", {"\x10", "x\x11"}), "\x10x\x11");
  EXPECT_EQ(Typed("ctrl-p,ctrl-q", {"\x10\x10\x10", "y"}), "\x10\x10\x10y");
  EXPECT_EQ(Typed("a,b,a,c", {"abab", "ac"}), "ab!");
}

TEST(KeySequence, WhatAreNoKeysIsRefused) {
  for (const char* wrong : {"", "ctrl-", "ctrl-P", "ctrl-1", "ctrl-p,", "abc", "a,,b",
                            "a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a"}) {
    EXPECT_FALSE(KeySequence::Parse(wrong)) << wrong;
  }
}

}  // namespace
}  // namespace aileron::keep
