#include "base/host_pattern.h"

#include <gtest/gtest.h>

namespace aileron {
namespace {

std::string Spelled(std::string_view text) {
  const auto host = ParseHost(text);
  return host ? host->text : "";
}

TEST(HostPattern, AHostHasOneSpelling) {
  EXPECT_EQ(Spelled("API.Example.COM."), "api.example.com");
  EXPECT_EQ(Spelled("xn--bcher-kva.example"), "xn--bcher-kva.example");
  EXPECT_EQ(Spelled("_dmarc.my_host"), "_dmarc.my_host");
  EXPECT_EQ(Spelled("localhost"), "localhost");
  EXPECT_EQ(Spelled("1password.com"), "1password.com");
  EXPECT_EQ(Spelled("3com"), "3com");
  EXPECT_EQ(Spelled("10.0.0.1"), "10.0.0.1");
  EXPECT_EQ(Spelled("2001:DB8:0:0:0:0:0:1"), "2001:db8::1");
  EXPECT_EQ(Spelled("[::1]"), "::1");
  EXPECT_EQ(Spelled("::ffff:10.1.2.3"), "10.1.2.3");
  EXPECT_EQ(Spelled("[::ffff:7f00:1]"), "127.0.0.1");
  EXPECT_EQ(ParseHost("::ffff:10.1.2.3")->kind, HostKind::kIpv4);
}

TEST(HostPattern, WhatIsNoHostIsRefused) {
  const std::string long_label(64, 'a');
  const std::string long_name = [] {
    std::string name;
    for (int i = 0; i < 64; ++i) name += "aaa.";
    return name + "com";
  }();
  for (const std::string& text : std::vector<std::string>{"",
                                                          ".",
                                                          "..",
                                                          "a..b",
                                                          ".a",
                                                          "-a.b",
                                                          "a-.b",
                                                          "a b",
                                                          "a/b",
                                                          "a@b",
                                                          "a:b",
                                                          "bücher.example",
                                                          "a%00",
                                                          std::string("a\0b", 3),
                                                          "*",
                                                          "*.a",
                                                          "fe80::1%eth0",
                                                          "[::1",
                                                          "[1.2.3.4]",
                                                          "[]",
                                                          "a.b..",
                                                          ":::1",
                                                          long_label,
                                                          long_name}) {
    EXPECT_FALSE(ParseHost(text)) << text;
  }
}

TEST(HostPattern, OddSpellingsOfAnIpv4AddressAreRefused) {
  for (const std::string_view text :
       {"2130706433", "127.1", "127.0.1", "0x7f.0.0.1", "0x7f000001", "010.0.0.1", "127.0.0.01",
        "256.1.1.1", "1.2.3.4.5", "a.b.0x10", "1.2.3.0x4", "foo.1", "0x", "1.2.3.4."}) {
    EXPECT_FALSE(ParseHost(text)) << text;
  }
}

TEST(HostPattern, AWildcardStandsForOneOrMoreWholeLabels) {
  const auto pattern = HostPattern::Parse("*.Example.com.");
  ASSERT_TRUE(pattern);
  EXPECT_EQ(pattern->ToString(), "*.example.com");
  EXPECT_TRUE(pattern->Matches("a.example.com"));
  EXPECT_TRUE(pattern->Matches("a.b.example.com"));
  EXPECT_FALSE(pattern->Matches("example.com"));
  EXPECT_FALSE(pattern->Matches(".example.com"));
  EXPECT_FALSE(pattern->Matches("badexample.com"));
  EXPECT_FALSE(pattern->Matches("a.example.com.evil.org"));
}

TEST(HostPattern, AnExactPatternMatchesItselfAlone) {
  const auto pattern = HostPattern::Parse("api.example.com");
  ASSERT_TRUE(pattern);
  EXPECT_TRUE(pattern->Matches("api.example.com"));
  EXPECT_FALSE(pattern->Matches("x.api.example.com"));
  EXPECT_FALSE(pattern->Matches("api.example.co"));
}

TEST(HostPattern, WildcardsElsewhereAreRefused) {
  for (const std::string_view text :
       {"*", "a.*.b", "*a.b", "*.*.b", "a.*", "*.", "*.10.0.0.1", "*.[::1]", "**.a"}) {
    EXPECT_FALSE(HostPattern::Parse(text)) << text;
  }
}

TEST(HostPattern, ExactBeatsWildcardAndLongerBeatsShorter) {
  const auto exact = HostPattern::Parse("a.b.c")->Specificity();
  const auto near = HostPattern::Parse("*.b.c")->Specificity();
  const auto far = HostPattern::Parse("*.c")->Specificity();
  EXPECT_GT(exact, near);
  EXPECT_GT(near, far);
}

TEST(HostPattern, PortsAreTakenOffTheEnd) {
  const auto parsed = [](std::string_view text) -> std::string {
    const auto result = ParseHostPort(text);
    if (!result) return "error";
    return result->pattern.ToString() + "|" + (result->port ? std::to_string(*result->port) : "");
  };
  EXPECT_EQ(parsed("a.b:8080"), "a.b|8080");
  EXPECT_EQ(parsed("a.b"), "a.b|");
  EXPECT_EQ(parsed("*.x.y"), "*.x.y|");
  EXPECT_EQ(parsed("*.x.y:443"), "*.x.y|443");
  EXPECT_EQ(parsed("[::1]:443"), "::1|443");
  EXPECT_EQ(parsed("[::1]"), "::1|");
  EXPECT_EQ(parsed("::1"), "::1|");
  EXPECT_EQ(parsed("10.0.0.1:1"), "10.0.0.1|1");
  for (const std::string_view text : {"a:0", "a:65536", "a:", "a:+1", "a: 1", "a:1:2", "[::1]443",
                                      "[::1]:", ":80", "[::1]:x", "a:b"}) {
    EXPECT_EQ(parsed(text), "error") << text;
  }
}

TEST(HostPattern, FormattingPutsBracketsWhereTheyBelong) {
  EXPECT_EQ(FormatHostPort("a.b", 80), "a.b:80");
  EXPECT_EQ(FormatHostPort("::1", 443), "[::1]:443");
}

}  // namespace
}  // namespace aileron
