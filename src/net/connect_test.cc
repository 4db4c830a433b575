#include "net/connect.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

namespace aileron::net {
namespace {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

struct Listening {
  explicit Listening(const char* text = "127.0.0.1") {
    const Endpoint wanted = *Endpoint::Parse(text, 0);
    socket = os::Fd(::socket(wanted.is_v6() ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_storage address;
    socklen_t size = wanted.ToSockaddr(address);
    EXPECT_EQ(bind(socket.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(listen(socket.get(), 8), 0);
    EXPECT_EQ(getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
    at = *Endpoint::From(address);
  }
  os::Fd socket;
  Endpoint at;
};

Result<Connected> Try(std::vector<Endpoint> addresses, Interval timeout = 5s) {
  const auto loop = *Loop::Make();
  std::optional<Result<Connected>> result;
  ConnectAttempt attempt(*loop, std::move(addresses), timeout,
                         [&](Result<Connected> got) { result = std::move(got); });
  while (!result) loop->Turn(100ms);
  return std::move(*result);
}

TEST(Connect, TheFirstAddressThatAnswersWins) {
  Listening listening;
  const Endpoint refused = *Endpoint::Parse("127.0.0.1", 1);
  const auto connected = Try({refused, listening.at});
  ASSERT_TRUE(connected) << connected.error().message;
  EXPECT_EQ(connected->peer, listening.at);
}

TEST(Connect, WhenAllFailTheLastReasonIsGiven) {
  const auto connected = Try({*Endpoint::Parse("127.0.0.1", 1), *Endpoint::Parse("127.0.0.2", 1)});
  ASSERT_FALSE(connected);
  EXPECT_EQ(connected.error().message, "127.0.0.2:1: Connection refused");
  EXPECT_FALSE(Try({}));
}

// A listener whose queue is full takes no more: connecting to it waits.
struct BlackHole : Listening {
  explicit BlackHole(const char* address = "127.0.0.1") : Listening(address) {
    EXPECT_EQ(listen(socket.get(), 0), 0);
    for (int i = 0; i < 4; ++i) {
      os::Fd& filler = fillers.emplace_back(
          ::socket(at.is_v6() ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
      sockaddr_storage to;
      const socklen_t size = at.ToSockaddr(to);
      (void)connect(filler.get(), reinterpret_cast<sockaddr*>(&to), size);
    }
  }
  std::vector<os::Fd> fillers;
};

Interval Since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::steady_clock::now() - begin;
}

TEST(Connect, AnAttemptEndsAtItsDeadline) {
  const BlackHole hole;
  const auto connected = Try({hole.at}, 100ms);
  ASSERT_FALSE(connected);
  EXPECT_EQ(connected.error().message, "no answer in time");
}

TEST(Connect, ABlackHoleDelaysByTheStaggerAndNotByTheTimeout) {
  const BlackHole hole;
  const Listening listening;
  const auto begin = std::chrono::steady_clock::now();
  const auto connected = Try({hole.at, listening.at}, 30s);
  ASSERT_TRUE(connected) << connected.error().message;
  EXPECT_EQ(connected->peer, listening.at);
  EXPECT_GE(Since(begin), 240ms);
  EXPECT_LT(Since(begin), 5s);
}

TEST(Connect, TheFamiliesTakeTurns) {
  // Three dead addresses of the first family come before the second's, and delay it once.
  const BlackHole first("::1");
  const BlackHole second("::1");
  const BlackHole third("::1");
  const Listening listening;
  const auto begin = std::chrono::steady_clock::now();
  const auto connected = Try({first.at, second.at, third.at, listening.at}, 30s);
  ASSERT_TRUE(connected) << connected.error().message;
  EXPECT_EQ(connected->peer, listening.at);
  EXPECT_LT(Since(begin), 490ms + 250ms);  // by turns 250 ms, in their order 750 ms
}

TEST(Connect, AddressesThatComeLaterJoin) {
  const auto loop = *Loop::Make();
  const BlackHole hole;
  const Listening listening("::1");
  std::optional<Result<Connected>> result;
  ConnectAttempt attempt(
      *loop, {hole.at, *Endpoint::Parse("127.0.0.1", 1)}, 30s,
      [&](Result<Connected> got) { result = std::move(got); }, ConnectAttempt::More::kExpected);
  Timer late(*loop, [&] { attempt.Add({listening.at}); });
  late.Set(600ms);
  while (!result) loop->Turn(100ms);
  ASSERT_TRUE(*result) << result->error().message;
  EXPECT_EQ((*result)->peer, listening.at);
}

TEST(Connect, AllHaveFailedOnlyWhenNoMoreAreExpected) {
  const auto loop = *Loop::Make();
  std::optional<Result<Connected>> result;
  ConnectAttempt attempt(
      *loop, {*Endpoint::Parse("127.0.0.1", 1)}, 30s,
      [&](Result<Connected> got) { result = std::move(got); }, ConnectAttempt::More::kExpected);
  for (int i = 0; i < 5; ++i) loop->Turn(20ms);
  EXPECT_FALSE(result);
  attempt.Add({});
  while (!result) loop->Turn(100ms);
  EXPECT_FALSE(*result);
}

}  // namespace
}  // namespace aileron::net
