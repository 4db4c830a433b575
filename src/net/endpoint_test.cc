#include "net/endpoint.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>

namespace aileron::net {
namespace {

TEST(Endpoint, ComesBackThroughASockaddr) {
  for (const char* text : {"192.0.2.7", "2001:db8::7"}) {
    const auto endpoint = Endpoint::Parse(text, 443);
    ASSERT_TRUE(endpoint);
    sockaddr_storage address;
    EXPECT_GT(endpoint->ToSockaddr(address), 0u);
    EXPECT_EQ(Endpoint::From(address), endpoint);
    EXPECT_EQ(endpoint->Address(), text);
  }
  EXPECT_EQ(Endpoint::Parse("2001:db8::7", 443)->ToString(), "[2001:db8::7]:443");
  EXPECT_EQ(Endpoint::Parse("192.0.2.7", 1)->WithPort(2).ToString(), "192.0.2.7:2");
}

TEST(Endpoint, AMappedAddressIsItsIpv4Address) {
  sockaddr_in6 mapped{};
  mapped.sin6_family = AF_INET6;
  mapped.sin6_port = htons(80);
  inet_pton(AF_INET6, "::ffff:192.0.2.7", &mapped.sin6_addr);
  sockaddr_storage address{};
  std::memcpy(&address, &mapped, sizeof mapped);
  EXPECT_EQ(Endpoint::From(address)->ToString(), "192.0.2.7:80");
}

TEST(Endpoint, WhatIsNoAddressIsNothing) {
  for (const char* text : {"", "localhost", "1.2.3", "[::1]", "1.2.3.4.5"})
    EXPECT_FALSE(Endpoint::Parse(text, 1));
  EXPECT_FALSE(Endpoint::From(sockaddr_storage{}));
}

}  // namespace
}  // namespace aileron::net
