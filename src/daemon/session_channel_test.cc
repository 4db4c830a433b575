#include "daemon/session_channel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "os/socket.h"

namespace aileron::daemon {
namespace {

using ::testing::HasSubstr;

os::Fd TcpListener() {
  os::Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  AILERON_CHECK(listen(socket.get(), 1) == 0);
  return socket;
}
os::Fd Udp() { return os::Fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)); }

template <typename... Fds>
std::vector<os::Fd> List(Fds... fds) {
  std::vector<os::Fd> list;
  (list.push_back(std::move(fds)), ...);
  return list;
}

TEST(SessionChannelTest, ListenersAreWhatTheySay) {
  const auto read = ParseListeners(
      R"({"type":"listeners","listeners":[{"kind":"proxy","port":3128},{"kind":"dns","port":53}],
          "cgroups":["/sys/fs/cgroup/memory/aileron-1"],"reserved":["/w/.envrc"]})",
      List(TcpListener(), Udp()));
  ASSERT_TRUE(read.has_value()) << read.error().message;
  EXPECT_EQ(read->listeners.size(), 2u);
  EXPECT_EQ(read->listeners[1].kind, proxy::ListenerKind::kDns);
  EXPECT_EQ(read->cgroups.size(), 1u);
  EXPECT_EQ(read->reserved, std::vector<std::string>{"/w/.envrc"});
}

TEST(SessionChannelTest, ASocketThatIsNoListenerIsRefused) {
  const std::string proxy = R"({"listeners":[{"kind":"proxy","port":3128}]})";
  EXPECT_FALSE(ParseListeners(proxy, List(Udp())).has_value());
  EXPECT_FALSE(ParseListeners(proxy, List(os::Fd(socket(AF_INET, SOCK_STREAM, 0)))).has_value());
  EXPECT_FALSE(ParseListeners(proxy, List(os::Fd(dup(0)))).has_value());
  auto ends = os::SocketPair(SOCK_STREAM).value();
  EXPECT_FALSE(ParseListeners(proxy, List(std::move(ends.first))).has_value());
  EXPECT_FALSE(ParseListeners(proxy, {}).has_value());
  EXPECT_FALSE(ParseListeners(proxy, List(TcpListener(), TcpListener())).has_value());
  for (const char* text :
       {"", "[]", "{}", R"({"listeners":[1]})", R"({"listeners":[{"kind":"x","port":1}]})",
        R"({"listeners":[{"kind":"proxy","port":0}]})",
        R"({"listeners":[{"kind":"proxy","port":65536}]})",
        R"({"listeners":[{"kind":"proxy","port":1e3}]})"}) {
    EXPECT_FALSE(ParseListeners(text, List(TcpListener())).has_value()) << text;
  }
}

class ChannelTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto ends = os::SocketPair(SOCK_SEQPACKET).value();
    launcher_ = std::move(ends.first);
    channel_ = SessionChannel::Make(
                   *loop_, std::move(ends.second),
                   {.on_listeners =
                        [this](SessionListeners listeners) {
                          listeners_ += listeners.listeners.size();
                          return Status();
                        },
                    .on_exit = [this](int code, const std::vector<os::Fd>&) { exit_ = code; },
                    .on_lost = [this](std::string why) { lost_ = why; }})
                   .value();
  }
  void Turn() {
    for (int i = 0; i < 5; ++i) loop_->Turn(std::chrono::milliseconds(1));
  }
  std::unique_ptr<net::Loop> loop_ = net::Loop::Make().value();
  os::Fd launcher_;
  std::unique_ptr<SessionChannel> channel_;
  std::size_t listeners_ = 0;
  std::optional<int> exit_;
  std::string lost_;
};

