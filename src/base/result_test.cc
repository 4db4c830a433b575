#include "base/result.h"

#include <gtest/gtest.h>

namespace aileron {
namespace {

Result<int> Half(int number) {
  if (number % 2 != 0) return Fail(Code::kInvalid, "{} is odd", number);
  return number / 2;
}

Result<int> Quarter(int number) {
  AILERON_ASSIGN(const int half, Half(number));
  auto quarter = Half(half);
  if (!quarter) return Wrap(quarter.error(), "cannot halve {} twice", number);
  return quarter;
}

TEST(Result, AssignGoesOnOrReturnsTheError) {
  EXPECT_EQ(Quarter(12).value(), 3);
  EXPECT_EQ(Quarter(5).error().message, "5 is odd");
  EXPECT_EQ(Quarter(6).error().message, "cannot halve 6 twice: 3 is odd");
  EXPECT_EQ(CodeName(Quarter(6).error().code), "invalid");
}

}  // namespace
}  // namespace aileron
