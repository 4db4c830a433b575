// What a person let through and took back, on a data plane with everything around it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "proxy/test_world.h"

namespace aileron::proxy {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

constexpr std::string_view kStream =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n";

class CutTest : public testing::Test {
 protected:
  // A site that begins a stream and never ends it.
  TestWorld::Site& Streaming(const std::string& host, const std::string& rule) {
    world_.verdicts_[host] = {.action = Action::kAllow, .rule = rule};
    return world_.AddSite(host, 443, TestWorld::Security::kTls, [](net::TestPeer& peer) {
      if (!peer.TakeInput().empty()) peer.Write(kStream);
    });
  }
  net::TestPeer& Follow(const std::string& host) {
    net::TestPeer& client = world_.ConnectTls(host + ":443", host);
    EXPECT_THAT(world_.Ask(client, "GET / HTTP/1.1\r\nHost: " + host + "\r\n\r\n", "data: 1"),
                StartsWith("HTTP/1.1 200 "));
    return client;
  }
  void Cut(const std::string& rule) { ASSERT_TRUE(world_.daemon_->Send(Encode(CutOff{rule}))); }
  TestWorld world_;
};

TEST_F(CutTest, AStreamOfThatRuleEndsOnBothSidesAndAnotherGoesOn) {
  auto& mine = Streaming("mine.test", "grant 01A");
  auto& other = Streaming("other.test", "grant 01B");
  world_.Start();
  net::TestPeer& ended = Follow("mine.test");
  net::TestPeer& goes_on = Follow("other.test");
  Cut("grant 01A");
  world_.Until([&] { return (ended.ended() || ended.failed()) && mine.peers.front().ended(); });
  EXPECT_EQ(world_.RecordWith("grant_revoked").host, "mine.test");
  other.peers.front().Write("data: 2\n\n");
  world_.Until([&] { return goes_on.input().contains("data: 2"); });
  EXPECT_FALSE(other.peers.front().ended());
}

TEST_F(CutTest, AWordThatIsNoRuleOfTheirsCutsNothing) {
  auto& site = Streaming("mine.test", "grant 01A");
  world_.Start();
  net::TestPeer& client = Follow("mine.test");
  for (const char* rule : {"", "grant 01", "grant 01A ", "grant 01AB"}) Cut(rule);
  site.peers.front().Write("data: 2\n\n");
  world_.Until([&] { return client.input().contains("data: 2"); });
  EXPECT_FALSE(client.ended());
}

TEST_F(CutTest, ATunnelThatIsNotLookedIntoEndsToo) {
  world_.verdicts_["db.test"] = {.action = Action::kAllow, .rule = "approval 01A", .opaque = true};
  auto& site = world_.AddSite("db.test", 5432, TestWorld::Security::kPlain,
                              [](net::TestPeer& peer) { peer.Write("echo " + peer.TakeInput()); });
  world_.Start();
  auto& client = world_.Connect(world_.proxy_port_);
  client.Write("CONNECT db.test:5432 HTTP/1.1\r\nHost: db.test:5432\r\n\r\n");
  world_.Until([&] { return client.input().contains("\r\n\r\n"); });
  (void)client.TakeInput();
  EXPECT_EQ(world_.Ask(client, "hello", "echo hello"), "echo hello");
  Cut("approval 01A");
  world_.Until([&] { return client.ended() && site.peers.front().ended(); });
  EXPECT_EQ(world_.RecordWith("grant_revoked").kind, "tunnel");
}

}  // namespace
}  // namespace aileron::proxy
