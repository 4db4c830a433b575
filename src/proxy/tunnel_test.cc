// Opaque sites and SOCKS, on a data plane with everything around it.
#include "proxy/tunnel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "proxy/test_world.h"

namespace aileron::proxy {
namespace {

using testing::HasSubstr;
using testing::StartsWith;
using std::chrono_literals::operator""ms;
using std::string_literals::operator""s;

class TunnelTest : public testing::Test {
 protected:
  void Opaque(const std::string& host) {
    world_.verdicts_[host] = {.action = Action::kAllow, .rule = "--opaque " + host, .opaque = true};
  }
  TestWorld::Site& PlainSite(const std::string& host, std::uint16_t port) {
    return world_.AddSite(host, port, TestWorld::Security::kPlain, [](net::TestPeer& peer) {
      const std::string got = peer.TakeInput();
      if (!got.empty()) peer.Write("echo " + got);
    });
  }
  net::TestPeer& Tunnel(const std::string& authority) {
    auto& client = world_.Connect(world_.proxy_port_);
    client.Write("CONNECT " + authority + " HTTP/1.1\r\nHost: " + authority + "\r\n\r\n");
    world_.Until([&] { return client.input().contains("\r\n\r\n") || client.ended(); });
    return client;
  }
  // The greeting and a request for a name.
  net::TestPeer& Socks(const std::string& host, std::uint16_t port) {
    auto& client = world_.Connect(world_.proxy_port_);
    std::string request = "\5\1\0\5\1\0\3"s + static_cast<char>(host.size()) + host;
    request += static_cast<char>(port >> 8);
    request += static_cast<char>(port);
    client.Write(request);
    world_.Until([&] { return client.input().size() >= 12 || client.ended(); });
    return client;
  }
  AuditRecord Record() {
    world_.Until([&] { return !world_.records_.empty(); });
    return world_.records_.front();
  }
  TestWorld world_;
};

TEST_F(TunnelTest, BytesGoBothWaysAndAreCounted) {
  auto& site = PlainSite("db.test", 5432);
  Opaque("db.test");
  world_.Start();
  auto& client = Tunnel("db.test:5432");
  EXPECT_THAT(client.TakeInput(), StartsWith("HTTP/1.1 200 "));
  EXPECT_EQ(world_.Ask(client, "hello", "echo hello"), "echo hello");
  client.End();
  world_.Until([&] { return site.peers.front().ended(); });
  site.peers.front().End();
  const AuditRecord record = Record();
  EXPECT_EQ(record.kind, "tunnel");
  EXPECT_EQ(record.action, "allow");
  EXPECT_EQ(record.host, "db.test");
  EXPECT_EQ(record.rule, "--opaque db.test");
  EXPECT_EQ(record.bytes_up, 5u);
  EXPECT_EQ(record.bytes_down, 10u);
}

TEST_F(TunnelTest, AServerThatSpeaksFirstIsHeardWhileTheClientIsSilent) {
  auto& site = PlainSite("db.test", 5432);
  Opaque("db.test");
  world_.Start();
  auto& client = Tunnel("db.test:5432");
  client.TakeInput();
  world_.Until([&] { return site.accepted == 1; });
  site.peers.front().Write("220 ready");
  world_.Until([&] { return client.input() == "220 ready"; });
}

TEST_F(TunnelTest, OneSideMayEndWhileTheOtherGoesOn) {
  auto& site = PlainSite("db.test", 5432);
  Opaque("db.test");
  world_.Start();
  auto& client = Tunnel("db.test:5432");
  client.TakeInput();
  client.End();
  world_.Until([&] { return site.accepted == 1 && site.peers.front().ended(); });
  EXPECT_FALSE(client.ended());
  site.peers.front().Write("the rest");
  site.peers.front().End();
  world_.Until([&] { return client.ended(); });
  EXPECT_EQ(client.input(), "the rest");
  EXPECT_TRUE(client.clean_end());
}

TEST_F(TunnelTest, ASlowReaderHoldsTheOtherSideBack) {
  auto& site = PlainSite("db.test", 5432);
  Opaque("db.test");
  world_.Start();
  auto& client = Tunnel("db.test:5432");
  client.TakeInput();
  client.Pause();
  world_.Until([&] { return site.accepted == 1; });
  auto& server = site.peers.front();
  const std::string bulk(32 << 20, 'x');
  server.Write(bulk);
  for (int i = 0; i < 10; ++i) world_.loop().Turn(20ms);
  EXPECT_FALSE(server.written());
  client.Resume();
  world_.Until([&] { return client.input().size() == bulk.size(); });
}

TEST_F(TunnelTest, ASiteThatIsNotReachedIsToldInTheAnswerToConnect) {
  world_.start_.connect_to.push_back({"down.test", 5432, "127.0.0.1", 1});
  Opaque("down.test");
  world_.Start();
  auto& client = Tunnel("down.test:5432");
  world_.Until([&] { return client.ended(); });
  EXPECT_THAT(client.input(), StartsWith("HTTP/1.1 502 "));
  EXPECT_THAT(client.input(), HasSubstr("upstream_unreachable"));
}

TEST_F(TunnelTest, TlsMustNameTheHost) {
  auto& site =
      world_.AddSite("pinned.test", 443, TestWorld::Security::kTls, [](net::TestPeer& peer) {
        if (!peer.TakeInput().empty()) peer.Write("from the site itself");
      });
  Opaque("pinned.test");
  world_.Start();
  const auto trusts_site = *net::TlsClient::Make({}, world_.start_.extra_roots);
  auto& client = Tunnel("pinned.test:443");
  client.TakeInput();
  client.ConnectTls(*trusts_site, "pinned.test");
  world_.Until([&] { return client.secure() || client.failed(); });
  ASSERT_TRUE(client.secure()) << client.error();  // by the site's own certificate
  EXPECT_EQ(world_.Ask(client, "x", "itself"), "from the site itself");
  EXPECT_EQ(site.accepted, 1);

  auto& other = Tunnel("pinned.test:443");
  other.TakeInput();
  other.ConnectTls(*trusts_site, "other.test");
  world_.Until([&] { return other.failed(); });
  const AuditRecord& refused = world_.RecordWith("authority_mismatch");
  EXPECT_EQ(refused.kind, "tunnel");
  EXPECT_EQ(refused.action, "deny");
  EXPECT_EQ(refused.bytes_up, 0u);

  auto& nameless = Tunnel("pinned.test:443");
  nameless.TakeInput();
  nameless.ConnectTls(*trusts_site, "127.0.0.1");  // an address is not named in a hello
  world_.Until([&] { return nameless.failed(); });
  EXPECT_EQ(world_.RecordWith("name_unknown").action, "deny");
}

TEST_F(TunnelTest, OnTheHttpsPortOnlyTlsIsPassedOn) {
  auto& site = PlainSite("pinned.test", 443);
  Opaque("pinned.test");
  world_.Start();
  auto& client = Tunnel("pinned.test:443");
  client.Write("GET / HTTP/1.1\r\n\r\n");
  EXPECT_EQ(world_.RecordWith("protocol_not_supported").kind, "tunnel");
  world_.Until([&] { return client.ended() && site.accepted == 1 && site.peers.front().ended(); });
  EXPECT_EQ(site.peers.front().input(), "");
}

TEST_F(TunnelTest, AHelloThatDoesNotEndIsGivenUp) {
  PlainSite("pinned.test", 443);
  Opaque("pinned.test");
  world_.start_.timeouts.tls = 200ms;
  world_.Start();
  Tunnel("pinned.test:443").Write("\x16\3\1");
  EXPECT_EQ(world_.RecordWith("hello_timeout").action, "deny");
}

TEST_F(TunnelTest, ASilentTunnelEndsOnlyWhenTheSessionSaysSo) {
  PlainSite("db.test", 5432);
  Opaque("db.test");
  world_.start_.timeouts.idle = 200ms;
  world_.Start();
  auto& client = Tunnel("db.test:5432");
  client.TakeInput();
  EXPECT_EQ(world_.Ask(client, "hello", "echo"), "echo hello");
  EXPECT_EQ(world_.RecordWith("idle_timeout").bytes_up, 5u);
}

TEST_F(TunnelTest, SocksReachesAnOpaqueSite) {
  PlainSite("db.test", 5432);
  Opaque("db.test");
  world_.Start();
  auto& client = Socks("db.test", 5432);
  EXPECT_EQ(client.TakeInput(), "\5\0\5\0\0\1\0\0\0\0\0\0"s);
  EXPECT_EQ(world_.Ask(client, "hello", "echo hello"), "echo hello");
}

TEST_F(TunnelTest, SocksReachesASiteThatIsLookedInto) {
  world_.AddSite("site.test", 443, TestWorld::Security::kTls, [](net::TestPeer& peer) {
    if (peer.input().contains("\r\n\r\n")) {
      peer.TakeInput();
      peer.Write("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
    }
  });
  world_.Start();
  auto& client = Socks("Site.test", 443);
  client.TakeInput();
  client.ConnectTls(*world_.trusts_session_, "site.test");
  world_.Until([&] { return client.secure() || client.failed(); });
  ASSERT_TRUE(client.secure()) << client.error();
  EXPECT_THAT(world_.Ask(client, "GET / HTTP/1.1\r\nHost: site.test\r\n\r\n", "hello"),
              StartsWith("HTTP/1.1 200 OK"));
}

TEST_F(TunnelTest, SocksTellsARefusalByItsReplyOrInsideTls) {
  world_.verdicts_["no.test"] = {.reason = "nobody allowed it", .code = "host_not_allowed"};
  world_.Start();
  auto& plain = Socks("no.test", 80);
  EXPECT_EQ(plain.TakeInput().substr(2, 2), "\5\2"s);
  world_.Until([&] { return plain.ended(); });
  EXPECT_EQ(world_.RecordWith("host_not_allowed").host, "no.test");
  auto& client = Socks("no.test", 443);
  EXPECT_EQ(client.TakeInput().substr(2, 2), "\5\0"s);
  client.ConnectTls(*world_.trusts_session_, "no.test");
  world_.Until([&] { return client.secure() || client.failed(); });
  EXPECT_THAT(world_.Ask(client, "GET / HTTP/1.1\r\nHost: no.test\r\n\r\n", "nobody"),
              StartsWith("HTTP/1.1 403 "));
  auto& odd = Socks("not a host", 80);
  EXPECT_EQ(odd.TakeInput().substr(2, 2), "\5\4"s);
}

TEST_F(TunnelTest, SocksTellsThatASiteIsDown) {
  world_.start_.connect_to.push_back({"down.test", 5432, "127.0.0.1", 1});
  Opaque("down.test");
  world_.Start();
  auto& client = Socks("down.test", 5432);
  EXPECT_EQ(client.TakeInput().substr(2, 2), "\5\4"s);
  EXPECT_EQ(world_.RecordWith("upstream_unreachable").host, "down.test");
}

TEST_F(TunnelTest, ASessionThatEndsRecordsItsTunnels) {
  PlainSite("db.test", 5432);
  Opaque("db.test");
  world_.Start();
  auto& client = Tunnel("db.test:5432");
  client.TakeInput();
  EXPECT_EQ(world_.Ask(client, "hello", "echo"), "echo hello");
  world_.Stop();
  ASSERT_FALSE(world_.records_.empty());
  EXPECT_EQ(world_.records_.back().bytes_up, 5u);
}

}  // namespace
}  // namespace aileron::proxy
