// The waits that a session sets, on a data plane with everything around it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "proxy/test_world.h"

namespace aileron::proxy {
namespace {

using testing::HasSubstr;
using testing::StartsWith;
using std::chrono_literals::operator""ms;

constexpr std::string_view kGet = "GET / HTTP/1.1\r\nHost: site.test\r\n\r\n";

class WaitsTest : public testing::Test {
 protected:
  net::TestPeer& Client() {
    world_.Start();
    return world_.ConnectTls("site.test:443", "site.test");
  }
  void Site(net::TestPeer::OnInput on_input) {
    world_.AddSite("site.test", 443, TestWorld::Security::kTls, std::move(on_input));
  }
  TestWorld world_;
};

TEST_F(WaitsTest, AHeadThatDoesNotComeIsGivenUp) {
  world_.start_.timeouts.head = 200ms;
  Site([](net::TestPeer&) {});
  EXPECT_THAT(world_.Ask(Client(), kGet, "upstream_timeout"), StartsWith("HTTP/1.1 504 "));
}

TEST_F(WaitsTest, AnAnswerInWhichNothingMovesIsCut) {
  world_.start_.timeouts.idle = 200ms;
  Site([](net::TestPeer& peer) {
    if (!peer.TakeInput().empty()) peer.Write("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf");
  });
  auto& client = Client();
  client.Write(kGet);
  world_.Until([&] { return client.ended(); });
  EXPECT_FALSE(client.clean_end());
  EXPECT_EQ(world_.RecordWith("idle_timeout").status, 200u);
}

TEST_F(WaitsTest, AStreamThatMovesGoesOnForLongerThanEveryWait) {
  world_.start_.timeouts = {.connect = 1000ms,
                            .tls = 1000ms,
                            .head = 1000ms,
                            .upload = 1000ms,
                            .idle = 1000ms,
                            .pool = 1000ms};
  net::TestPeer* server = nullptr;
  Site([&](net::TestPeer& peer) {
    if (peer.TakeInput().empty()) return;
    server = &peer;
    peer.Write("HTTP/1.1 200 OK\r\nContent-Length: 30\r\n\r\n");
  });
  auto& client = Client();
  client.Write(kGet);
  world_.Until([&] { return server != nullptr; });
  for (int i = 0; i < 30; ++i) {
    const auto until = std::chrono::steady_clock::now() + 60ms;
    while (std::chrono::steady_clock::now() < until) world_.loop().Turn(10ms);
    server->Write("x");
  }
  world_.Until([&] { return client.input().ends_with(std::string(30, 'x')); });
}

TEST_F(WaitsTest, AnUploadThatStandsStillIsGivenUp) {
  world_.start_.timeouts.upload = 200ms;
  Site([](net::TestPeer&) {});
  EXPECT_THAT(
      world_.Ask(Client(), "PUT / HTTP/1.1\r\nHost: site.test\r\nContent-Length: 9\r\n\r\nhalf",
                 "client_timeout"),
      StartsWith("HTTP/1.1 408 "));
}

TEST_F(WaitsTest, AClientThatReadsNothingIsGivenUp) {
  world_.start_.timeouts.reader = 300ms;
  Site([](net::TestPeer& peer) {
    // More than what the kernel and the buffers between hold.
    constexpr std::size_t size = 32 << 20;
    if (peer.TakeInput().empty()) return;
    peer.Write(fmt::format("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", size) +
               std::string(size, 'x'));
  });
  auto& client = Client();
  client.Pause();
  client.Write(kGet);
  EXPECT_EQ(world_.RecordWith("reader_timeout").kind, "request");
}

TEST_F(WaitsTest, ASiteThatDoesNotShakeHandsIsGivenUp) {
  world_.start_.timeouts.tls = 1000ms;
  world_.AddSite("site.test", 443, TestWorld::Security::kPlain, [](net::TestPeer&) {});
  EXPECT_THAT(world_.Ask(Client(), kGet, "upstream_timeout"), StartsWith("HTTP/1.1 504 "));
}

TEST_F(WaitsTest, AnIdleConnectionIsClosedAfterItsTime) {
  world_.start_.timeouts.pool = 200ms;
  net::TestPeer* server = nullptr;
  Site([&](net::TestPeer& peer) {
    server = &peer;
    if (!peer.TakeInput().empty()) peer.Write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  });
  auto& client = Client();
  EXPECT_THAT(world_.Ask(client, kGet, "\r\n\r\n"), StartsWith("HTTP/1.1 200 OK"));
  world_.Until([&] { return server->ended(); });
  EXPECT_FALSE(client.ended());
}

TEST_F(WaitsTest, AnUpstreamProxyThatStallsIsTold) {
  world_.start_.timeouts.connect = 300ms;
  auto& site =
      world_.AddSite("proxy.test", 3128, TestWorld::Security::kPlain, [](net::TestPeer&) {});
  world_.start_.proxy.host = "127.0.0.1";
  world_.start_.proxy.port = site.port;
  world_.verdicts_["site.test"] = {.action = Action::kAllow};
  EXPECT_THAT(world_.Ask(Client(), kGet, "upstream_proxy_timeout"),
              testing::AllOf(StartsWith("HTTP/1.1 504 "), HasSubstr("127.0.0.1")));
}

}  // namespace
}  // namespace aileron::proxy
