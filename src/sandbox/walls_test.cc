#include "sandbox/walls.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace aileron::sandbox {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(Walls, AListIsTakenApart) {
  EXPECT_THAT(ParseWalls("landlock,cgroup").value(), ElementsAre("landlock", "cgroup"));
  EXPECT_THAT(ParseWalls("seccomp").value(), ElementsAre("seccomp"));
}

TEST(Walls, AnUnknownNameIsRefusedWithTheKnownOnes) {
  for (const char* text : {"no-such-wall", "", "seccomp,", "landlock,no-such-wall", "Landlock"}) {
    const auto parsed = ParseWalls(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().code, Code::kInvalid);
    for (const Wall& wall : Walls()) EXPECT_THAT(parsed.error().message, HasSubstr(wall.name));
  }
}

TEST(Walls, EveryWallIsProbedAndSaysWhatItIs) {
  for (const Wall& wall : Walls()) {
    EXPECT_FALSE(wall.probes.empty()) << wall.name;
    EXPECT_FALSE(wall.what.empty()) << wall.name;
  }
}

TEST(Walls, WhatIsRequiredStandsOrIsNamed) {
  for (const Wall& wall : Walls()) {
    bool stands = true;
    for (const auto probe : wall.probes) stands = stands && probe().state == State::kOk;
    const auto held = RequireWalls({std::string(wall.name)});
    EXPECT_EQ(held.has_value(), stands) << wall.name;
    if (!held) {
      EXPECT_EQ(held.error().code, Code::kUnsupported);
      EXPECT_THAT(held.error().message, HasSubstr(wall.name));
    }
  }
}

}  // namespace
}  // namespace aileron::sandbox
