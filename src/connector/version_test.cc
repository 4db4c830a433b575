#include "connector/version.h"

#include <gtest/gtest.h>

namespace aileron::connector {
namespace {

TEST(Version, NumbersCompareAsNumbers) {
  EXPECT_TRUE(IsOlder("1.9", "1.10"));
  EXPECT_FALSE(IsOlder("1.10", "1.9"));
  EXPECT_FALSE(IsOlder("2", "2"));
  EXPECT_TRUE(IsOlder("1", "1.0"));
  EXPECT_TRUE(IsOlder("2026-11-02", "2026-11-10"));
}

TEST(Version, WhatComesBeforeAReleaseIsOlder) {
  EXPECT_TRUE(IsOlder("1.0.0-rc1", "1.0.0"));
  EXPECT_FALSE(IsOlder("1.0.0", "1.0.0-rc1"));
  EXPECT_TRUE(IsOlder("1.0.0-rc.2", "1.0.0-rc.10"));
  EXPECT_FALSE(IsOlder("1.0.0+b1", "1.0.0+b2"));
}

}  // namespace
}  // namespace aileron::connector
