// Past what a peer can make grow (limits.h), where no other test goes: the limit's own answer, and
// that what is honest goes on.
#include "proxy/limits.h"

#include <gmock/gmock.h>

#include <vector>

#include "proxy/client_hello.h"
#include "proxy/test_world.h"

namespace aileron::proxy {
namespace {

using testing::EndsWith;

void Answer(net::TestPeer& peer) {
  while (peer.input().contains("\r\n\r\n")) {
    peer.input().erase(0, peer.input().find("\r\n\r\n") + 4);
    peer.Write("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone");
  }
}

constexpr std::string_view kGet = "GET / HTTP/1.1\r\nHost: site.test\r\n\r\n";

TEST(Limits, TheOldestCertificateMakesRoom) {
  TestWorld world;
  world.Start();
  const auto shake = [&](std::size_t number) {
    const std::string name = fmt::format("n{}.test", number);
    world.ConnectTls(name + ":443", name).Reset();
  };
  for (std::size_t i = 0; i <= limits::leafs_max; ++i) shake(i);
  EXPECT_EQ(world.leafs_asked_, static_cast<int>(limits::leafs_max) + 1);
  shake(limits::leafs_max);
  EXPECT_EQ(world.leafs_asked_, static_cast<int>(limits::leafs_max) + 1);
  shake(0);  // was forgotten
  EXPECT_EQ(world.leafs_asked_, static_cast<int>(limits::leafs_max) + 2);
}

TEST(Limits, MoreClientsOfDnsWaitUntilOneLeaves) {
  TestWorld world;
  world.Start();
  std::vector<net::TestPeer*> clients;
  for (std::size_t i = 0; i <= limits::dns_tcp_clients_max; ++i)
    clients.push_back(&world.Connect(world.dns_tcp_port_));
  // A question for A of "a.test", with its length in front (RFC 7766 §8).
  const std::string_view question("\0\x18\0\1\1\0\0\1\0\0\0\0\0\0\1a\4test\0\0\1\0\1", 26);
  net::TestPeer& last = *clients.back();
  last.Write(question);
  clients.front()->Write(question);
  world.Until([&] { return clients.front()->input().size() > question.size(); });
  EXPECT_EQ(last.input(), "");
  clients.front()->Reset();
  world.Until([&] { return last.input().size() > question.size(); });
}

TEST(Limits, IdleConnectionsToASiteAreKeptUpToTheirNumber) {
  TestWorld world;
  auto& site = world.AddSite("site.test", 443, TestWorld::Security::kTls, Answer);
  world.Start();
  std::vector<net::TestPeer*> clients;
  // All at once, so that each has a connection of its own.
  for (std::size_t i = 0; i < limits::pool_per_host_max + 3; ++i)
    clients.push_back(&world.ConnectTls("site.test:443", "site.test"));
  for (net::TestPeer* client : clients) client->Write(kGet);
  for (net::TestPeer* client : clients)
    world.Until([&] { return client->input().ends_with("done"); });
  const auto open = [&] {
    return static_cast<std::size_t>(
        std::ranges::count_if(site.peers, [](net::TestPeer& peer) { return !peer.ended(); }));
  };
  world.Until([&] { return open() <= limits::pool_per_host_max; });
  EXPECT_THAT(world.Ask(*clients[0], kGet, "done"), EndsWith("done"));
}

TEST(Limits, ConnectionsAreOpenedAheadUpToTheirNumber) {
  TestWorld world;
  // Sites that never shake hands: what was begun for them stays begun.
  std::vector<TestWorld::Site*> sites;
  constexpr std::size_t more = 5;
  for (std::size_t i = 0; i < limits::ahead_max + more; ++i) {
    sites.push_back(&world.AddSite(fmt::format("n{}.test", i), 443, TestWorld::Security::kPlain,
                                   [](net::TestPeer&) {}));
  }
  world.start_.timeouts.tls = std::chrono::minutes(1);
  world.Start();
  for (std::size_t i = 0; i < sites.size(); ++i) {
    const std::string name = fmt::format("n{}.test", i);
    (void)world.ConnectTls(name + ":443", name);
  }
  const auto begun = [&] {
    return static_cast<std::size_t>(
        std::ranges::count_if(sites, [](const auto* site) { return site->accepted > 0; }));
  };
  world.Until([&] { return begun() == limits::ahead_max; });
  for (int i = 0; i < 20; ++i) world.loop().Turn(std::chrono::milliseconds(5));
  EXPECT_EQ(begun(), limits::ahead_max);
}

TEST(Limits, AHelloThatNeverEndsIsMalformed) {
  const auto announced = [](std::size_t size) {
    const std::string record("\x16\x03\x01\x40\x00\x01\x00", 7);
    return ReadClientHello(record + static_cast<char>(size >> 8) + static_cast<char>(size)).outcome;
  };
  EXPECT_EQ(announced(limits::hello_max - 4), ClientHello::Outcome::kNeedMore);
  EXPECT_EQ(announced(limits::hello_max), ClientHello::Outcome::kMalformed);
}

}  // namespace
}  // namespace aileron::proxy
