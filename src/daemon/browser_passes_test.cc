#include "daemon/browser_passes.h"

#include <gtest/gtest.h>

#include <set>

#include "daemon/limits.h"

namespace aileron::daemon {
namespace {

constexpr Duration kNow = std::chrono::hours(5);

std::string SignIn(BrowserPasses& passes, Duration now = kNow) {
  return passes.Enter(passes.MakeLink(now).value(), now).value();
}

TEST(BrowserPasses, ALinkSignsInOnce) {
  BrowserPasses passes;
  const std::string link = passes.MakeLink(kNow).value();
  EXPECT_EQ(link.size(), 43u);  // 256 bits
  EXPECT_FALSE(passes.Enter("", kNow));
  EXPECT_FALSE(passes.Enter(link.substr(1), kNow));
  EXPECT_FALSE(passes.Admits(link, kNow));
  const auto cookie = passes.Enter(link, kNow);
  ASSERT_TRUE(cookie);
  EXPECT_NE(*cookie, link);
  EXPECT_TRUE(passes.Admits(*cookie, kNow));
  EXPECT_FALSE(passes.Enter(link, kNow));
  EXPECT_FALSE(passes.Enter(*cookie, kNow));
}

TEST(BrowserPasses, NoTwoAreTheSame) {
  BrowserPasses passes;
  std::set<std::string> all;
  for (int i = 0; i < 100; ++i) all.insert(SignIn(passes));
  EXPECT_EQ(all.size(), 100u);
}

TEST(BrowserPasses, ALinkIsOverAfterItsTime) {
  BrowserPasses passes;
  const std::string link = passes.MakeLink(kNow).value();
  EXPECT_FALSE(passes.Enter(link, kNow + limits::kBrowserLinkLife));
  EXPECT_FALSE(passes.Enter(link, kNow));
}

TEST(BrowserPasses, LinksThatWaitAreBounded) {
  BrowserPasses passes;
  for (std::size_t i = 0; i < limits::kBrowserLinks; ++i) ASSERT_TRUE(passes.MakeLink(kNow));
  EXPECT_EQ(passes.MakeLink(kNow).error().code, Code::kUnavailable);
  EXPECT_TRUE(passes.MakeLink(kNow + limits::kBrowserLinkLife));
}

TEST(BrowserPasses, ASignInEndsAfterItsLifeHoweverBusy) {
  BrowserPasses passes;
  const std::string cookie = SignIn(passes);
  Duration now = kNow;
  for (; now < kNow + limits::kBrowserSignInLife; now += limits::kBrowserIdle / 2) {
    ASSERT_TRUE(passes.Admits(cookie, now));
    passes.KeepAlive(now);
    EXPECT_FALSE(passes.Expire(now));
  }
  EXPECT_FALSE(passes.Admits(cookie, now));
  EXPECT_TRUE(passes.Expire(now));
  EXPECT_EQ(passes.sign_ins(), 0u);
}

TEST(BrowserPasses, ASignInThatNobodyUsesEndsSooner) {
  BrowserPasses passes;
  const std::string cookie = SignIn(passes);
  EXPECT_TRUE(passes.Admits(cookie, kNow + limits::kBrowserIdle / 2));
  EXPECT_TRUE(passes.Admits(cookie, kNow + limits::kBrowserIdle));
  EXPECT_FALSE(passes.Admits(cookie, kNow + limits::kBrowserIdle * 3));
}

TEST(BrowserPasses, TheOldestSignInGoesForANewOne) {
  BrowserPasses passes;
  const std::string first = SignIn(passes);
  std::string last;
  for (std::size_t i = 0; i < limits::kBrowserSignIns; ++i) last = SignIn(passes);
  EXPECT_EQ(passes.sign_ins(), limits::kBrowserSignIns);
  EXPECT_FALSE(passes.Admits(first, kNow));
  EXPECT_TRUE(passes.Admits(last, kNow));
}

TEST(BrowserPasses, RevokingEndsAll) {
  BrowserPasses passes;
  const std::string cookie = SignIn(passes), link = passes.MakeLink(kNow).value();
  EXPECT_EQ(passes.Revoke(), 1u);
  EXPECT_FALSE(passes.Admits(cookie, kNow));
  EXPECT_FALSE(passes.Enter(link, kNow));
}

}  // namespace
}  // namespace aileron::daemon
