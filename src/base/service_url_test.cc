#include "base/service_url.h"

#include <gtest/gtest.h>

namespace aileron {
namespace {

TEST(ServiceUrl, ItsPartsAreRead) {
  const auto url = ServiceUrl::Parse("https://Vault.Example.com:8200/base/x");
  ASSERT_TRUE(url) << url.error().message;
  EXPECT_TRUE(url->tls);
  EXPECT_EQ(url->host, "vault.example.com");
  EXPECT_EQ(url->port, 8200);
  EXPECT_EQ(url->path, "/base/x");
  EXPECT_EQ(url->Authority(), "vault.example.com:8200");
  EXPECT_EQ(ServiceUrl::Parse("https://a.b")->Authority(), "a.b");
  EXPECT_EQ(ServiceUrl::Parse("https://a.b")->path, "/");
  EXPECT_EQ(ServiceUrl::Parse("https://[::1]/t")->Authority(), "[::1]");
  EXPECT_EQ(ServiceUrl::Parse("https://[2001:db8::1]:8443")->Authority(), "[2001:db8::1]:8443");
}

TEST(ServiceUrl, WithoutTlsOnlyThisMachine) {
  for (const char* text : {"http://localhost:8200", "http://127.0.0.1", "http://[::1]:8200/v"}) {
    const auto url = ServiceUrl::Parse(text);
    ASSERT_TRUE(url) << text;
    EXPECT_FALSE(url->tls);
  }
  EXPECT_EQ(ServiceUrl::Parse("http://127.0.0.1")->port, 80);
  for (const char* text : {"http://vault.example.com", "http://10.0.0.1", "http://127.evil.com"}) {
    EXPECT_FALSE(ServiceUrl::Parse(text)) << text;
  }
}

TEST(ServiceUrl, WhatIsNotOneIsRefused) {
  for (const char* text :
       {"", "vault.example.com", "ftp://a.b", "https://", "https:///x", "https://a b",
        "https://*.a", "https://u@a.b", "https://a.b/x?y", "https://a.b/x#y", "https://a.b/x y",
        "https://a.b:0", "https://a.b/\r\n", "HTTPS://a.b"}) {
    EXPECT_FALSE(ServiceUrl::Parse(text)) << text;
  }
  EXPECT_FALSE(ServiceUrl::Parse("https://a.b/" + std::string(2000, 'x')));
}

TEST(ServiceUrl, ThisMachineIsNoName) {
  for (const char* host : {"localhost", "127.0.0.1", "127.9.9.9", "::1"}) {
    EXPECT_TRUE(IsThisMachine(host)) << host;
  }
  for (const char* host : {"127.evil.test", "localhost.test", "128.0.0.1", "::2", "", "0.0.0.0"}) {
    EXPECT_FALSE(IsThisMachine(host)) << host;
  }
}

}  // namespace
}  // namespace aileron
