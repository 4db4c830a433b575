// What the data plane does behind an upstream proxy: a proxy of the test's own, which is a script.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "proxy/test_world.h"

namespace aileron::proxy {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr std::string_view kAnswer = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

class ProxyRouteTest : public testing::Test {
 protected:
  // A proxy that says `words` to the first head it is sent.
  void Serve(std::string words) {
    auto& site = world_.AddSite("proxy.test", 3128, TestWorld::Security::kPlain,
                                [this, words](net::TestPeer& peer) {
                                  if (!peer.input().contains("\r\n\r\n")) return;
                                  heads_.push_back(peer.TakeInput());
                                  peer.Write(heads_.size() == 1 ? words : std::string(kAnswer));
                                });
    world_.start_.proxy.host = "127.0.0.1";
    world_.start_.proxy.port = site.port;
  }
  // A plain site that --connect-to redirects, so that it is reached by CONNECT.
  std::string GetRedirected() {
    world_.start_.connect_to.push_back({"there.test", 80, "192.0.2.7", 8080});
    return Get("http://there.test/");
  }
  std::string Get(const std::string& url) {
    world_.Start();
    auto& client = world_.Connect(world_.proxy_port_);
    const std::string host = url.substr(7, url.find('/', 7) - 7);
    client.Write("GET " + url + " HTTP/1.1\r\nHost: " + host + "\r\n\r\n");
    world_.Until([&] {  // the site's body, or a refusal's
      return client.input().contains("hello") || client.input().contains("\naileron: ");
    });
    return client.TakeInput();
  }
  void WantCredential(const std::string& username) {
    world_.start_.proxy.username = username;
    world_.start_.proxy.credential = "token/proxy";
  }

