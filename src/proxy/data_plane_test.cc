#include "proxy/data_plane.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "proxy/test_world.h"

namespace aileron::proxy {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

// Answers each request with the size of what it sent so far.
void Echo(net::TestPeer& peer) {
  while (true) {
    const std::size_t end = peer.input().find("\r\n\r\n");
    if (end == std::string::npos) return;
    const std::string head = peer.input().substr(0, end + 4);
    peer.input().erase(0, end + 4);
    const std::string body = "saw " + head.substr(0, head.find('\r'));
    peer.Write("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
               body);
  }
}

TEST(DataPlane, ThreeRequestsShareOneTunnelAndOneUpstreamConnection) {
  TestWorld world;
  auto& site = world.AddSite("site.test", 443, TestWorld::Security::kTls, Echo);
  world.Start();
  auto& client = world.ConnectTls("site.test:443", "site.test");
  for (const char* path : {"/1", "/2", "/3"}) {
    const std::string target = path;
    const std::string got = world.Ask(
        client, "GET " + target + " HTTP/1.1\r\nHost: site.test\r\n\r\n", "saw GET " + target);
    EXPECT_THAT(got, StartsWith("HTTP/1.1 200 OK\r\n"));
    EXPECT_THAT(got, EndsWith("saw GET " + target + " HTTP/1.1"));
  }
  EXPECT_EQ(site.accepted, 1);
  world.Until([&] { return world.records_.size() == 3; });
  EXPECT_EQ(world.records_[2].path, "/3");
  EXPECT_EQ(world.records_[2].status, 200u);
}

// Two requests of one client are answered over one connection, and recorded.
void ExpectApi(TestWorld& world, net::TestPeer& client) {
  for (const char* path : {"/v1/a", "/v1/b"}) {
    const std::string target = path;
    const std::string got =
        world.Ask(client, "GET " + target + " HTTP/1.1\r\nHost: aileron.internal\r\n\r\n",
                  "saw GET " + target);
    EXPECT_THAT(got, StartsWith("HTTP/1.1 200 OK\r\n"));
  }
  EXPECT_EQ(world.api_peers_.size(), 1u);
  world.Until([&] { return world.records_.size() == 2; });
  EXPECT_EQ(world.records_[0].host, "aileron.internal");
}

TEST(DataPlane, TheSandboxsApiIsReachedThroughTheDaemon) {
  TestWorld world;
  world.api_ = Echo;
  world.Start();
  ExpectApi(world, world.ConnectTls("aileron.internal:443", "aileron.internal"));
}

TEST(DataPlane, TheListenerForTheApiServesThatAlone) {
  TestWorld world;
  auto& site = world.AddSite("site.test", 443, TestWorld::Security::kTls, Echo);
  world.api_ = Echo;
  world.Start();
  ExpectApi(world, world.Connect(world.api_port_));
  for (const char* other : {"GET / HTTP/1.1\r\nHost: site.test\r\n\r\n",
                            "GET https://site.test/ HTTP/1.1\r\nHost: site.test\r\n\r\n",
                            "CONNECT site.test:443 HTTP/1.1\r\nHost: site.test:443\r\n\r\n"}) {
    EXPECT_THAT(world.Ask(world.Connect(world.api_port_), other, "\r\n\r\n"),
                StartsWith("HTTP/1.1 4"))
        << other;
  }
  EXPECT_TRUE(site.peers.empty());
}

TEST(DataPlane, AnApiThatIsNotThereIsSaidToBe) {
  TestWorld world;
  world.Start();
  auto& client = world.ConnectTls("aileron.internal:443", "aileron.internal");
  EXPECT_THAT(world.Ask(client, "GET / HTTP/1.1\r\nHost: aileron.internal\r\n\r\n", "there is"),
              StartsWith("HTTP/1.1 503 "));
  EXPECT_EQ(world.RecordWith("api_unavailable").status, 503u);
}

TEST(DataPlane, ARequestWaitsForAPersonAndGoesOn) {
  TestWorld world;
  world.AddSite("site.test", 443, TestWorld::Security::kTls, Echo);
  world.verdicts_["site.test"] = {.action = Action::kAllow, .keep_ms = 0, .rule = "approval 1"};
  world.Start();
  auto& client = world.ConnectTls("site.test:443", "site.test");
  world.held_["site.test"];
  client.Write("GET /1 HTTP/1.1\r\nHost: site.test\r\n\r\n");
  world.Until([&] { return !world.held_["site.test"].empty(); });
  EXPECT_EQ(client.input(), "");
  Verdict verdict = world.verdicts_["site.test"];
  for (const std::uint64_t id : world.held_["site.test"]) {
    verdict.id = id;
    (void)world.daemon_->Send(Encode(verdict));
  }
  world.held_.clear();
  world.Until([&] { return client.input().contains("saw GET /1"); });
  // Not remembered: the next request asks again.
  const int asked = world.verdicts_asked_;
  world.Ask(client, "GET /2 HTTP/1.1\r\nHost: site.test\r\n\r\n", "saw GET /2");
  EXPECT_GT(world.verdicts_asked_, asked);
}

TEST(DataPlane, ABodyIsHeldThoughMoreOfItWaitedThanThereWasRoomFor) {
  TestWorld world;
  world.AddSite("site.test", 443, TestWorld::Security::kTls, Echo);
  world.verdicts_["site.test"] = {.action = Action::kAllow, .requests = Requests::kAsked};
  world.Start();
  const auto answer = [&](const AskRequest& ask, Next next) {
    (void)world.daemon_->Send(Encode(RequestAnswer{.id = ask.id, .next = next, .pass = 1}));
  };
  auto& client = world.ConnectTls("site.test:443", "site.test");
  // Little enough to be in the socket as a whole, so that nothing comes later.
  const std::string body(limits::input_max + limits::input_max / 4, 'x');
  client.Write(fmt::format("POST /1 HTTP/1.1\r\nHost: site.test\r\nContent-Length: {}\r\n\r\n{}",
                           body.size(), body));
  world.Until([&] { return world.requests_.size() == 1; });
  // Another client's question comes after what the first one had sent by then was read.
  auto& other = world.ConnectTls("site.test:443", "site.test");
  other.Write("GET /2 HTTP/1.1\r\nHost: site.test\r\n\r\n");
  world.Until([&] { return world.requests_.size() == 2; });
  EXPECT_EQ(world.requests_[0].seen, Seen::kNothing);
  answer(world.requests_[0], Next::kShow);
  world.Until([&] { return world.requests_.size() == 3; });
  EXPECT_EQ(world.requests_[2].seen, Seen::kWhole);
  EXPECT_EQ(world.requests_[2].size, body.size());
  answer(world.requests_[2], Next::kSend);
  world.Until([&] { return client.input().contains("saw POST /1"); });
  // A client that goes leaves no question behind.
  other.Reset();
  world.Until([&] { return !world.gone_.empty(); });
  EXPECT_EQ(world.gone_.front(), world.requests_[1].id);
}

TEST(DataPlane, ANewHostIsConnectedBeforeItsFirstRequestAndOnce) {
  TestWorld world;
  auto& site = world.AddSite("site.test", 443, TestWorld::Security::kTls, Echo);
  world.Start();
  auto& client = world.ConnectTls("site.test:443", "site.test");
  world.Until([&] { return site.accepted == 1; });
  EXPECT_THAT(world.Ask(client, "GET /1 HTTP/1.1\r\nHost: site.test\r\n\r\n", "saw GET /1"),
              StartsWith("HTTP/1.1 200 OK\r\n"));
  auto& second = world.ConnectTls("site.test:443", "site.test");
  EXPECT_THAT(world.Ask(second, "GET /2 HTTP/1.1\r\nHost: site.test\r\n\r\n", "saw GET /2"),
              StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_EQ(site.accepted, 1);
}

TEST(DataPlane, AHostThatIsRefusedOrBoundIsNotConnectedAhead) {
  TestWorld world;
  auto& refused = world.AddSite("refused.test", 443, TestWorld::Security::kTls, Echo);
  auto& bound = world.AddSite("bound.test", 443, TestWorld::Security::kTls, Echo);
  auto& free = world.AddSite("free.test", 443, TestWorld::Security::kTls, Echo);
  world.verdicts_["refused.test"] = {.reason = "no", .hint = "", .code = "host_denied"};
  world.verdicts_["bound.test"] = {.action = Action::kAllow, .bindings = {{.name = "b"}}};
  world.Start();
  world.ConnectTls("refused.test:443", "refused.test");
  world.ConnectTls("bound.test:443", "bound.test");
  world.ConnectTls("free.test:443", "free.test");
  world.Until([&] { return free.accepted == 1; });
  EXPECT_EQ(refused.accepted, 0);
  EXPECT_EQ(bound.accepted, 0);
}

TEST(DataPlane, APlainRequestThroughTheProxyArrives) {
  TestWorld world;
  world.AddSite("plain.test", 80, TestWorld::Security::kPlain, Echo);
  world.Start();
  auto& client = world.Connect(world.proxy_port_);
  const std::string got = world.Ask(client,
                                    "GET http://plain.test/a?b HTTP/1.1\r\nHost: "
                                    "plain.test\r\nProxy-Connection: keep-alive\r\n\r\n",
                                    "saw ");
  EXPECT_THAT(got, EndsWith("saw GET /a?b HTTP/1.1"));
}

TEST(DataPlane, ACapturedAddressIsTheSite) {
  TestWorld world;
  world.Start();
  // The listener's own address is where the client believes to be; the verdict lets it through, and
  // the connection goes there, which is a proxy port again only if nobody looked.
  world.verdicts_["127.0.0.1"] = {
      .reason = "nobody allowed it", .hint = "--allow", .code = "host_not_allowed"};
  auto& client = world.Connect(world.captured_port_);
  const std::string port = std::to_string(world.captured_port_);
  const std::string got = world.Ask(
      client, "GET / HTTP/1.1\r\nHost: 127.0.0.1:" + port + "\r\n\r\n", "nobody allowed it");
  EXPECT_THAT(got, StartsWith("HTTP/1.1 403 "));
  EXPECT_EQ(world.RecordWith("host_not_allowed").port, world.captured_port_);
}

TEST(DataPlane, ACapturedTlsConnectionGoesToItsSni) {
  TestWorld world;
  world.verdicts_["named.test"] = {.reason = "no", .hint = "", .code = "host_denied"};
  world.Start();
  auto& client = world.Connect(world.captured_port_);
  client.ConnectTls(*world.trusts_session_, "named.test");
  world.Until([&] { return client.secure() || client.failed(); });
  ASSERT_TRUE(client.secure()) << client.error();
  const std::string port = std::to_string(world.captured_port_);
  EXPECT_THAT(
      world.Ask(client, "GET / HTTP/1.1\r\nHost: named.test:" + port + "\r\n\r\n", "aileron"),
      StartsWith("HTTP/1.1 403 "));
}

TEST(DataPlane, AnUploadThatExpectsContinueIsForwardedEndToEnd) {
  TestWorld world;
  std::string seen;
  world.AddSite("site.test", 443, TestWorld::Security::kTls, [&](net::TestPeer& peer) {
    if (seen.empty() && peer.input().contains("\r\n\r\n")) {
      seen = peer.TakeInput();
      peer.Write("HTTP/1.1 100 Continue\r\n\r\n");
    }
    if (peer.input() == "hello") peer.Write("HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n");
  });
  world.Start();
  auto& client = world.ConnectTls("site.test:443", "site.test");
  const std::string interim = world.Ask(
      client,
      "PUT /x HTTP/1.1\r\nHost: site.test\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n",
      "\r\n\r\n");
  EXPECT_EQ(interim, "HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_THAT(seen, HasSubstr("Expect: 100-continue\r\n"));
  EXPECT_THAT(world.Ask(client, "hello", "\r\n\r\n"), StartsWith("HTTP/1.1 201 Created\r\n"));
}

TEST(DataPlane, EachServerSentEventArrivesBeforeTheNextIsSent) {
  TestWorld world;
  net::TestPeer* server = nullptr;
  world.AddSite("site.test", 443, TestWorld::Security::kTls, [&](net::TestPeer& peer) {
    server = &peer;
    if (!peer.TakeInput().empty()) {
      peer.Write(
          "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: "
          "chunked\r\n\r\n");
    }
  });
  world.Start();
  auto& client = world.ConnectTls("site.test:443", "site.test");
  (void)world.Ask(client, "GET / HTTP/1.1\r\nHost: site.test\r\n\r\n", "\r\n\r\n");
  for (int i = 0; i < 5; ++i) {
    const std::string event = "data: " + std::to_string(i) + "\n\n";
    server->Write(fmt::format("{:x}\r\n{}\r\n", event.size(), event));
    world.Until([&] { return client.input().contains(event); });
  }
  server->Write("0\r\n\r\n");
  world.Until([&] { return client.input().contains("0\r\n\r\n"); });
}

TEST(DataPlane, AfterAnUpgradeBytesGoBothWaysUntilBothEnd) {
  TestWorld world;
  bool upgraded = false;
  world.AddSite("site.test", 443, TestWorld::Security::kTls, [&](net::TestPeer& peer) {
    if (!upgraded) {
      EXPECT_THAT(peer.TakeInput(), HasSubstr("Upgrade: websocket\r\n"));
      upgraded = true;
      peer.Write(
          "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: "
          "websocket\r\n\r\nfirst");
    } else {
      peer.Write("<" + peer.TakeInput() + ">");
      if (peer.ended()) peer.End();
    }
  });
  world.Start();
  auto& client = world.ConnectTls("site.test:443", "site.test");
  EXPECT_THAT(
      world.Ask(
          client,
          "GET / HTTP/1.1\r\nHost: site.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
          "first"),
      StartsWith("HTTP/1.1 101 "));
  EXPECT_EQ(world.Ask(client, "ping", ">"), "<ping>");
  client.End();
  world.Until([&] { return client.ended(); });
  EXPECT_TRUE(client.clean_end());
}

TEST(DataPlane, AnUntrustedOrExpiredUpstreamIsRefusedWithAReason) {
  TestWorld world;
  world.AddSite("stranger.test", 443, TestWorld::Security::kUntrusted, Echo);
  world.AddSite("expired.test", 443, TestWorld::Security::kExpired, Echo);
  world.Start();
  auto& one = world.ConnectTls("stranger.test:443", "stranger.test");
  std::string got = world.Ask(one, "GET / HTTP/1.1\r\nHost: stranger.test\r\n\r\n", "hint:");
  EXPECT_THAT(got, StartsWith("HTTP/1.1 502 "));
  EXPECT_THAT(got, HasSubstr("--upstream-ca"));
  auto& two = world.ConnectTls("expired.test:443", "expired.test");
  got = world.Ask(two, "GET / HTTP/1.1\r\nHost: expired.test\r\n\r\n", "hint:");
  EXPECT_THAT(got, HasSubstr("certificate has expired"));
  EXPECT_EQ(world.RecordWith("upstream_certificate").status, 502u);
}

TEST(DataPlane, ACredentialIsInjectedAndAMissingOneStopsTheRequest) {
  TestWorld world;
  std::string seen;
  const auto listen = [&](net::TestPeer& peer) {
    seen += peer.input();
    Echo(peer);
  };
  world.AddSite("bound.test", 443, TestWorld::Security::kTls, listen);
  auto& locked = world.AddSite("locked.test", 443, TestWorld::Security::kTls, listen);
  BindingView binding{.name = "b", .scheme = BindingScheme::kBearer, .credential = "token/b"};
  world.verdicts_["bound.test"] = {.action = Action::kAllow, .bindings = {binding}};
  binding.name = "l";
  world.verdicts_["locked.test"] = {.action = Action::kAllow, .bindings = {binding}};
  world.secrets_["b"] = "s3cret-token";
  world.Start();
  auto& client = world.ConnectTls("bound.test:443", "bound.test");
  (void)world.Ask(
      client, "GET / HTTP/1.1\r\nHost: bound.test\r\nAuthorization: Bearer mine\r\n\r\n", "saw ");
  EXPECT_THAT(seen, HasSubstr("Authorization: Bearer s3cret-token\r\n"));
  EXPECT_THAT(seen, Not(HasSubstr("mine")));
  auto& other = world.ConnectTls("locked.test:443", "locked.test");
  const std::string got = world.Ask(other, "GET / HTTP/1.1\r\nHost: locked.test\r\n\r\n", "hint:");
  EXPECT_THAT(got, StartsWith("HTTP/1.1 502 "));
  EXPECT_THAT(got, HasSubstr("aileron vault unlock"));
  EXPECT_EQ(locked.accepted, 0);
}

TEST(DataPlane, ACredentialIsUsedNoLongerThanTheDaemonSays) {
  TestWorld world;
  world.AddSite("bound.test", 443, TestWorld::Security::kTls, Echo);
  const BindingView binding{.name = "b", .scheme = BindingScheme::kBearer, .credential = "token/b"};
  world.verdicts_["bound.test"] = {.action = Action::kAllow, .bindings = {binding}};
  world.secrets_["b"] = "s3cret-token";
  world.Start();
  auto& client = world.ConnectTls("bound.test:443", "bound.test");
  const auto ask = [&] {
    (void)world.Ask(client, "GET / HTTP/1.1\r\nHost: bound.test\r\n\r\n", "saw ");
    return world.credentials_asked_;
  };
  world.keep_ms_ = 0;
  EXPECT_EQ(ask(), 1);
  EXPECT_EQ(ask(), 2);
  world.keep_ms_ = 600'000;
  EXPECT_EQ(ask(), 3);
  EXPECT_EQ(ask(), 3);
}

TEST(DataPlane, RevokeForgetsVerdictsAndCredentials) {
  TestWorld world;
  world.AddSite("site.test", 443, TestWorld::Security::kTls, Echo);
  world.Start();
  auto& client = world.ConnectTls("site.test:443", "site.test");
  const std::string request = "GET / HTTP/1.1\r\nHost: site.test\r\n\r\n";
  (void)world.Ask(client, request, "saw ");
  const int asked = world.verdicts_asked_;
  (void)world.Ask(client, request, "saw ");
  EXPECT_EQ(world.verdicts_asked_, asked);
  world.verdicts_["site.test"] = {.reason = "no longer", .code = "host_denied"};
  ASSERT_TRUE(world.daemon_->Send(Encode(Revoke{})));
  EXPECT_THAT(world.Ask(client, request, "no longer"), StartsWith("HTTP/1.1 403 "));
}

TEST(DataPlane, AHostOtherThanTheTunnelsIsRefused) {
  TestWorld world;
  std::string seen;
  world.AddSite("site.test", 443, TestWorld::Security::kTls,
                [&](net::TestPeer& peer) { seen += peer.TakeInput(); });
  world.Start();
  auto& client = world.ConnectTls("site.test:443", "site.test");
  EXPECT_THAT(world.Ask(client, "GET / HTTP/1.1\r\nHost: other.test\r\n\r\n", "hint:"),
              StartsWith("HTTP/1.1 400 "));
  auto& fronted = world.ConnectTls("site.test:443", "other.test");
  EXPECT_THAT(world.Ask(fronted, "GET / HTTP/1.1\r\nHost: other.test\r\n\r\n", "hint:"),
              StartsWith("HTTP/1.1 400 "));
  EXPECT_EQ(world.RecordWith("authority_mismatch").host, "site.test");
  EXPECT_EQ(seen, "");
}

TEST(DataPlane, APrivateAddressBehindANameIsRefused) {
  TestWorld world;
  world.Start();
  auto& client = world.ConnectTls("localhost:443", "localhost");
  const std::string got = world.Ask(client, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", "hint:");
  EXPECT_THAT(got, StartsWith("HTTP/1.1 403 "));
  EXPECT_THAT(got, HasSubstr("--allow localhost"));
  EXPECT_EQ(world.RecordWith("address_not_public").action, "deny");
}

TEST(DataPlane, WhatIsNeitherTlsNorHttpIsClosedAndRecorded) {
  TestWorld world;
  world.Start();
  auto& client = world.Connect(world.captured_port_);
  client.Write("\x01\x02garbage");
  world.Until([&] { return client.ended(); });
  EXPECT_EQ(world.RecordWith("protocol_not_supported").action, "deny");
}

TEST(DataPlane, ADownloadLargerThanAllBuffersWaitsForASlowReader) {
  TestWorld world;
  constexpr std::size_t size = 24 << 20;
  net::TestPeer* server = nullptr;
  world.AddSite("site.test", 443, TestWorld::Security::kTls, [&](net::TestPeer& peer) {
    server = &peer;
    if (peer.TakeInput().empty()) return;
    peer.Write("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n");
    peer.Write(std::string(size, 'x'));
  });
  world.Start();
  auto& client = world.ConnectTls("site.test:443", "site.test");
  client.Pause();
  client.Write("GET / HTTP/1.1\r\nHost: site.test\r\n\r\n");
  world.Until([&] { return server != nullptr; });
  for (int i = 0; i < 10; ++i) world.loop().Turn(std::chrono::milliseconds(20));
  EXPECT_FALSE(server->written()) << "somebody holds 24 MiB";
  client.Resume();
  world.Until([&] { return client.input().size() >= size; });
  EXPECT_EQ(client.input().size(), client.input().find("\r\n\r\n") + 4 + size);
}

TEST(DataPlane, AResponseThatComesBeforeTheUploadEndsIsDelivered) {
  TestWorld world;
  world.AddSite("site.test", 443, TestWorld::Security::kTls, [&](net::TestPeer& peer) {
    if (!peer.input().contains("\r\n\r\n")) return;
    peer.Write("HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\nConnection: close\r\n\r\nbig");
    peer.End();
  });
  world.Start();
  auto& client = world.ConnectTls("site.test:443", "site.test");
  client.Write("POST / HTTP/1.1\r\nHost: site.test\r\nContent-Length: 100000000\r\n\r\n");
  client.Write(std::string(1 << 20, 'u'));
  world.Until([&] { return client.input().contains("big"); });
  EXPECT_THAT(client.input(), StartsWith("HTTP/1.1 413 Too Large\r\n"));
}

TEST(DataPlane, AClientThatLeavesCancelsItsUpstream) {
  TestWorld world;
  net::TestPeer* server = nullptr;
  world.AddSite("site.test", 443, TestWorld::Security::kTls,
                [&](net::TestPeer& peer) { server = &peer; });
  world.Start();
  auto& client = world.ConnectTls("site.test:443", "site.test");
  client.Write("GET / HTTP/1.1\r\nHost: site.test\r\n\r\n");
  world.Until([&] { return server != nullptr && server->input().contains("\r\n\r\n"); });
  client.Reset();
  world.Until([&] { return server->ended(); });
  EXPECT_EQ(world.RecordWith("client_gone").host, "site.test");
}

TEST(DataPlane, ATruncatedBodyIsNotTakenForAWholeOne) {
  TestWorld world;
  world.AddSite("site.test", 443, TestWorld::Security::kTls, [&](net::TestPeer& peer) {
    if (peer.TakeInput().empty()) return;
    peer.Write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
    peer.End();
  });
  world.Start();
  auto& client = world.ConnectTls("site.test:443", "site.test");
  client.Write("GET / HTTP/1.1\r\nHost: site.test\r\n\r\n");
  world.Until([&] { return client.ended(); });
  EXPECT_FALSE(client.clean_end());
  EXPECT_EQ(world.RecordWith("upstream_truncated").status, 200u);
}

TEST(DataPlane, TheSessionEndsWithTheDaemon) {
  TestWorld world;
  world.Start();
  world.Stop();
  EXPECT_TRUE(world.ended_);
}

}  // namespace
}  // namespace aileron::proxy
