#include "policy/address.h"

#include <gtest/gtest.h>

namespace aileron::policy {
namespace {

struct Case {
  const char* text;
  AddressKind kind;
};

TEST(AddressTest, EverySpecialRangeHasItsKindAtBothEnds) {
  using enum AddressKind;
  constexpr Case kCases[] = {
      {"0.0.0.0", kUnspecified},
      {"0.255.255.255", kUnspecified},
      {"1.0.0.0", kPublic},
      {"9.255.255.255", kPublic},
      {"10.0.0.0", kPrivate},
      {"10.255.255.255", kPrivate},
      {"11.0.0.0", kPublic},
      {"100.63.255.255", kPublic},
      {"100.64.0.0", kCgnat},
      {"100.127.255.255", kCgnat},
      {"100.128.0.0", kPublic},
      {"100.100.100.200", kMetadata},
      {"126.255.255.255", kPublic},
      {"127.0.0.1", kLoopback},
      {"127.255.255.255", kLoopback},
      {"128.0.0.0", kPublic},
      {"169.253.255.255", kPublic},
      {"169.254.0.0", kLinkLocal},
      {"169.254.169.254", kMetadata},
      {"169.254.170.2", kMetadata},
      {"169.254.255.255", kLinkLocal},
      {"169.255.0.0", kPublic},
      {"168.63.129.16", kMetadata},
      {"172.15.255.255", kPublic},
      {"172.16.0.0", kPrivate},
      {"172.31.255.255", kPrivate},
      {"172.32.0.0", kPublic},
      {"192.0.0.0", kReserved},
      {"192.0.0.9", kPublic},
      {"192.0.0.192", kMetadata},
      {"192.0.0.255", kReserved},
      {"192.0.1.0", kPublic},
      {"192.0.2.1", kDocumentation},
      {"192.88.99.1", kReserved},
      {"192.167.255.255", kPublic},
      {"192.168.0.0", kPrivate},
      {"192.168.255.255", kPrivate},
      {"192.169.0.0", kPublic},
      {"198.17.255.255", kPublic},
      {"198.18.0.0", kBenchmark},
      {"198.19.255.255", kBenchmark},
      {"198.20.0.0", kPublic},
      {"198.51.100.7", kDocumentation},
      {"203.0.113.7", kDocumentation},
      {"223.255.255.255", kPublic},
      {"224.0.0.1", kMulticast},
      {"239.255.255.255", kMulticast},
      {"240.0.0.0", kReserved},
      {"255.255.255.254", kReserved},
      {"255.255.255.255", kBroadcast},
      {"8.8.8.8", kPublic},
      {"140.82.112.3", kPublic},
      {"::", kUnspecified},
      {"::1", kLoopback},
      {"::2", kUnspecified},
      {"100::1", kReserved},
      {"64:ff9b:1::1", kPrivate},
      {"2000::1", kPublic},
      {"2001:1::1", kPublic},
      {"2001:1::4", kReserved},
      {"2001:2::1", kBenchmark},
      {"2001:20::1", kReserved},
      {"2001:db8::1", kDocumentation},
      {"2001:1ff:ffff::1", kReserved},
      {"2001:200::1", kPublic},
      {"2606:4700::1111", kPublic},
      {"2a00:1450:4001::5e", kPublic},
      {"3ffe::1", kReserved},
      {"3fff::1", kDocumentation},
      {"3fff:fff::1", kDocumentation},
      {"3fff:1000::1", kPublic},
      {"4000::1", kReserved},
      {"5f00::1", kReserved},
      {"fc00::1", kPrivate},
      {"fd12::1", kPrivate},
      {"fd00:ec2::254", kMetadata},
      {"fd20:ce::254", kMetadata},
      {"fe80::1", kLinkLocal},
      {"febf::1", kLinkLocal},
      {"fec0::1", kPrivate},
      {"ff02::1", kMulticast},
      {"200::1", kReserved},
  };
  for (const Case& test : kCases) {
    const auto address = Address::Parse(test.text);
    ASSERT_TRUE(address) << test.text;
    EXPECT_EQ(Describe(Classify(*address)), Describe(test.kind)) << test.text;
    EXPECT_EQ(IsPublic(*address), test.kind == kPublic) << test.text;
  }
}

TEST(AddressTest, AnEmbeddedAddressDecides) {
  using enum AddressKind;
  constexpr Case kCases[] = {
      {"::ffff:127.0.0.1", kLoopback},
      {"::ffff:8.8.8.8", kPublic},
      {"::ffff:169.254.169.254", kMetadata},
      {"::ffff:0:10.0.0.1", kPrivate},
      {"64:ff9b::10.0.0.1", kPrivate},
      {"64:ff9b::8.8.8.8", kPublic},
      {"64:ff9b::a9fe:a9fe", kMetadata},
      {"2002:7f00:1::1", kLoopback},
      {"2002:a00:1::", kPrivate},
      {"2002:808:808::1", kPublic},
      {"::10.0.0.1", kPrivate},
      {"::8.8.8.8", kReserved},
      // Teredo: server 65.54.227.120, client 192.168.0.1 turned over (3f57:fffe).
      {"2001:0:4136:e378:8000:63bf:3f57:fffe", kPrivate},
      // The same with the client 192.0.2.45 and 8.8.8.8.
      {"2001:0:4136:e378:8000:63bf:3fff:fdd2", kDocumentation},
      {"2001:0:4136:e378:8000:63bf:f7f7:f7f7", kPublic},
      {"2001:0:a00:1:8000:63bf:f7f7:f7f7", kPrivate},
  };
  for (const Case& test : kCases) {
    const auto address = Address::Parse(test.text);
    ASSERT_TRUE(address) << test.text;
    EXPECT_EQ(Describe(Classify(*address)), Describe(test.kind)) << test.text;
  }
}

TEST(AddressTest, OnlyTheOneSpellingIsAnAddress) {
  for (const char* text :
       {"", "127.1", "127.0.0.01", "0x7f.0.0.1", "2130706433", "1.2.3.4.5", "1.2.3", "256.1.1.1",
        "[::1]", "fe80::1%eth0", "::1 ", " 1.2.3.4", "1.2.3.4/8", "12345::", "1::2::3", ":::"}) {
    EXPECT_FALSE(Address::Parse(text)) << text;
  }
  EXPECT_FALSE(Address::Parse(std::string_view("1.2.3.4\0x", 9)));
  EXPECT_EQ(Address::Parse("2001:DB8:0:0:1::1")->ToString(), "2001:db8::1:0:0:1");
  EXPECT_EQ(Address::Parse("10.1.2.3")->ToString(), "10.1.2.3");
}

TEST(AddressTest, NamesThatSomeParsersReadAsAddressesAreTold) {
  for (const char* text :
       {"127.1", "0x7f.1", "2130706433", "010.0.0.1", "1.2.3.4.5", "foo.0x10", "a.1."}) {
    EXPECT_TRUE(LooksLikeIpv4(text)) << text;
  }
  for (const char* text : {"127.0.0.1", "example.com", "1e100.net", "a.0xg", "::1", ""}) {
    EXPECT_FALSE(LooksLikeIpv4(text)) << text;
  }
}

TEST(AddressTest, PrefixesHoldTheirRangeAndNothingElse) {
  const auto prefix = Prefix::Parse("172.16.0.0/12");
  ASSERT_TRUE(prefix);
  EXPECT_TRUE(prefix->Contains(*Address::Parse("172.31.255.255")));
  EXPECT_FALSE(prefix->Contains(*Address::Parse("172.32.0.0")));
  EXPECT_FALSE(prefix->Contains(*Address::Parse("::ffff:172.16.0.1")));
  EXPECT_EQ(prefix->ToString(), "172.16.0.0/12");
  EXPECT_TRUE(Prefix::Parse("::/0")->Contains(*Address::Parse("2001::")));
  for (const char* text :
       {"10.0.0.0", "10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/", "::1/129", "x/8", "10.0.0.0/-1"}) {
    EXPECT_FALSE(Prefix::Parse(text)) << text;
  }
}

}  // namespace
}  // namespace aileron::policy