  std::vector<std::string> heads_;
  TestWorld world_;
};

TEST_F(ProxyRouteTest, ATunnelIsAskedForWithTheCredential) {
  Serve("HTTP/1.1 200 Connection established\r\nVia: x\r\n\r\n");
  WantCredential("me");
  world_.secrets_[std::string(kUpstreamProxyBinding)] = "pass";
  EXPECT_THAT(GetRedirected(), EndsWith("hello"));
  ASSERT_EQ(heads_.size(), 2u);
  EXPECT_THAT(heads_[0], StartsWith("CONNECT 192.0.2.7:8080 HTTP/1.1\r\n"));
  EXPECT_THAT(heads_[0], HasSubstr("Host: 192.0.2.7:8080\r\n"));
  EXPECT_THAT(heads_[0], HasSubstr("Proxy-Authorization: Basic bWU6cGFzcw==\r\n"));  // me:pass
  EXPECT_THAT(heads_[1], StartsWith("GET / HTTP/1.1\r\n"));
  EXPECT_THAT(heads_[1], Not(HasSubstr("Proxy-")));
}

TEST_F(ProxyRouteTest, BytesBehindTheProxysAnswerAreTheSites) {
  Serve("HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\n\r\n" + std::string(kAnswer));
  EXPECT_THAT(GetRedirected(), EndsWith("hello"));
}

TEST_F(ProxyRouteTest, APlainSiteIsSentInAbsoluteForm) {
  Serve(std::string(kAnswer));
  world_.verdicts_["plain.test"] = {.action = Action::kAllow,
                                    .forward = Forward::kProxy,
                                    .bindings = {{.name = std::string(kUpstreamProxyBinding),
                                                  .scheme = BindingScheme::kBasic,
                                                  .credential = "token/proxy",
                                                  .username = "me",
                                                  .header = "Proxy-Authorization"}}};
  WantCredential("me");
  world_.secrets_[std::string(kUpstreamProxyBinding)] = "pass";
  EXPECT_THAT(Get("http://plain.test/a?b"), EndsWith("hello"));
  ASSERT_EQ(heads_.size(), 1u);
  EXPECT_THAT(heads_[0], StartsWith("GET http://plain.test/a?b HTTP/1.1\r\n"));
  EXPECT_THAT(heads_[0], HasSubstr("Host: plain.test\r\n"));
  EXPECT_THAT(heads_[0], HasSubstr("Proxy-Authorization: Basic bWU6cGFzcw==\r\n"));
  world_.Until([&] { return !world_.records_.empty(); });
  EXPECT_EQ(world_.records_[0].credential, "token/proxy");
}

TEST_F(ProxyRouteTest, AProxyThatWantsACredentialIsAClearRefusal) {
  Serve("HTTP/1.1 407 Auth\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n");
  const std::string got = GetRedirected();
  EXPECT_THAT(got, StartsWith("HTTP/1.1 502 "));
  EXPECT_THAT(got, HasSubstr("Aileron-Code: upstream_proxy_auth\r\n"));
  EXPECT_THAT(got, HasSubstr("--upstream-proxy-credential"));
  EXPECT_THAT(got, Not(HasSubstr("Proxy-Authenticate")));
}

TEST_F(ProxyRouteTest, InAbsoluteFormTooItsWishIsNotPassedOn) {
  Serve("HTTP/1.1 407 Auth\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n");
  world_.verdicts_["plain.test"] = {.action = Action::kAllow, .forward = Forward::kProxy};
  const std::string got = Get("http://plain.test/");
  EXPECT_THAT(got, StartsWith("HTTP/1.1 502 "));
  EXPECT_THAT(got, HasSubstr("Aileron-Code: upstream_proxy_auth\r\n"));
}

TEST_F(ProxyRouteTest, WhatTheProxyRefusesIsToldInItsWords) {
  Serve("HTTP/1.1 403 Not on my watch\r\nContent-Length: 0\r\n\r\n");
  const std::string got = GetRedirected();
  EXPECT_THAT(got, StartsWith("HTTP/1.1 502 "));
  EXPECT_THAT(got, HasSubstr("Aileron-Code: upstream_proxy_refused\r\n"));
  EXPECT_THAT(got, HasSubstr("403 Not on my watch"));
}

TEST_F(ProxyRouteTest, WhatIsNoProxyIsToldSo) {
  Serve("SSH-2.0-OpenSSH\r\n");
  EXPECT_THAT(GetRedirected(), HasSubstr("Aileron-Code: upstream_proxy_invalid\r\n"));
}

TEST_F(ProxyRouteTest, ALockedVaultIsToldAndTheProxyHearsNothing) {
  Serve(std::string(kAnswer));
  WantCredential("me");
  EXPECT_THAT(GetRedirected(), HasSubstr("Aileron-Code: vault_locked\r\n"));
  EXPECT_TRUE(heads_.empty());
}

TEST_F(ProxyRouteTest, AProxyThatIsDownIsNamed) {
  world_.start_.proxy = {.host = "127.0.0.1", .port = 1};
  const std::string got = GetRedirected();
  EXPECT_THAT(got, HasSubstr("Aileron-Code: upstream_proxy_unreachable\r\n"));
  EXPECT_THAT(got, HasSubstr("127.0.0.1:1"));
}

TEST_F(ProxyRouteTest, NamesAndLiteralsOfPrivatePlacesAreNotHandedToTheProxy) {
  Serve(std::string(kAnswer));
  world_.Start();
  for (const char* host : {"127.0.0.1", "10.0.0.1", "localhost", "printer.local", "intranet"}) {
    auto& client = world_.Connect(world_.proxy_port_);
    const std::string name = host;
    EXPECT_THAT(
        world_.Ask(client, "GET http://" + name + "/ HTTP/1.1\r\nHost: " + name + "\r\n\r\n",
                   "--allow"),
        StartsWith("HTTP/1.1 403 "));
  }
  EXPECT_TRUE(heads_.empty());
}

TEST_F(ProxyRouteTest, ANoProxyHostIsReachedWithoutTheProxy) {
  Serve("HTTP/1.1 500 Not me\r\nContent-Length: 0\r\n\r\n");
  world_.start_.proxy.no_proxy = "near.test";
  world_.AddSite("near.test", 80, TestWorld::Security::kPlain, [](net::TestPeer& peer) {
    if (!peer.TakeInput().empty()) peer.Write(kAnswer);
  });
  EXPECT_THAT(Get("http://near.test/"), EndsWith("hello"));
  EXPECT_TRUE(heads_.empty());
}

}  // namespace
}  // namespace aileron::proxy
