#include "base/json_members.h"

#include <gtest/gtest.h>

namespace aileron {
namespace {

TEST(JsonMembers, ANameThatStandsTwiceInOneObjectIsFound) {
  EXPECT_EQ(RepeatedMember(R"({"a":1,"b":{"a":2},"c":[{"a":3},{"a":4}]})"), std::nullopt);
  EXPECT_EQ(RepeatedMember(R"({"a":1,"b":2,"a":1})"), "a");
  EXPECT_EQ(RepeatedMember(R"({"x":[{"y":{"a":1,"\u0061":2}}]})"), "a");
  EXPECT_EQ(RepeatedMember(R"(["a","a"])"), std::nullopt);
}

TEST(JsonMembers, WhatIsNoJsonHasNone) {
  EXPECT_EQ(RepeatedMember(""), std::nullopt);
  EXPECT_EQ(RepeatedMember(R"({"a":1,)"), std::nullopt);
  EXPECT_EQ(RepeatedMember(std::string(1'000'000, '[')), std::nullopt);
}

}  // namespace
}  // namespace aileron
