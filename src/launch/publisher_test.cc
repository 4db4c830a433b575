#include "launch/publisher.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include "launch/limits.h"
#include "os/capture.h"
#include "os/socket.h"

namespace aileron::launch {
namespace {

using testing::HasSubstr;

os::Fd ConnectTo(std::uint16_t port) {
  os::Fd client(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(client.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) return {};
  return client;
}

std::uint16_t PortOf(const os::Fd& socket) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.sin_port);
}

class PublisherTest : public testing::Test {
 protected:
  PublisherTest() {
    publisher_->Begin(
        [this](std::uint32_t id, std::uint16_t port) { asked_.emplace_back(id, port); });
  }
  Result<Publication> Publish(std::string_view mapping, By by = By::kPerson) {
    return publisher_->Publish(service::ParseMapping(mapping).value(), by);
  }
  void Turn() {
    pollfd ready{publisher_->descriptor(), POLLIN, 0};
    poll(&ready, 1, 5);
    publisher_->Turn(now_);
  }
  // Whether the other side has broken or ended the connection.
  bool Gone(const os::Fd& client) {
    for (int tries = 0; tries < 1'000; ++tries) {
      Turn();
      char byte;
      const ssize_t count = recv(client.get(), &byte, 1, MSG_DONTWAIT);
      if (count == 0 || (count < 0 && errno != EAGAIN)) return true;
    }
    return false;
  }
  std::optional<Publisher> publisher_ = Publisher::Make({80, 3128}).value();
  std::vector<std::pair<std::uint32_t, std::uint16_t>> asked_;
  Duration now_ = std::chrono::seconds(100);
};

TEST_F(PublisherTest, APortOfTheSystemsChoosingIsTold) {
  const auto published = Publish(":3000");
  ASSERT_TRUE(published) << published.error().message;
  EXPECT_NE(published->mapping.outside.port, 0);
  EXPECT_EQ(published->mapping.port, 3000);
  ASSERT_NE(publisher_->Find(3000), nullptr);
  EXPECT_EQ(*publisher_->Find(3000), *published);
  EXPECT_EQ(publisher_->All().size(), 1u);
  EXPECT_EQ(publisher_->CountBy(By::kPerson), 1u);
  EXPECT_EQ(publisher_->CountBy(By::kAgent), 0u);
}

TEST_F(PublisherTest, WhatCannotBePublishedIsSaid) {
  EXPECT_THAT(Publish(":80").error().message, HasSubstr("data plane"));
  EXPECT_THAT(Publish("0:3128").error().message, HasSubstr("data plane"));
  const auto first = Publish(":3000").value();
  EXPECT_THAT(Publish(":3000").error().message, HasSubstr("already"));
  const auto taken = Publish(fmt::format("{}:3001", first.mapping.outside.port));
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().code, Code::kUnavailable);
  EXPECT_THAT(taken.error().message, HasSubstr("Choose another port"));
  EXPECT_EQ(Publish("203.0.113.9:0:3002").error().code, Code::kInvalid);
  EXPECT_FALSE(publisher_->Unpublish(3001));
}

TEST_F(PublisherTest, AConnectionIsAskedForAndEndsWhenNobodyAnswersInside) {
  const std::uint16_t port = Publish(":3000")->mapping.outside.port;
  const os::Fd client = ConnectTo(port);
  while (asked_.empty()) Turn();
  EXPECT_EQ(asked_[0].second, 3000);
  publisher_->Connected(asked_[0].first, {});
  EXPECT_TRUE(Gone(client));
  EXPECT_EQ(publisher_->connections(), 0u);
}

