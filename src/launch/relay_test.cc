#include "launch/relay.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include "launch/limits.h"
#include "os/capture.h"
#include "os/socket.h"

namespace aileron::launch {
namespace {

// A connection over TCP: its two ends.
std::pair<os::Fd, os::Fd> TcpPair() {
  const os::Fd listener = os::ListenTcpLoopback(0).value();
  sockaddr_in address{};
  socklen_t size = sizeof address;
  getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &size);
  os::Fd client(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  AILERON_CHECK(connect(client.get(), reinterpret_cast<sockaddr*>(&address), size) == 0);
  pollfd ready{listener.get(), POLLIN, 0};
  poll(&ready, 1, 10'000);
  os::Fd server(accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
  AILERON_CHECK(static_cast<bool>(server));
  return {std::move(client), std::move(server)};
}

class RelayTest : public testing::Test {
 protected:
  RelayTest() {
    auto outside = TcpPair();
    auto inside = TcpPair();
    person_ = std::move(outside.first);
    service_ = std::move(inside.first);
    relay_.emplace(std::move(outside.second), std::move(inside.second));
  }
  // What arrives at `end` until `bytes` have, the other side ends, or it breaks.
  std::string Read(const os::Fd& end, std::size_t bytes) {
    std::string text;
    ended_ = broken_ = false;
    for (int tries = 0; text.size() < bytes && !ended_ && !broken_ && tries < 5'000; ++tries) {
      state_ = relay_->Turn();
      char piece[65536];
      const ssize_t count = recv(end.get(), piece, sizeof piece, MSG_DONTWAIT);
      if (count > 0) text.append(piece, static_cast<std::size_t>(count));
      if (count == 0) ended_ = true;
      if (count < 0 && errno != EAGAIN) broken_ = true;
      if (count < 0) poll(nullptr, 0, 1);
    }
    return text;
  }
  os::Fd person_;
  os::Fd service_;
  std::optional<Relay> relay_;
  Relay::State state_ = Relay::State::kWaits;
  bool ended_ = false;
  bool broken_ = false;
};

TEST_F(RelayTest, BytesGoBothWays) {
  ASSERT_TRUE(os::WriteAll(person_.get(), "question"));
  EXPECT_EQ(Read(service_, 8), "question");
  ASSERT_TRUE(os::WriteAll(service_.get(), "answer"));
  EXPECT_EQ(Read(person_, 6), "answer");
  EXPECT_EQ(state_, Relay::State::kWaits);
}

TEST_F(RelayTest, OneWayEndsAndTheOtherGoesOn) {
  ASSERT_TRUE(os::WriteAll(person_.get(), "all of it"));
  shutdown(person_.get(), SHUT_WR);
  EXPECT_EQ(Read(service_, 100), "all of it");
  EXPECT_TRUE(ended_);
  EXPECT_NE(state_, Relay::State::kOver);
  ASSERT_TRUE(os::WriteAll(service_.get(), "late answer"));
  EXPECT_EQ(Read(person_, 11), "late answer");
  service_.Reset();
  Read(person_, 1);
  EXPECT_TRUE(ended_);
  EXPECT_EQ(relay_->Turn(), Relay::State::kOver);
}

TEST_F(RelayTest, WhatIsBrokenOffIsBrokenOffForTheOther) {
  ASSERT_TRUE(os::WriteAll(service_.get(), "half of"));
  EXPECT_EQ(Read(person_, 7), "half of");
  AbortOnClose(service_.get());
  service_.Reset();
  for (int i = 0; i < 1'000 && relay_->Turn() != Relay::State::kOver; ++i) poll(nullptr, 0, 1);
  relay_.reset();
  char byte;
  EXPECT_EQ(recv(person_.get(), &byte, 1, 0), -1);
  EXPECT_EQ(errno, ECONNRESET);
}

TEST_F(RelayTest, OneThatTakesNothingMakesTheSenderWait) {
  const std::string piece(1 << 16, 'x');
  std::size_t sent = 0;
  for (int idle = 0; idle < 50;) {
    const ssize_t count = send(person_.get(), piece.data(), piece.size(), MSG_DONTWAIT);
    if (count > 0) {
      sent += static_cast<std::size_t>(count);
      idle = 0;
    } else {
      ++idle;
      poll(nullptr, 0, 1);
    }
    EXPECT_NE(relay_->Turn(), Relay::State::kOver);
    ASSERT_LT(sent, 256u << 20) << "nothing holds it back";
  }
  EXPECT_EQ(Read(service_, sent).size(), sent);
}

TEST_F(RelayTest, ABusyOneLetsOthersHaveATurn) {
  const std::string piece(4 << 20, 'x');
  int buffer = 8 << 20;
  setsockopt(person_.get(), SOL_SOCKET, SO_SNDBUF, &buffer, sizeof buffer);
  std::size_t sent = 0;
  std::size_t taken = 0;
  bool busy = false;
  while (taken < piece.size()) {
    if (sent < piece.size()) {
      const ssize_t count =
          send(person_.get(), piece.data() + sent, piece.size() - sent, MSG_DONTWAIT);
      if (count > 0) sent += static_cast<std::size_t>(count);
    }
    busy = relay_->Turn() == Relay::State::kBusy || busy;
    char bytes[1 << 16];
    const ssize_t count = recv(service_.get(), bytes, sizeof bytes, MSG_DONTWAIT);
    if (count > 0) taken += static_cast<std::size_t>(count);
  }
  EXPECT_EQ(taken, piece.size());
}

}  // namespace
}  // namespace aileron::launch
