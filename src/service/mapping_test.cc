#include "service/mapping.h"

#include <gtest/gtest.h>

namespace aileron::service {
namespace {

std::string Read(std::string_view text) {
  const auto mapping = ParseMapping(text);
  if (!mapping) return "no";
  return fmt::format("{} {}", mapping->outside.ToString(), mapping->port);
}

TEST(Mapping, IsWrittenAsDockerHasIt) {
  EXPECT_EQ(Read("8080"), "127.0.0.1:8080 8080");
  EXPECT_EQ(Read("8080:80"), "127.0.0.1:8080 80");
  EXPECT_EQ(Read("127.0.0.2:8080:80"), "127.0.0.2:8080 80");
  EXPECT_EQ(Read("127.0.0.1:8080"), "127.0.0.1:8080 8080");
  EXPECT_EQ(Read("[::1]:8080:80"), "[::1]:8080 80");
  EXPECT_EQ(Read("localhost:1:2"), "127.0.0.1:1 2");
  EXPECT_EQ(Read("0.0.0.0:8080:80"), "0.0.0.0:8080 80");
}

TEST(Mapping, AHostPortThatIsLeftOutIsForTheSystemToChoose) {
  EXPECT_EQ(Read(":80"), "127.0.0.1:0 80");
  EXPECT_EQ(Read("0:80"), "127.0.0.1:0 80");
  EXPECT_EQ(Read("127.0.0.1::80"), "127.0.0.1:0 80");
  EXPECT_EQ(Read("[::1]::80"), "[::1]:0 80");
}

TEST(Mapping, WhatIsNoneIsRefused) {
  for (const char* text : {"",
                           ":",
                           "0",
                           "x",
                           "80:",
                           "80:0",
                           ":0",
                           "1:2:3",
                           "65536",
                           "80:65536",
                           "-1",
                           "+80",
                           " 80",
                           "80 ",
                           "::1:80",
                           "[::1]80",
                           "[::1",
                           "[]:80",
                           "[127.0.0.1]:80",
                           "example.com:80",
                           "127.1:80:80",
                           "0x7f.0.0.1:80:80",
                           "224.0.0.1:80:80",
                           "255.255.255.255:80:80",
                           "[fe80::1]:80:80",
                           "8e1",
                           "127.0.0.1:80:80/udp",
                           "80-90:80-90"}) {
    EXPECT_EQ(Read(text), "no") << text;
  }
}

TEST(Mapping, OnlyLoopbackCountsAsLoopback) {
  EXPECT_TRUE(ParsePlace("80")->loopback());
  EXPECT_TRUE(ParsePlace("127.9.9.9:80")->loopback());
  EXPECT_TRUE(ParsePlace("[::1]:80")->loopback());
  EXPECT_FALSE(ParsePlace("0.0.0.0:80")->loopback());
  EXPECT_FALSE(ParsePlace("[::]:80")->loopback());
  EXPECT_FALSE(ParsePlace("192.168.1.4:80")->loopback());
}

TEST(Mapping, APlaceHasOnePort) {
  EXPECT_EQ(ParsePlace("0")->port, 0);
  EXPECT_EQ(ParsePlace("127.0.0.3:9")->ToString(), "127.0.0.3:9");
  for (const char* text : {"", ":80", "80:80", "127.0.0.1:", "127.0.0.1:80:80", "x:80"}) {
    EXPECT_FALSE(ParsePlace(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace aileron::service
