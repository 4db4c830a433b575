// What a person let through and took back: the exchange's part of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "proxy/exchange_play.h"

namespace aileron::proxy {
namespace {

using Command = Exchange::Command;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

constexpr std::string_view kGet = "GET /a HTTP/1.1\r\nHost: site.test\r\n\r\n";

std::vector<Command> Cut(Play& play) {
  play.exchange.OnCut();
  return play.Advance();
}

TEST(ExchangeCut, AStreamIsEndedSoThatItsClientSeesIt) {
  Play play;
  play.Send(kGet);
  play.Upstream("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n");
  EXPECT_THAT(Cut(play),
              ElementsAre(Command::kRecord, Command::kCloseUpstream, Command::kCutClient));
  ASSERT_EQ(play.records.size(), 1u);
  EXPECT_EQ(play.records[0].code, "grant_revoked");
  EXPECT_EQ(play.records[0].bytes_down, 2u);
  EXPECT_TRUE(play.exchange.closed());
}

TEST(ExchangeCut, ARequestThatWaitsForItsAnswerIsRefused) {
  Play play;
  play.Send(kGet);
  EXPECT_THAT(Cut(play), ElementsAre(Command::kRecord, Command::kCloseUpstream));
  EXPECT_THAT(play.ToClient(), StartsWith("HTTP/1.1 403 "));
  EXPECT_EQ(play.records[0].action, "deny");
  // And what comes next is asked about.
  EXPECT_THAT(play.Client(kGet), ElementsAre(Command::kAskVerdict));
}

TEST(ExchangeCut, NothingGoesUpOfABodyThatIsOnItsWay) {
  Play play;
  play.Send("POST / HTTP/1.1\r\nHost: site.test\r\nContent-Length: 6\r\n\r\nabc");
  (void)play.ToUpstream();
  EXPECT_THAT(Cut(play),
              ElementsAre(Command::kRecord, Command::kCloseUpstream, Command::kCloseClient));
  play.Client("def");
  EXPECT_EQ(play.ToUpstream(), "");
}

TEST(ExchangeCut, AConnectionThatIsBeingOpenedIsNot) {
  Play play;
  play.Client(kGet);
  play.Allow();
  EXPECT_THAT(Cut(play), ElementsAre(Command::kRecord, Command::kCloseUpstream));
  EXPECT_THAT(play.Open(), IsEmpty());
  EXPECT_EQ(play.ToUpstream(), "");
}

TEST(ExchangeCut, BothWaysOfAnUpgradeEnd) {
  Play play;
  play.Send(
      "GET / HTTP/1.1\r\nHost: site.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n");
  play.Upstream(
      "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
      "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n");
  EXPECT_THAT(play.ToClient(), HasSubstr("101"));
  EXPECT_THAT(Cut(play),
              ElementsAre(Command::kRecord, Command::kCloseUpstream, Command::kCutClient));
  EXPECT_EQ(play.records[0].kind, "upgrade");
}

TEST(ExchangeCut, WhatWaitsForAVerdictOrForARequestGoesOn) {
  Play idle;
  EXPECT_THAT(Cut(idle), IsEmpty());
  EXPECT_THAT(idle.Client(kGet), ElementsAre(Command::kAskVerdict));
  EXPECT_THAT(Cut(idle), IsEmpty());
  EXPECT_THAT(idle.Allow(), ElementsAre(Command::kOpenUpstream));
}

}  // namespace
}  // namespace aileron::proxy
