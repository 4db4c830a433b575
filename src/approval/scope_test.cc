#include "approval/scope.h"

#include <gtest/gtest.h>

#include "approval/limits.h"

namespace aileron::approval {
namespace {

constexpr Time kNow{std::chrono::days(20'000)};

TEST(Scope, NamesGoThereAndBack) {
  for (const ScopeKind kind : {ScopeKind::kOnce, ScopeKind::kTimes, ScopeKind::kUntil,
                               ScopeKind::kSession, ScopeKind::kAlways}) {
    EXPECT_EQ(ParseScopeKind(ScopeName(kind)), kind);
  }
  EXPECT_EQ(ParseScopeKind("forever"), std::nullopt);
}

TEST(Scope, NumbersAndTimesHaveBounds) {
  EXPECT_TRUE(CheckScope(Scope::Times(1), kNow));
  EXPECT_TRUE(CheckScope(Scope::Times(limits::kTimesMax), kNow));
  EXPECT_FALSE(CheckScope(Scope::Times(0), kNow));
  EXPECT_FALSE(CheckScope(Scope::Times(limits::kTimesMax + 1), kNow));
  EXPECT_TRUE(CheckScope(Scope::Until(kNow + Duration(1)), kNow));
  EXPECT_FALSE(CheckScope(Scope::Until(kNow), kNow));
  for (const Scope& scope : {Scope::Once(), Scope::Session(), Scope::Always()}) {
    EXPECT_TRUE(CheckScope(scope, kNow));
  }
}

TEST(Scope, IsSaidInWords) {
  EXPECT_EQ(ScopeText(Scope::Once()), "once");
  EXPECT_EQ(ScopeText(Scope::Times(1)), "1 time");
  EXPECT_EQ(ScopeText(Scope::Times(3)), "3 times");
  EXPECT_EQ(ScopeText(Scope::Until(kNow)), "until 2024-10-04T00:00:00.000Z");
  EXPECT_EQ(ScopeText(Scope::Session()), "this session");
  EXPECT_EQ(ScopeText(Scope::Always()), "always");
}

}  // namespace
}  // namespace aileron::approval
