// The worker as it really runs: a process, confined. A sanitizer's own calls would be killed by the
// filter, so those builds leave this file out; everything else is tested in data_plane_test.cc.
#include "proxy/worker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "proxy/test_world.h"

#if !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer)

namespace aileron::proxy {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

void Answer(net::TestPeer& peer) {
  while (peer.input().contains("\r\n\r\n")) {
    peer.input().erase(0, peer.input().find("\r\n\r\n") + 4);
    peer.Write("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone");
  }
}

std::string StatusOf(pid_t pid, const std::string& field) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(field + ":")) return line.substr(field.size() + 1);
  }
  return "";
}

TEST(Worker, AConfinedWorkerServesEveryKindOfRequest) {
  TestWorld world;
  world.AddSite("site.test", 443, TestWorld::Security::kTls, Answer);
  world.AddSite("plain.test", 80, TestWorld::Security::kPlain, Answer);
  world.AddSite("stranger.test", 443, TestWorld::Security::kUntrusted, Answer);
  world.verdicts_["site.test"] = {
      .action = Action::kAllow,
      .bindings = {{.name = "b", .scheme = BindingScheme::kBearer, .credential = "token/b"}}};
  world.secrets_["b"] = "s3cret-token";
  world.Start(TestWorld::Worker::kProcess);
  EXPECT_THAT(StatusOf(world.child(), "Seccomp"), HasSubstr("2"));
  EXPECT_THAT(StatusOf(world.child(), "NoNewPrivs"), HasSubstr("1"));
  auto& client = world.ConnectTls("site.test:443", "site.test");
  for (int i = 0; i < 20; ++i) {
    EXPECT_THAT(world.Ask(client, "GET / HTTP/1.1\r\nHost: site.test\r\n\r\n", "done"),
                EndsWith("done"));
  }
  auto& plain = world.Connect(world.proxy_port_);
  EXPECT_THAT(
      world.Ask(plain, "GET http://plain.test/ HTTP/1.1\r\nHost: plain.test\r\n\r\n", "done"),
      EndsWith("done"));
  auto& bad = world.ConnectTls("stranger.test:443", "stranger.test");
  EXPECT_THAT(world.Ask(bad, "GET / HTTP/1.1\r\nHost: stranger.test\r\n\r\n", "hint:"),
              StartsWith("HTTP/1.1 502 "));
  // Through the resolver: answered or not, the worker survives it.
  auto& unknown = world.ConnectTls("nowhere.invalid:443", "nowhere.invalid");
  EXPECT_THAT(world.Ask(unknown, "GET / HTTP/1.1\r\nHost: nowhere.invalid\r\n\r\n", "hint:"),
              StartsWith("HTTP/1.1 50"));
  EXPECT_EQ(world.RecordWith("upstream_certificate").status, 502u);
}

TEST(Worker, AnIdleWorkerIsSmall) {
  TestWorld world;
  world.Start(TestWorld::Worker::kProcess);
  // What it has beyond this process, of which it is a copy.
  const int grown =
      std::stoi(StatusOf(world.child(), "RssAnon")) - std::stoi(StatusOf(getpid(), "RssAnon"));
  constexpr int grown_kib_max = 4096;
  EXPECT_LT(grown, grown_kib_max);
}

TEST(Worker, TheWorkerEndsWhenTheChannelDoes) {
  auto [here, there] = *os::SocketPair(SOCK_SEQPACKET);
  const pid_t child = fork();
  if (child == 0) {
    here.Reset();
    _exit(RunWorker(std::move(there)));
  }
  there.Reset();
  ASSERT_TRUE(os::SendMessage(here.get(), Encode(Start{.session_id = "s"})));
  AILERON_CHECK(os::ReceiveMessage(here.get(), limits::packet_max).has_value());  // Ready
  here.Reset();
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 1) << status;
}

TEST(Worker, WhatIsNotStartIsRefused) {
  auto [here, there] = *os::SocketPair(SOCK_SEQPACKET);
  const pid_t child = fork();
  if (child == 0) {
    here.Reset();
    _exit(RunWorker(std::move(there)));
  }
  there.Reset();
  ASSERT_TRUE(os::SendMessage(here.get(), "nonsense"));
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 78) << status;
}

}  // namespace
}  // namespace aileron::proxy

#endif