TEST_F(PublisherTest, AnAnswerThatDoesNotComeIsNotWaitedForForEver) {
  const os::Fd client = ConnectTo(Publish(":3000")->mapping.outside.port);
  while (asked_.empty()) Turn();
  ASSERT_TRUE(publisher_->Wait(now_));
  EXPECT_EQ(*publisher_->Wait(now_), limits::kConnectWait);
  now_ += limits::kConnectWait;
  EXPECT_TRUE(Gone(client));
  // What comes too late is closed.
  auto ends = os::SocketPair(SOCK_STREAM).value();
  std::vector<os::Fd> late;
  late.push_back(std::move(ends.first));
  publisher_->Connected(asked_[0].first, std::move(late));
  char byte;
  EXPECT_EQ(recv(ends.second.get(), &byte, 1, 0), 0);
}

TEST_F(PublisherTest, WhatIsNoConnectionOfTheSandboxIsRefused) {
  const auto refused = [](const os::Fd& socket) { return CheckFromSandbox(socket); };
  EXPECT_THAT(refused(os::Fd(open("/dev/null", O_RDONLY))).error().message, HasSubstr("no socket"));
  EXPECT_FALSE(refused(std::move(os::SocketPair(SOCK_STREAM)->first)));
  EXPECT_FALSE(refused(os::Fd(socket(AF_INET, SOCK_DGRAM, 0))));
  EXPECT_FALSE(refused(os::Fd(socket(AF_INET, SOCK_STREAM, 0))));
  const os::Fd listener = os::ListenTcpLoopback(0).value();
  EXPECT_FALSE(refused(listener));
  EXPECT_FALSE(refused(os::Fd()));
  // Connected, but in this process's own network: it would be a way for bytes of the host's.
  const std::uint16_t port = Publish(":3000")->mapping.outside.port;
  const os::Fd own = ConnectTo(port);
  EXPECT_THAT(refused(own).error().message, HasSubstr("host's network"));
}

TEST_F(PublisherTest, WhateverInitSendsTheConnectionEnds) {
  const std::uint16_t port = Publish(":3000")->mapping.outside.port;
  const os::Fd other = os::ListenTcpLoopback(0).value();
  for (int kind = 0; kind < 3; ++kind) {
    const os::Fd client = ConnectTo(port);
    const std::size_t before = asked_.size();
    while (asked_.size() == before) Turn();
    std::vector<os::Fd> sent;
    if (kind == 0) sent.emplace_back(open("/dev/null", O_RDONLY));
    if (kind == 1) sent.push_back(ConnectTo(PortOf(other)));
    if (kind == 2) {
      sent.emplace_back(dup(client.get()));
      sent.emplace_back(dup(client.get()));
    }
    publisher_->Connected(asked_[before].first, std::move(sent));
    EXPECT_TRUE(Gone(client)) << kind;
  }
}

TEST_F(PublisherTest, ThoseWhoAreTooManyWait) {
  const std::uint16_t port = Publish(":3000")->mapping.outside.port;
  std::vector<os::Fd> clients;
  for (std::size_t i = 0; i < limits::kConnecting + 10; ++i) clients.push_back(ConnectTo(port));
  for (int i = 0; i < 200; ++i) Turn();
  EXPECT_EQ(asked_.size(), limits::kConnecting);
  for (std::size_t i = 0; i < 10; ++i) publisher_->Connected(asked_[i].first, {});
  while (asked_.size() < limits::kConnecting + 10) Turn();
  EXPECT_EQ(publisher_->connections(), limits::kConnecting);
}

TEST_F(PublisherTest, UnpublishingClosesThePortAndItsConnections) {
  const std::uint16_t port = Publish(":3000")->mapping.outside.port;
  const os::Fd client = ConnectTo(port);
  while (asked_.empty()) Turn();
  EXPECT_TRUE(publisher_->Unpublish(3000));
  EXPECT_TRUE(Gone(client));
  EXPECT_FALSE(static_cast<bool>(ConnectTo(port)));
  EXPECT_EQ(publisher_->Find(3000), nullptr);
  EXPECT_TRUE(Publish(fmt::format("{}:3000", port)));
}

}  // namespace
}  // namespace aileron::launch
