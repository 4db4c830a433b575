#include "approval/grant.h"

#include <gtest/gtest.h>

namespace aileron::approval {
namespace {

TEST(Grant, ExplainsItselfInOneLine) {
  constexpr Time kNow{std::chrono::days(20'000)};
  Grant grant{.key = "host a:443", .session = "01S", .created = kNow, .by = "uid 7, web"};
  EXPECT_EQ(Explain(grant),
            "allowed for this session: host a:443 (by uid 7, web, 2024-10-04T00:00:00.000Z)");
  grant.answer = Answer::kDeny;
  grant.scope = ScopeKind::kUntil;
  grant.expires = kNow;
  EXPECT_TRUE(Explain(grant).starts_with("denied until 2024-10-04T00:00:00.000Z: "));
  grant.answer = Answer::kApprove;
  grant.scope = ScopeKind::kTimes;
  grant.uses_left = 1;
  EXPECT_TRUE(Explain(grant).starts_with("allowed 1 more time: "));
  grant.uses_left = 2;
  EXPECT_TRUE(Explain(grant).starts_with("allowed 2 more times: "));
}

}  // namespace
}  // namespace aileron::approval
