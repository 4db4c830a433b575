#include "net/resolver.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <fstream>
#include <map>

namespace aileron::net {
namespace {

using std::chrono_literals::operator""ms;

class ResolverTest : public testing::Test {
 protected:
  Result<Resolver::Answer> Resolve(const std::string& hosts, const std::string& name) {
    const std::string path = testing::TempDir() + "/hosts";
    std::ofstream(path) << hosts;
    const auto loop = *Loop::Make();
    auto resolver = *Resolver::Make(*loop, path);
    std::optional<Result<Resolver::Answer>> result;
    resolver->Resolve(name, 443, [&](auto got) { result = std::move(got); });
    while (!result) loop->Turn(100ms);
    return std::move(*result);
  }
};

TEST_F(ResolverTest, NamesOfTheHostsFileNeedNoServer) {
  const auto found = Resolve(
      "# comment\n192.0.2.1\tone.test  two.test # three.test\n2001:db8::1 TWO.test\nbad two.test",
      "two.test");
  ASSERT_TRUE(found);
  ASSERT_EQ(found->addresses.size(), 2u);
  EXPECT_EQ(found->addresses[0].ToString(), "192.0.2.1:443");
  EXPECT_EQ(found->addresses[1].ToString(), "[2001:db8::1]:443");
}

TEST_F(ResolverTest, LocalhostIsLoopback) {
  const auto found = Resolve("", "localhost");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->addresses[0].ToString(), "127.0.0.1:443");
}

TEST_F(ResolverTest, AReservedNameIsAnError) {
  EXPECT_FALSE(Resolve("192.0.2.1 one.test", "three.invalid"));
}

using testing::ElementsAre;
using Rest = Resolver::Answer::Rest;

// A name server on the test's loop, which answers each type when it is told to.
class SlowServer final : private Loop::Handler {
 public:
  explicit SlowServer(Loop& loop) : loop_(loop) {
    socket_ = os::Fd(::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    sockaddr_storage at;
    socklen_t size = Endpoint::Parse("127.0.0.1", 0)->ToSockaddr(at);
    EXPECT_EQ(bind(socket_.get(), reinterpret_cast<sockaddr*>(&at), size), 0);
    EXPECT_EQ(getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&at), &size), 0);
    address_ = Endpoint::From(at)->ToString();
    EXPECT_TRUE(loop.Watch(socket_.get(), *this));
  }
  ~SlowServer() { loop_.Forget(socket_.get(), *this); }
  const std::string& address() const { return address_; }

  static constexpr int kA = 1;
  static constexpr int kAaaa = 28;
  std::map<int, Interval> delays;        // by type; no answer without one
  std::map<int, std::string> addresses;  // the bytes; none: the name has no such address

 private:
  void OnReady(Readiness) override {
    while (true) {
      char packet[512];
      sockaddr_storage peer;
      socklen_t size = sizeof peer;
      const ssize_t count = recvfrom(socket_.get(), packet, sizeof packet, 0,
                                     reinterpret_cast<sockaddr*>(&peer), &size);
      if (count < 12) return;
      std::size_t end = 12;
      while (packet[end] != 0) end += static_cast<unsigned char>(packet[end]) + 1u;
      const int type = packet[end + 2];
      if (!delays.contains(type)) continue;
      std::string answer(packet, end + 5);
      answer[2] = static_cast<char>(0x81);
      answer[3] = static_cast<char>(0x80);
      const std::string& address = addresses[type];
      answer.replace(6, 6, std::string("\0\1\0\0\0\0", 6));
      if (address.empty()) answer[7] = 0;
      if (!address.empty()) {
        answer += std::string("\xc0\x0c\0", 3) + static_cast<char>(type);
        answer += std::string("\0\1\0\0\0\x3c\0", 7) + static_cast<char>(address.size()) + address;
      }
      auto& timer = timers_.emplace_back(std::make_unique<Timer>(loop_, [this, answer, peer, size] {
        (void)sendto(socket_.get(), answer.data(), answer.size(), 0,
                     reinterpret_cast<const sockaddr*>(&peer), size);
      }));
      timer->Set(delays[type]);
    }
  }

