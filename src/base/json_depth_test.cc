#include "base/json_depth.h"

#include <gtest/gtest.h>

#include <string>

namespace aileron {
namespace {

TEST(JsonDepth, CountsBracketsOfBothKinds) {
  EXPECT_FALSE(NestsDeeperThan("", 0));
  EXPECT_FALSE(NestsDeeperThan("7", 0));
  EXPECT_TRUE(NestsDeeperThan("[]", 0));
  EXPECT_FALSE(NestsDeeperThan("[{\"a\":[]}]", 3));
  EXPECT_TRUE(NestsDeeperThan("[{\"a\":[]}]", 2));
  EXPECT_FALSE(NestsDeeperThan("[[],[],{},[]]", 2));
  EXPECT_TRUE(NestsDeeperThan(std::string(1'000'000, '['), 64));
}

TEST(JsonDepth, PassesOverStrings) {
  EXPECT_FALSE(NestsDeeperThan(R"(["[[[[", "{\"[[", "\\"])", 1));
  EXPECT_TRUE(NestsDeeperThan(R"(["\\",[[]]])", 2));
}

TEST(JsonDepth, SeesNoFewerWhereTextIsNoJson) {
  EXPECT_TRUE(NestsDeeperThan("]]]][[[", 2));
  EXPECT_FALSE(NestsDeeperThan("\"[[[", 0));
  EXPECT_FALSE(NestsDeeperThan("\"\\", 0));
}

}  // namespace
}  // namespace aileron