TEST_F(ChannelTest, AnExitIsAnExitAlsoWhenTheChannelClosesAtOnce) {
  const os::Fd listener = TcpListener();
  const int number = listener.get();
  ASSERT_TRUE(os::SendMessage(launcher_.get(),
                              R"({"type":"listeners","listeners":[{"kind":"proxy","port":3128}]})",
                              {&number, 1})
                  .has_value());
  ASSERT_TRUE(os::SendMessage(launcher_.get(), R"({"type":"exit","code":7})").has_value());
  launcher_.Reset();
  Turn();
  EXPECT_EQ(listeners_, 1u);
  EXPECT_EQ(exit_, 7);
  EXPECT_EQ(lost_, "");
}

TEST_F(ChannelTest, AnEndWithoutAnExitIsALostLauncher) {
  launcher_.Reset();
  Turn();
  EXPECT_FALSE(exit_);
  EXPECT_THAT(lost_, HasSubstr("gone"));
}

TEST_F(ChannelTest, NonsenseEndsTheChannel) {
  ASSERT_TRUE(os::SendMessage(launcher_.get(), R"({"type":"become root"})").has_value());
  Turn();
  EXPECT_THAT(lost_, HasSubstr("not understood"));
}

TEST_F(ChannelTest, AStopReachesTheLauncher) {
  channel_->SendStop("enough");
  channel_.reset();
  const auto message = os::ReceiveMessage(launcher_.get(), 1000);
  ASSERT_TRUE(message.has_value());
  EXPECT_THAT(message->bytes, HasSubstr("enough"));
  EXPECT_TRUE(os::ReceiveMessage(launcher_.get(), 1000)->end);
}

TEST_F(ChannelTest, ToolsReachTheLauncherHoweverManyThereAre) {
  const std::string list(1 << 20, 'x');
  channel_->SendTools(list);
  const auto message = os::ReceiveMessage(launcher_.get(), 1000);
  ASSERT_TRUE(message.has_value());
  EXPECT_THAT(message->bytes, HasSubstr("tools"));
  ASSERT_EQ(message->descriptors.size(), 1u);
  EXPECT_EQ(os::ReadAll(message->descriptors[0], "the list", 2 << 20).value(), list);
}

TEST_F(ChannelTest, WordsThatDoNotFitWaitInOrderAndOfHowManyWaitTheNewestAlone) {
  constexpr int kWords = 600;
  for (int i = 0; i < kWords; ++i) {
    channel_->SendDenied(fmt::format("{:04} {}", i, std::string(2'000, '.')));
    channel_->SendWaiting(static_cast<std::size_t>(i), "a question");
  }
  // What would come late is refused instead.
  EXPECT_EQ(channel_->Send("a wish").error().code, Code::kUnavailable);
  // The launcher ends, and what it was not told yet still comes.
  ASSERT_TRUE(os::SendMessage(launcher_.get(), R"({"type":"exit","code":0})").has_value());
  int denied = 0;
  std::string last;
  while (denied < kWords) {
    Turn();
    const auto message = os::ReceiveMessage(launcher_.get(), 10'000);
    ASSERT_TRUE(message && !message->end);
    if (message->bytes.contains("waiting")) {
      last = message->bytes;
    } else {
      ASSERT_EQ(message->bytes.substr(0, 4), fmt::format("{:04}", denied));
      ++denied;
    }
  }
  channel_.reset();
  for (auto message = os::ReceiveMessage(launcher_.get(), 10'000); message && !message->end;
       message = os::ReceiveMessage(launcher_.get(), 10'000)) {
    last = message->bytes;
  }
  EXPECT_THAT(last, HasSubstr("\"count\":599"));
  EXPECT_EQ(exit_, 0);
}

TEST_F(ChannelTest, OnlyASeqpacketSocketIsAChannel) {
  auto ends = os::SocketPair(SOCK_STREAM).value();
  EXPECT_FALSE(SessionChannel::Make(*loop_, std::move(ends.first), {}).has_value());
  EXPECT_FALSE(SessionChannel::Make(*loop_, os::Fd(dup(0)), {}).has_value());
}

}  // namespace
}  // namespace aileron::daemon
