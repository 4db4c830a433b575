#include "proxy/opaque.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace aileron::proxy {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

OpaqueHosts Make(std::vector<std::string> entries) { return OpaqueHosts::Parse(entries).value(); }

TEST(OpaqueHosts, AHostWithoutAPortIsMeantOnTheHttpsPortAlone) {
  const OpaqueHosts hosts = Make({"Pinned.test", "db.test:5432", "*.wide.test", "10.0.0.1:22"});
  EXPECT_TRUE(hosts.Contains("pinned.test", 443));
  EXPECT_FALSE(hosts.Contains("pinned.test", 80));
  EXPECT_FALSE(hosts.Contains("x.pinned.test", 443));
  EXPECT_TRUE(hosts.Contains("db.test", 5432));
  EXPECT_FALSE(hosts.Contains("db.test", 443));
  EXPECT_TRUE(hosts.Contains("a.wide.test", 443));
  EXPECT_FALSE(hosts.Contains("wide.test", 443));
  EXPECT_TRUE(hosts.Contains("10.0.0.1", 22));
  EXPECT_FALSE(OpaqueHosts().Contains("a.test", 443));
}

TEST(OpaqueHosts, WhatItWritesItReads) {
  const OpaqueHosts hosts = Make({"Pinned.test", "[::1]:22", "*.wide.test:8443"});
  EXPECT_THAT(hosts.Entries(), ElementsAre("pinned.test:443", "[::1]:22", "*.wide.test:8443"));
  EXPECT_EQ(Make(hosts.Entries()).Entries(), hosts.Entries());
}

TEST(OpaqueHosts, PatternsThatShareAHostMeet) {
  const OpaqueHosts hosts = Make({"a.wide.test", "*.deep.other.test"});
  const auto meets = [&](std::string_view pattern, std::uint16_t port = 443) {
    return hosts.Meets(*HostPattern::Parse(pattern), port) != nullptr;
  };
  EXPECT_TRUE(meets("a.wide.test"));
  EXPECT_TRUE(meets("*.wide.test"));
  EXPECT_TRUE(meets("*.other.test"));
  EXPECT_TRUE(meets("x.deep.other.test"));
  EXPECT_TRUE(meets("*.x.deep.other.test"));
  EXPECT_FALSE(meets("b.wide.test"));
  EXPECT_FALSE(meets("deep.other.test"));
  EXPECT_FALSE(meets("a.wide.test", 8443));
}

TEST(OpaqueHosts, MistakesAreNamed) {
  EXPECT_THAT(OpaqueHosts::Parse(std::vector<std::string>{"a b"}).error().message,
              HasSubstr("--opaque a b"));
  EXPECT_FALSE(OpaqueHosts::Parse(std::vector<std::string>{"a.test:0"}));
  EXPECT_FALSE(OpaqueHosts::Parse(std::vector<std::string>(10'000, "a.test")));
}

}  // namespace
}  // namespace aileron::proxy
