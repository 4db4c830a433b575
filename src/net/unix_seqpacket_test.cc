#include "net/unix_seqpacket.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include "net/limits.h"
#include "os/socket.h"

namespace aileron::net {
namespace {

using std::chrono_literals::operator""ms;

class PacketChannelTest : public testing::Test {
 protected:
  PacketChannelTest() : loop_(*Loop::Make()) {
    auto pair = *os::SocketPair(SOCK_SEQPACKET);
    peer_ = std::move(pair.second);
    channel_ = std::make_unique<PacketChannel>(*loop_, std::move(pair.first), 1024);
    EXPECT_TRUE(channel_->Start(
        [this](std::string_view packet, std::vector<os::Fd>& descriptors) {
          got_.emplace_back(packet);
          for (os::Fd& one : descriptors) descriptors_.push_back(std::move(one));
        },
        [this] { ended_ = true; }));
  }
  std::unique_ptr<Loop> loop_;
  std::unique_ptr<PacketChannel> channel_;
  os::Fd peer_;
  std::vector<std::string> got_;
  std::vector<os::Fd> descriptors_;
  bool ended_ = false;
};

TEST_F(PacketChannelTest, PacketsKeepTheirBorders) {
  ASSERT_TRUE(os::SendMessage(peer_.get(), "one"));
  ASSERT_TRUE(os::SendMessage(peer_.get(), "two"));
  loop_->Turn(1000ms);
  EXPECT_EQ(got_, (std::vector<std::string>{"one", "two"}));
  ASSERT_TRUE(channel_->Send("back"));
  EXPECT_EQ(os::ReceiveMessage(peer_.get(), 100)->bytes, "back");
}

TEST_F(PacketChannelTest, DescriptorsComeWithTheirPacket) {
  auto pair = *os::SocketPair(SOCK_STREAM);
  const int number = pair.first.get();
  ASSERT_TRUE(os::SendMessage(peer_.get(), "with", {&number, 1}));
  loop_->Turn(1000ms);
  ASSERT_EQ(descriptors_.size(), 1u);
  ASSERT_TRUE(os::SendMessage(descriptors_[0].get(), "through it"));
  EXPECT_EQ(os::ReceiveMessage(pair.second.get(), 100)->bytes, "through it");
}

TEST_F(PacketChannelTest, APacketBeyondTheLimitEndsTheChannel) {
  ASSERT_TRUE(os::SendMessage(peer_.get(), std::string(1025, 'x')));
  loop_->Turn(1000ms);
  EXPECT_TRUE(ended_);
  EXPECT_TRUE(got_.empty());
}

TEST_F(PacketChannelTest, AClosedPeerIsTheEnd) {
  peer_.Reset();
  loop_->Turn(1000ms);
  EXPECT_TRUE(ended_);
  EXPECT_FALSE(channel_->Send("late"));
}

TEST_F(PacketChannelTest, WhatDoesNotFitWaitsInOrderAndIsBounded) {
  std::size_t sent = 0;
  while (!channel_->busy()) ASSERT_TRUE(channel_->Send(std::to_string(sent++)));
  for (std::size_t i = 1; i < limits::packets_queued_max; ++i)
    ASSERT_TRUE(channel_->Send(std::to_string(sent++)));
  EXPECT_FALSE(channel_->Send("too many"));
  for (std::size_t i = 0; i < sent; ++i) {
    loop_->Turn(0ms);
    ASSERT_EQ(os::ReceiveMessage(peer_.get(), 100)->bytes, std::to_string(i));
  }
  EXPECT_FALSE(channel_->busy());
}

TEST_F(PacketChannelTest, APacketMayDestroyTheChannel) {
  auto pair = *os::SocketPair(SOCK_SEQPACKET);
  auto doomed = std::make_unique<PacketChannel>(*loop_, std::move(pair.first), 100);
  ASSERT_TRUE(
      doomed->Start([&](std::string_view, std::vector<os::Fd>&) { doomed.reset(); }, [] {}));
  ASSERT_TRUE(os::SendMessage(pair.second.get(), "x"));
  loop_->Turn(1000ms);
  EXPECT_EQ(doomed, nullptr);
}

}  // namespace
}  // namespace aileron::net
