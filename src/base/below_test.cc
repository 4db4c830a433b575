#include "base/below.h"

#include <gtest/gtest.h>

namespace aileron {

TEST(Below, WhatIsBelowAFolderIsToldFromWhatBeginsLikeIt) {
  EXPECT_TRUE(IsOrBelow("/a", "/a"));
  EXPECT_TRUE(IsOrBelow("/a/b", "/a"));
  EXPECT_FALSE(IsOrBelow("/ab", "/a"));
  EXPECT_FALSE(IsOrBelow("/a", "/a/b"));
  EXPECT_TRUE(IsOrBelow("/a", "/"));
  EXPECT_TRUE(IsOrBelow("a/b", "."));
  EXPECT_FALSE(IsOrBelow("", "a"));
}

}  // namespace aileron
