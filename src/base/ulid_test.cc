#include "base/ulid.h"

#include <gtest/gtest.h>

namespace aileron {
namespace {

TEST(Ulid, IsTheExampleOfItsSpecification) {
  // 01ARYZ6S41 is 1469918176385 ms.
  const Time time{std::chrono::milliseconds(1469918176385)};
  const std::string text = Ulid::Make(time, {}).ToString();
  EXPECT_EQ(text, "01ARYZ6S410000000000000000");
  EXPECT_EQ(Ulid::Parse(text)->ToString(), text);
}

TEST(Ulid, SortsByTime) {
  const Ulid early = Ulid::Make(Time(std::chrono::seconds(1)));
  const Ulid late = Ulid::Make(Time(std::chrono::seconds(2)));
  EXPECT_LT(early, late);
  EXPECT_LT(early.ToString(), late.ToString());
}

TEST(Ulid, TwoOfOneMomentDiffer) {
  const Time now = Now();
  EXPECT_NE(Ulid::Make(now), Ulid::Make(now));
}

TEST(Ulid, WhatIsNoIdIsRefused) {
  for (const char* bad :
       {"", "01ARYZ6S41", "81ARYZ6S410000000000000000", "01ARYZ6S41000000000000000U"}) {
    EXPECT_FALSE(Ulid::Parse(bad)) << bad;
  }
}

}  // namespace
}  // namespace aileron
