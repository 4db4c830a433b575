#include "net/connect.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

namespace aileron::net {
namespace {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

struct Listening {
  Listening() {
    socket = os::Fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_storage address;
    socklen_t size = Endpoint::Parse("127.0.0.1", 0)->ToSockaddr(address);
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

TEST(Connect, AnAttemptEndsAtItsDeadline) {
  // A listener whose queue is full takes no more: connecting to it waits.
  Listening listening;
  EXPECT_EQ(listen(listening.socket.get(), 0), 0);
  std::vector<os::Fd> fillers;
  for (int i = 0; i < 4; ++i) {
    os::Fd& filler =
        fillers.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    sockaddr_storage address;
    const socklen_t size = listening.at.ToSockaddr(address);
    (void)connect(filler.get(), reinterpret_cast<sockaddr*>(&address), size);
  }
  const auto connected = Try({listening.at}, 100ms);
  ASSERT_FALSE(connected);
  EXPECT_EQ(connected.error().message, "no answer in time");
}

}  // namespace
}  // namespace aileron::net
