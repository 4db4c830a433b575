#include "mediation/desk.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include "mediation/limits.h"
#include "os/socket.h"

namespace aileron::mediation {
namespace {

struct Ends {
  Ends() {
    auto pair = os::SocketPair(SOCK_SEQPACKET | SOCK_NONBLOCK);
    daemon = std::move(pair->first);
    desk.emplace(std::move(pair->second));
  }
  Result<FromMediator> Next() const {
    auto packet = os::ReceiveMessage(daemon.get(), 1 << 20);
    if (!packet) return std::unexpected(packet.error());
    return DecodeFromMediator(packet->bytes);
  }
  os::Fd daemon;
  std::optional<Desk> desk;
};

Record Ran() { return {.told = {.executable = "/bin/true", .words = {"true"}}, .action = "allow"}; }

TEST(Desk, RecordsAreSentTogetherWhenTheirTimeHasCome) {
  Ends ends;
  ends.desk->Keep(Ran());
  ends.desk->Keep(Ran());
  ends.desk->Flush(std::chrono::steady_clock::now() - limits::kRecordWait);
  EXPECT_FALSE(ends.Next());
  ASSERT_TRUE(ends.desk->Due());
  ends.desk->Flush(*ends.desk->Due());
  const auto message = ends.Next();
  ASSERT_TRUE(message);
  EXPECT_EQ(std::get<Records>(*message).records.size(), 2u);
  EXPECT_FALSE(ends.desk->Due());
}

TEST(Desk, AQuestionComesAfterTheRecordsBeforeIt) {
  Ends ends;
  ends.desk->Keep(Ran());
  ends.desk->Send(Gone{7});
  EXPECT_TRUE(std::holds_alternative<Records>(*ends.Next()));
  EXPECT_EQ(std::get<Gone>(*ends.Next()).number, 7u);
}

TEST(Desk, ADaemonThatTakesNothingStopsTheTakingOfCommands) {
  Ends ends;
  Record large = Ran();
  large.told.words.assign(limits::kToldWords, std::string(30, 'a'));
  for (int i = 0; i < 100'000 && !ends.desk->full(); ++i) ends.desk->Keep(large);
  EXPECT_TRUE(ends.desk->full());
  EXPECT_TRUE(ends.desk->waits());
  for (int i = 0; i < 1'000 && ends.desk->waits(); ++i) {
    EXPECT_TRUE(ends.Next());
    ends.desk->Flush(std::chrono::steady_clock::now());
  }
  EXPECT_FALSE(ends.desk->waits());
}

TEST(Desk, OtherRulesComeInAFile) {
  Ends ends;
  Start start;
  start.rules.assign(5'000, {.pattern = std::string(100, 'p')});
  const auto file = os::MemoryFileHolding(Encode(FromDaemon(start)));
  const int number = file->get();
  ASSERT_TRUE(os::SendMessage(ends.daemon.get(), "start", {&number, 1}));
  const auto message = ends.desk->Receive();
  ASSERT_TRUE(message && message->has_value());
  EXPECT_EQ(std::get<Start>(**message).rules.size(), 5'000u);
}

TEST(Desk, TheEndOfTheDaemonIsAnError) {
  Ends ends;
  EXPECT_FALSE(ends.desk->Receive()->has_value());
  ASSERT_TRUE(os::SendMessage(ends.daemon.get(), Encode(FromDaemon(Stop{}))));
  EXPECT_TRUE(std::holds_alternative<Stop>(**ends.desk->Receive()));
  ASSERT_TRUE(os::SendMessage(ends.daemon.get(), "nonsense"));
  EXPECT_FALSE(ends.desk->Receive());
  ends.daemon.Reset();
  EXPECT_FALSE(ends.desk->Receive());
}

}  // namespace
}  // namespace aileron::mediation
