#include "modes/environment_proxy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

namespace aileron::modes {
namespace {

using testing::HasSubstr;
using testing::Not;

class EnvironmentProxyTest : public testing::Test {
 protected:
  void SetUp() override { Clear(); }
  void TearDown() override { Clear(); }
  static void Clear() {
    for (const char* name : {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "http_proxy",
                             "HTTP_PROXY", "no_proxy", "NO_PROXY"}) {
      unsetenv(name);
    }
  }
  static void Set(const char* name, const char* value) { setenv(name, value, 1); }
  // "HOST:PORT by NAME", "none" or an error.
  static std::string Through(const ServiceUrl& url) {
    const auto found = EnvironmentProxy(url);
    if (!found) return "error: " + found.error().message;
    if (!*found) return "none";
    return fmt::format("{}:{} by {}", (*found)->host, (*found)->port, (*found)->origin);
  }
  const ServiceUrl tls_{.tls = true, .host = "registry.test"};
  const ServiceUrl plain_{.tls = false, .host = "registry.test", .port = 80};
};

TEST_F(EnvironmentProxyTest, NothingIsSetAndNothingIsOnTheWay) {
  EXPECT_EQ(Through(tls_), "none");
  EXPECT_EQ(Through(plain_), "none");
}

TEST_F(EnvironmentProxyTest, TheVariablesAreCurlsInItsOrder) {
  Set("ALL_PROXY", "http://d:4");
  EXPECT_EQ(Through(tls_), "d:4 by ALL_PROXY");
  Set("HTTPS_PROXY", "http://b:2");
  EXPECT_EQ(Through(tls_), "b:2 by HTTPS_PROXY");
  EXPECT_EQ(Through(plain_), "d:4 by ALL_PROXY");
  Set("https_proxy", "a:1");
  EXPECT_EQ(Through(tls_), "a:1 by https_proxy");
  Set("HTTP_PROXY", "http://evil:9");
  EXPECT_EQ(Through(plain_), "d:4 by ALL_PROXY");
  Set("http_proxy", "http://c:3");
  EXPECT_EQ(Through(plain_), "c:3 by http_proxy");
}

TEST_F(EnvironmentProxyTest, WhoIsExemptAndThisMachineAreReachedWithout) {
  Set("HTTPS_PROXY", "http://b:2");
  Set("NO_PROXY", "other.test,.registry.test");
  EXPECT_EQ(Through(tls_), "none");
  Set("no_proxy", "other.test");
  EXPECT_EQ(Through(tls_), "b:2 by HTTPS_PROXY");
  Set("no_proxy", "*");
  EXPECT_EQ(Through(tls_), "none");
  unsetenv("no_proxy");
  EXPECT_EQ(Through({.tls = true, .host = "127.0.0.1"}), "none");
  EXPECT_EQ(Through({.tls = true, .host = "localhost"}), "none");
}

TEST_F(EnvironmentProxyTest, AUserIsSentAndNeverShown) {
  Set("HTTPS_PROXY", "http://me:p%20w@b:2/");
  const auto found = EnvironmentProxy(tls_);
  ASSERT_TRUE(found && *found);
  EXPECT_EQ((*found)->authorization.Reveal(), "Basic bWU6cCB3");
  Set("HTTPS_PROXY", "socks5://me:hunter2@b:2");
  const std::string error = Through(tls_);
  EXPECT_THAT(error, HasSubstr("HTTPS_PROXY"));
  EXPECT_THAT(error, Not(HasSubstr("hunter2")));
}

}  // namespace
}  // namespace aileron::modes
