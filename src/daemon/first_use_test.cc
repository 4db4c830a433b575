#include "daemon/first_use.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include "daemon/testing_test.h"
#include "os/socket.h"

namespace aileron::daemon {
namespace {

using std::chrono_literals::operator""h;
using std::chrono_literals::operator""ms;

class FirstUseTest : public FolderTest {
 protected:
  FirstUseTest() {
    for (int i = 0; i < 2; ++i) {
      auto ends = os::SocketPair(SOCK_SEQPACKET).value();
      near_.push_back(std::move(ends.first));
      far_.push_back(std::move(ends.second));
    }
  }
  bool Within(net::Interval wait) {
    const auto end = std::chrono::steady_clock::now() + wait;
    while (told_ == 0 && std::chrono::steady_clock::now() < end) loop_->Turn(5ms);
    return told_ > 0;
  }
  std::vector<os::Fd> near_;
  std::vector<os::Fd> far_;
  int told_ = 0;
};

TEST_F(FirstUseTest, TellsOnceOfSeveralThatAreUsedAtOnce) {
  FirstUse use(*loop_, [this] { ++told_; });
  ASSERT_TRUE(use.Await(near_, 1h).has_value());
  EXPECT_FALSE(Within(30ms));
  ASSERT_TRUE(os::SendMessage(far_[1].get(), "x").has_value());
  ASSERT_TRUE(os::SendMessage(far_[0].get(), "x").has_value());
  EXPECT_TRUE(Within(5000ms));
  for (int i = 0; i < 3; ++i) loop_->Turn(1ms);
  EXPECT_EQ(told_, 1);
}

TEST_F(FirstUseTest, TellsWhenItIsTime) {
  FirstUse use(*loop_, [this] { ++told_; });
  ASSERT_TRUE(use.Await(near_, 20ms).has_value());
  EXPECT_TRUE(Within(5000ms));
}

TEST_F(FirstUseTest, TellsNothingAfterItsEnd) {
  FirstUse use(*loop_, [this] { ++told_; });
  ASSERT_TRUE(use.Await(near_, 20ms).has_value());
  use.End();
  ASSERT_TRUE(os::SendMessage(far_[0].get(), "x").has_value());
  EXPECT_FALSE(Within(60ms));
}

TEST_F(FirstUseTest, MayBeDestroyedByWhomItTells) {
  std::unique_ptr<FirstUse> use;
  use = std::make_unique<FirstUse>(*loop_, [&] {
    ++told_;
    use.reset();
  });
  ASSERT_TRUE(use->Await(near_, 1h).has_value());
  for (const os::Fd& socket : far_) ASSERT_TRUE(os::SendMessage(socket.get(), "x").has_value());
  EXPECT_TRUE(Within(5000ms));
}

TEST_F(FirstUseTest, WhatCannotBeWatchedIsAnError) {
  FirstUse use(*loop_, [this] { ++told_; });
  near_.emplace_back();
  EXPECT_FALSE(use.Await(near_, 1h).has_value());
  ASSERT_TRUE(os::SendMessage(far_[0].get(), "x").has_value());
  EXPECT_FALSE(Within(30ms));
}

}  // namespace
}  // namespace aileron::daemon
