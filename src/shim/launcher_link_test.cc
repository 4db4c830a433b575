#include "shim/launcher_link.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include "os/socket.h"
#include "shim/limits.h"

namespace aileron::shim {
namespace {

class LauncherLinkTest : public testing::Test {
 protected:
  LauncherLinkTest() {
    link_ =
        LauncherLink::Make(*loop_, ends_.second,
                           {.on_message =
                                [this](const sandbox::Message& message) {
                                  if (const auto* signal = std::get_if<sandbox::Signal>(&message))
                                    signals_.push_back(signal->number);
                                },
                            .on_gone = [this] { gone_ = true; }})
            .value();
  }
  void Turn() {
    for (int i = 0; i < 5; ++i) loop_->Turn(std::chrono::milliseconds(1));
  }
  std::unique_ptr<net::Loop> loop_ = net::Loop::Make().value();
  std::pair<os::Fd, os::Fd> ends_ = os::SocketPair(SOCK_SEQPACKET).value();
  std::unique_ptr<LauncherLink> link_;
  std::vector<int> signals_;
  bool gone_ = false;
};

TEST_F(LauncherLinkTest, MessagesComeInOrderAndTheEndIsTold) {
  ASSERT_TRUE(sandbox::Send(ends_.first.get(), sandbox::Signal{15}));
  ASSERT_TRUE(sandbox::Send(ends_.first.get(), sandbox::Signal{2}));
  Turn();
  EXPECT_EQ(signals_, (std::vector<int>{15, 2}));
  ends_.first.Reset();
  Turn();
  EXPECT_TRUE(gone_);
}

TEST_F(LauncherLinkTest, ADescriptorGoesAlong) {
  link_->Send(sandbox::Connected{7}, os::Fd(dup(ends_.second.get())));
  const auto received = sandbox::Receive(ends_.first.get()).value();
  EXPECT_EQ(std::get<sandbox::Connected>(received.message).id, 7u);
  EXPECT_EQ(received.descriptors.size(), 1u);
}

TEST_F(LauncherLinkTest, ALauncherThatTakesNothingKeepsNobodyWaiting) {
  const sandbox::ServiceReports first{{{.name = "first"}}};
  for (std::uint32_t i = 0; i < 100'000; ++i) {
    link_->Send(sandbox::Connected{i});
    link_->Send(first);
  }
  link_->Send(sandbox::ServiceReports{{{.name = "last"}}});
  // What it takes then: what the socket and the queue held, and the newest reports.
  std::size_t count = 0;
  std::string name;
  for (int turns = 0; turns < 2'000; ++turns) {
    Turn();
    auto received = os::ReceiveMessage(ends_.first.get(), sandbox::kMessageMax);
    ASSERT_TRUE(received && !received->end);
    ++count;
    const auto message = sandbox::Decode(received->bytes).value();
    if (const auto* reports = std::get_if<sandbox::ServiceReports>(&message))
      name = reports->reports.at(0).name;
    if (name == "last") break;
  }
  EXPECT_EQ(name, "last");
  EXPECT_LT(count, 2'000u);
}

}  // namespace
}  // namespace aileron::shim
