#include "proxy/site.h"

#include <gtest/gtest.h>

namespace aileron::proxy {
namespace {

TEST(Site, NamesAreComparedInLowerCaseWithoutTheFinalDot) {
  EXPECT_EQ(CanonicalHost("GitHub.COM."), "github.com");
  EXPECT_EQ(CanonicalHost("_dmarc.a-b.test"), "_dmarc.a-b.test");
  EXPECT_EQ(CanonicalHost("2001:DB8::0:1"), "2001:db8::1");
  EXPECT_EQ(CanonicalHost("192.0.2.1"), "192.0.2.1");
}

TEST(Site, KeysOfDifferentThingsDiffer) {
  const Site site{.host = "a.test", .port = 443};
  EXPECT_EQ(site.Key('1'), "a.test\n443\n1");
  EXPECT_NE(site.Key('1'), site.Key('0'));
  EXPECT_NE(site.Key('1'), (Site{.host = "a.test", .port = 44}).Key('1'));
  EXPECT_NE(site.Key('1'), (Site{.host = "a.tes", .port = 443}).Key('1'));
}

TEST(Site, WhatIsNoHostIsRefused) {
  for (const char* text :
       {"", ".", "a..b", ".a", "a b", "a/b", "a\r\nb", "127.1", "0x7f000001", "a_b.1", "é.test"}) {
    EXPECT_FALSE(CanonicalHost(text)) << text;
  }
  EXPECT_FALSE(CanonicalHost(std::string(64, 'a') + ".test"));
  EXPECT_FALSE(CanonicalHost(std::string(300, 'a')));
}

TEST(Site, TheAuthorityLeavesTheSchemesOwnPortOut) {
  EXPECT_EQ((Site{.host = "a", .port = 443, .scheme = Scheme::kHttps}).Authority(), "a");
  EXPECT_EQ((Site{.host = "a", .port = 443, .scheme = Scheme::kHttp}).Authority(), "a:443");
  EXPECT_EQ((Site{.host = "::1", .port = 8443, .scheme = Scheme::kHttps}).Authority(),
            "[::1]:8443");
}

}  // namespace
}  // namespace aileron::proxy
