#include "proxy/upstream_proxy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace aileron::proxy {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(UpstreamProxy, ANoProxyNameIsTheHostAndAllBelowIt) {
  for (const char* list :
       {"corp.test", ".corp.test", "other.test,corp.test", "a.test  CORP.test"}) {
    EXPECT_TRUE(InNoProxy(list, "corp.test")) << list;
    EXPECT_TRUE(InNoProxy(list, "deep.in.corp.test")) << list;
    EXPECT_FALSE(InNoProxy(list, "notcorp.test")) << list;
    EXPECT_FALSE(InNoProxy(list, "corp.test.evil")) << list;
  }
}

TEST(UpstreamProxy, AStarAndAddressesAndRangesAreHeeded) {
  EXPECT_TRUE(InNoProxy("*", "any.test"));
  EXPECT_TRUE(InNoProxy("10.0.0.0/8", "10.2.3.4"));
  EXPECT_FALSE(InNoProxy("10.0.0.0/8", "11.2.3.4"));
  EXPECT_TRUE(InNoProxy("192.0.2.1", "192.0.2.1"));
  EXPECT_TRUE(InNoProxy("[2001:db8::1]", "2001:db8::1"));
  EXPECT_TRUE(InNoProxy("2001:db8::/32", "2001:db8::1"));
  EXPECT_FALSE(InNoProxy("2.1", "192.0.2.1"));
  EXPECT_FALSE(InNoProxy("", "any.test"));
  EXPECT_FALSE(InNoProxy("a/b,*.x,:::", "any.test"));
}

TEST(UpstreamProxy, AnEntryThatMeansNothingIsNamed) {
  EXPECT_TRUE(CheckNoProxy("a.test, .b.test,10.0.0.0/8 [::1],*"));
  EXPECT_THAT(CheckNoProxy("a.test,b/c").error().message, HasSubstr("b/c"));
}

TEST(UpstreamProxy, OnlyWhatIsNotExemptGoesThroughIt) {
  UpstreamProxy proxy;
  EXPECT_FALSE(proxy.Serves("a.test"));
  proxy = {.host = "proxy.test", .port = 3128, .no_proxy = "near.test"};
  EXPECT_TRUE(proxy.Serves("a.test"));
  EXPECT_FALSE(proxy.Serves("near.test"));
}

TEST(UpstreamProxy, AUrlIsTakenApart) {
  const auto url = ParseProxyUrl("HTTP://me%40corp:p%40ss:w@Proxy.test:3128/");
  ASSERT_TRUE(url) << url.error().message;
  EXPECT_EQ(url->host, "proxy.test");
  EXPECT_EQ(url->port, 3128);
  EXPECT_EQ(url->username, "me@corp");
  EXPECT_EQ(url->password.Reveal(), "p@ss:w");
  EXPECT_EQ(url->Plain(), "http://me%40corp@proxy.test:3128");
  EXPECT_EQ(ParseProxyUrl("proxy.test")->port, 1080);
  EXPECT_EQ(ParseProxyUrl("http://[::1]:8080")->host, "::1");
}

TEST(UpstreamProxy, AWrongUrlIsRefusedWithoutItsPassword) {
  for (const char* url :
       {"https://proxy.test:1", "socks5://proxy.test:1", "http://:s3cret@p.test",
        "http://a:s3cret@", "http://a:s3cret@p.test:0", "http://a:s3cret@*.p.test",
        "http://a:s3cret%zz@p.test", "http://a%0a:s3cret@p.test", ""}) {
    const auto parsed = ParseProxyUrl(url);
    ASSERT_FALSE(parsed) << url;
    EXPECT_THAT(parsed.error().message, Not(HasSubstr("s3cret")));
  }
}

}  // namespace
}  // namespace aileron::proxy