  Loop& loop_;
  os::Fd socket_;
  std::string address_;
  std::vector<std::unique_ptr<Timer>> timers_;
};

class FamiliesTest : public testing::Test {
 protected:
  // The answers to one question, as "address+" when more was to come.
  std::vector<std::string> Ask() {
    auto resolver = *Resolver::Make(*loop_, "/nonexistent", server_.address());
    std::vector<std::string> got;
    bool done = false;
    resolver->Resolve("name.example", 443, [&](Result<Resolver::Answer> answer) {
      took_.push_back(std::chrono::steady_clock::now() - begin_);
      done = !answer || answer->rest == Rest::kNone;
      std::string text = answer ? "" : answer.error().message;
      if (answer) {
        for (const Endpoint& endpoint : answer->addresses) text += endpoint.Address();
        if (answer->rest == Rest::kMore) text += "+";
      }
      got.push_back(std::move(text));
    });
    begin_ = std::chrono::steady_clock::now();
    while (!done) loop_->Turn(100ms);
    return got;
  }

  std::unique_ptr<Loop> loop_ = *Loop::Make();
  SlowServer server_{*loop_};
  const std::string v4_{"\xc0\x00\x02\x01", 4};
  const std::string v6_ = std::string("\x20\x01\x0d\xb8", 4) + std::string(11, '\0') + "\1";
  std::chrono::steady_clock::time_point begin_;
  std::vector<Interval> took_;
};

TEST_F(FamiliesTest, Ipv6IsToldOfAsItComesAndIpv4Later) {
  server_.delays = {{SlowServer::kAaaa, 0ms}, {SlowServer::kA, 300ms}};
  server_.addresses = {{SlowServer::kAaaa, v6_}, {SlowServer::kA, v4_}};
  EXPECT_THAT(Ask(), ElementsAre("2001:db8::1+", "192.0.2.1"));
  EXPECT_LT(took_[0], 250ms);
}

TEST_F(FamiliesTest, Ipv4WaitsForIpv6ForTheResolutionDelayAlone) {
  server_.delays = {{SlowServer::kA, 0ms}, {SlowServer::kAaaa, 500ms}};
  server_.addresses = {{SlowServer::kAaaa, v6_}, {SlowServer::kA, v4_}};
  EXPECT_THAT(Ask(), ElementsAre("192.0.2.1+", "2001:db8::1"));
  EXPECT_GE(took_[0], 45ms);
  EXPECT_LT(took_[0], 400ms);
}

TEST_F(FamiliesTest, AnAnswerWithinTheDelayComesFirst) {
  server_.delays = {{SlowServer::kA, 0ms}, {SlowServer::kAaaa, 5ms}};
  server_.addresses = {{SlowServer::kAaaa, v6_}, {SlowServer::kA, v4_}};
  EXPECT_THAT(Ask(), ElementsAre("2001:db8::1192.0.2.1"));
}

TEST_F(FamiliesTest, AnEmptyAnswerIsNotWaitedFor) {
  server_.delays = {{SlowServer::kAaaa, 0ms}, {SlowServer::kA, 20ms}};
  server_.addresses = {{SlowServer::kA, v4_}};
  EXPECT_THAT(Ask(), ElementsAre("192.0.2.1"));
  server_.addresses.clear();
  EXPECT_THAT(Ask(), ElementsAre(testing::HasSubstr("name.example")));
}

TEST_F(ResolverTest, ALookupMayBeLeftUnfinished) {
  const auto loop = *Loop::Make();
  auto resolver = *Resolver::Make(*loop, "/nonexistent");
  int calls = 0;
  resolver->Resolve("left.invalid", 1, [&](auto) { ++calls; });
  resolver.reset();
  EXPECT_EQ(calls, 0);
}

}  // namespace
}  // namespace aileron::net
