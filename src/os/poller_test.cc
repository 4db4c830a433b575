#include "os/poller.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include "os/socket.h"

namespace aileron::os {
namespace {

std::size_t CountReady(const Poller& poller) {
  std::uint64_t room[8];
  return poller.Ready(room).size();
}

TEST(Poller, TellsWhoIsReadyByTag) {
  auto poller = Poller::Make();
  auto ends = SocketPair(SOCK_STREAM);
  ASSERT_TRUE(poller && ends);
  ASSERT_TRUE(poller->Add(ends->first.get(), 77, Poller::Trigger::kLevelRead));
  EXPECT_EQ(CountReady(*poller), 0u);
  ASSERT_TRUE(WriteAll(ends->second.get(), "x"));
  pollfd self{poller->descriptor(), POLLIN, 0};
  EXPECT_EQ(poll(&self, 1, 0), 1);
  std::uint64_t room[8];
  const auto ready = poller->Ready(room);
  ASSERT_EQ(ready.size(), 1u);
  EXPECT_EQ(ready[0], 77u);
  EXPECT_EQ(CountReady(*poller), 1u) << "a level is told again";
  poller->Remove(ends->first.get());
  EXPECT_EQ(CountReady(*poller), 0u);
}

TEST(Poller, AnEdgeIsToldOnce) {
  auto poller = Poller::Make();
  auto ends = SocketPair(SOCK_STREAM);
  ASSERT_TRUE(poller && ends);
  ASSERT_TRUE(poller->Add(ends->first.get(), 1, Poller::Trigger::kEdge));
  EXPECT_EQ(CountReady(*poller), 1u) << "it can be written";
  EXPECT_EQ(CountReady(*poller), 0u);
  ASSERT_TRUE(WriteAll(ends->second.get(), "x"));
  EXPECT_EQ(CountReady(*poller), 1u);
  EXPECT_EQ(CountReady(*poller), 0u);
}

TEST(Poller, WhatDoesNotFitComesNext) {
  auto poller = Poller::Make();
  auto one = SocketPair(SOCK_STREAM);
  auto two = SocketPair(SOCK_STREAM);
  ASSERT_TRUE(poller && one && two);
  ASSERT_TRUE(poller->Add(one->first.get(), 1, Poller::Trigger::kEdge));
  ASSERT_TRUE(poller->Add(two->first.get(), 2, Poller::Trigger::kEdge));
  std::uint64_t room[1];
  EXPECT_EQ(poller->Ready(room).size(), 1u);
  EXPECT_EQ(poller->Ready(room).size(), 1u);
  EXPECT_EQ(poller->Ready(room).size(), 0u);
}

TEST(Poller, WhatIsNoDescriptorIsAnError) {
  auto poller = Poller::Make();
  ASSERT_TRUE(poller);
  EXPECT_FALSE(poller->Add(-1, 1, Poller::Trigger::kEdge).has_value());
}

}  // namespace
}  // namespace aileron::os
