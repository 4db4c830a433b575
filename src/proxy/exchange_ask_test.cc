#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"
#include "crypto/hash.h"
#include "proxy/exchange_play.h"

namespace aileron::proxy {
namespace {

using Command = Exchange::Command;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

constexpr std::string_view kPost =
    "POST /items?x=1 HTTP/1.1\r\nHost: site.test\r\nContent-Type: application/json\r\n"
    "Content-Length: 7\r\n\r\n";

// A connection to a host whose requests are asked about.
struct AskedPlay : Play {
  std::vector<Command> Begin(std::string_view bytes) {
    const auto first = Client(bytes);
    EXPECT_THAT(first, ElementsAre(Command::kAskVerdict));
    return Verdict_();
  }
  std::vector<Command> Verdict_(std::vector<BindingView> bindings = {}) {
    exchange.OnVerdict(std::make_shared<const Verdict>(Verdict{
        .action = Action::kAllow, .requests = Requests::kAsked, .bindings = std::move(bindings)}));
    return Advance();
  }
  std::vector<Command> Say(Next next, std::uint64_t pass = 7) {
    exchange.OnRequest({.next = next,
                        .pass = pass,
                        .reason = "a person said no",
                        .rule = "approval 1",
                        .code = "approval_denied"});
    return Advance();
  }
};

TEST(ExchangeAsk, NothingIsSentBeforeTheAnswerAndThenWhatWasShown) {
  AskedPlay play;
  EXPECT_THAT(play.Begin(std::string(kPost) + "{\"a\""), ElementsAre(Command::kAskRequest));
  AskRequest ask = play.exchange.request_question();
  EXPECT_EQ(ask.method, "POST");
  EXPECT_EQ(ask.path, "/items");
  EXPECT_EQ(ask.query, 3u);
  EXPECT_EQ(ask.seen, Seen::kNothing);
  EXPECT_THAT(play.Say(Next::kShow), IsEmpty());
  EXPECT_EQ(play.exchange.wait(), Exchange::Wait::kRequestBody);
  EXPECT_THAT(play.Client(":1}GET /next HTTP/1.1\r\n"), ElementsAre(Command::kAskRequest));
  ask = play.exchange.request_question();
  EXPECT_EQ(ask.seen, Seen::kWhole);
  EXPECT_EQ(ask.body, "{\"a\":1}");
  EXPECT_EQ(ask.size, 7u);
  EXPECT_EQ(ask.body_hash, HexEncode(crypto::Hash("{\"a\":1}")));
  EXPECT_EQ(ask.content_type, "application/json");
  EXPECT_EQ(play.exchange.wait(), Exchange::Wait::kNothing);
  EXPECT_EQ(play.ToUpstream(), "");
  EXPECT_THAT(play.Say(Next::kSend), ElementsAre(Command::kOpenUpstream));
  play.Open();
  const std::string sent = play.ToUpstream();
  EXPECT_THAT(sent, StartsWith("POST /items?x=1 HTTP/1.1\r\n"));
  EXPECT_THAT(sent, EndsWith("\r\n\r\n{\"a\":1}"));
  play.Upstream("HTTP/1.1 204 No Content\r\n\r\n");
  ASSERT_EQ(play.records.size(), 1u);
  EXPECT_EQ(play.records[0].rule, "approval 1");
  EXPECT_EQ(play.records[0].bytes_up, 7u);
}

TEST(ExchangeAsk, ARequestBehindOneThatWasApprovedIsAskedAboutItself) {
  AskedPlay play;
  const std::string get = "GET /a HTTP/1.1\r\nHost: site.test\r\n\r\n";
  EXPECT_THAT(play.Begin(get + get), ElementsAre(Command::kAskRequest));
  EXPECT_EQ(play.exchange.request_question().seen, Seen::kWhole);
  play.Say(Next::kSend);
  play.Open();
  EXPECT_EQ(play.ToUpstream(), get);
  EXPECT_THAT(play.Upstream("HTTP/1.1 204 No Content\r\n\r\n"),
              ElementsAre(Command::kRecord, Command::kKeepUpstream, Command::kAskVerdict));
  EXPECT_THAT(play.Verdict_(), ElementsAre(Command::kAskRequest));
  EXPECT_EQ(play.ToUpstream(), "");
}

TEST(ExchangeAsk, ANoIsToldAndTheConnectionLives) {
  AskedPlay play;
  play.Begin(std::string(kPost) + "{\"a\":1}");
  play.Say(Next::kShow);
  EXPECT_THAT(play.Say(Next::kRefuse), ElementsAre(Command::kRecord));
  EXPECT_THAT(play.ToClient(), StartsWith("HTTP/1.1 403 a person said no"));
  EXPECT_EQ(play.records[0].code, "approval_denied");
  EXPECT_EQ(play.records[0].action, "deny");
  EXPECT_EQ(play.ToUpstream(), "");
  EXPECT_TRUE(play.exchange.idle());
}

TEST(ExchangeAsk, TheCredentialIsAskedForWithThePassOfTheRequest) {
  AskedPlay play;
  play.Client(kPost);
  play.Verdict_({{.name = "b", .credential = "token/b"}});
  play.Say(Next::kShow);
  play.Client("{\"a\":1}");
  EXPECT_THAT(play.Say(Next::kSend, 9), ElementsAre(Command::kAskCredential));
  const AskCredential ask = play.exchange.credential_question();
  EXPECT_EQ(ask.pass, 9u);
  EXPECT_EQ(ask.method, "POST");
  EXPECT_EQ(ask.path, "/items");
  EXPECT_THAT(play.Give("s3cret"), ElementsAre(Command::kOpenUpstream));
  play.Open();
  EXPECT_THAT(play.ToUpstream(), HasSubstr("Authorization: Bearer s3cret"));
}

TEST(ExchangeAsk, TheCredentialIsAskedForWithWhatMayOverrideTheRequest) {
  AskedPlay play;
  play.Client("GET /a HTTP/1.1\r\nHost: site.test\r\nX-HTTP-Method-Override: DELETE\r\n\r\n");
  play.Verdict_({{.name = "b", .credential = "token/b"}});
  EXPECT_THAT(play.Say(Next::kSend, 9), ElementsAre(Command::kAskCredential));
  EXPECT_TRUE(play.exchange.credential_question().overrides_method);
  EXPECT_FALSE(play.exchange.credential_question().overrides_path);
}

TEST(ExchangeAsk, WhatMakesTwoRequestsTheSame) {
  const auto same = [](std::string_view target, std::string_view fields, std::string_view body) {
    AskedPlay play;
    play.Begin(fmt::format("POST {} HTTP/1.1\r\nHost: site.test\r\n{}Content-Length: {}\r\n\r\n{}",
                           target, fields, body.size(), body));
    if (play.exchange.request_question().seen == Seen::kNothing) play.Say(Next::kShow);
    return play.exchange.request_question().same;
  };
  const std::string one = same("/a?b", "Content-Type: x/y\r\n", "body");
  EXPECT_EQ(same("/a?b", "Content-Type: x/y\r\nUser-Agent: other\r\n", "body"), one);
  for (const std::string& other :
       {same("/a?c", "Content-Type: x/y\r\n", "body"), same("/a", "Content-Type: x/y\r\n", "body"),
        same("/a?b", "Content-Type: x/z\r\n", "body"), same("/a?b", "", "body"),
        same("/a?b", "Content-Type: x/y\r\n", "bodY"), same("/a?b", "Content-Type: x/y\r\n", ""),
        same("/a?b", "Content-Type: x/y\r\nContent-Encoding: gzip\r\n", "body"),
        same("/a?b", "Content-Type: x/y\r\nX-HTTP-Method-Override: PUT\r\n", "body")}) {
    EXPECT_NE(other, one);
  }
}

TEST(ExchangeAsk, FieldsThatOverrideAreTold) {
  AskedPlay play;
  play.Begin(
      "GET /a HTTP/1.1\r\nHost: site.test\r\nX-HTTP-Method-Override: DELETE\r\n"
      "X-Original-URL: /b\r\nContent-Type: a/b\r\nContent-Type: c/d\r\n\r\n");
  const AskRequest ask = play.exchange.request_question();
  EXPECT_TRUE(ask.overrides_method);
  EXPECT_TRUE(ask.overrides_path);
  EXPECT_EQ(ask.overrides, "X-HTTP-Method-Override: DELETE, X-Original-URL: /b");
  EXPECT_EQ(ask.content_type, "a/b, c/d");
}

TEST(ExchangeAsk, ABodyOverTheBoundIsToldInPartAndSentWhole) {
  AskedPlay play;
  const std::size_t size = limits::asked_body_max + 100'000;
  play.Begin(fmt::format("POST / HTTP/1.1\r\nHost: site.test\r\nContent-Length: {}\r\n\r\n", size));
  play.Say(Next::kShow);
  std::size_t given = 0;
  std::vector<Command> commands;
  while (commands.empty() && given < size) {
    const std::size_t piece = std::min({size - given, play.exchange.from_client().Room()});
    commands = play.Client(std::string(piece, 'x'));
    given += piece;
  }
  EXPECT_THAT(commands, ElementsAre(Command::kAskRequest));
  const AskRequest ask = play.exchange.request_question();
  EXPECT_EQ(ask.seen, Seen::kPart);
  EXPECT_EQ(ask.size, limits::asked_body_max);
  EXPECT_EQ(ask.body, "");
  EXPECT_EQ(ask.body_hash, HexEncode(crypto::Hash(std::string(ask.size, 'x'))));
  play.Say(Next::kSend);
  play.Open();
  std::string sent = play.ToUpstream();
  while (given < size || sent.size() < size) {
    const std::size_t piece = std::min({size - given, play.exchange.from_client().Room()});
    play.Client(std::string(piece, 'x'));
    given += piece;
    const std::string more = play.ToUpstream();
    ASSERT_FALSE(piece == 0 && more.empty());
    sent += more;
  }
  EXPECT_EQ(sent.size() - sent.find("\r\n\r\n") - 4, size);
}

TEST(ExchangeAsk, AnUpgradeAndGrpcAreAskedAboutByTheirHeads) {
  AskedPlay socket;
  socket.Begin(
      "GET /chat HTTP/1.1\r\nHost: site.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
  EXPECT_EQ(socket.exchange.request_question().seen, Seen::kHead);
  AskedPlay grpc;
  grpc.Begin(
      "POST /S/M HTTP/1.1\r\nHost: site.test\r\nContent-Type: application/grpc+proto\r\n"
      "Transfer-Encoding: chunked\r\n\r\n");
  const AskRequest ask = grpc.exchange.request_question();
  EXPECT_EQ(ask.seen, Seen::kHead);
  EXPECT_EQ(ask.body_hash, "");
  EXPECT_NE(ask.same, "");
}

TEST(ExchangeAsk, AClientThatWaitsToBeToldIsToldToSendItsBody) {
  AskedPlay play;
  play.Begin(
      "POST / HTTP/1.1\r\nHost: site.test\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  EXPECT_EQ(play.ToClient(), "");
  play.Say(Next::kShow);
  EXPECT_EQ(play.ToClient(), "HTTP/1.1 100 Continue\r\n\r\n");
  play.Client("hi");
  play.Say(Next::kSend);
  play.Open();
  EXPECT_THAT(play.ToUpstream(), Not(HasSubstr("Expect")));
}

TEST(ExchangeAsk, AClientThatGoesLeavesNothingBehind) {
  AskedPlay play;
  play.Begin(std::string(kPost) + "{\"a\":1}");
  play.Say(Next::kShow);
  play.exchange.OnClientEnd();
  EXPECT_THAT(play.Advance(), ElementsAre(Command::kRecord, Command::kCutClient));
  EXPECT_EQ(play.records[0].code, "client_gone");
  EXPECT_THAT(play.Say(Next::kSend), IsEmpty());
  EXPECT_EQ(play.ToUpstream(), "");
}

TEST(ExchangeAsk, ARequestThatCannotBeToldIsRefused) {
  AskedPlay play;
  play.Client("GET /" + std::string(kPathMax, 'a') + " HTTP/1.1\r\nHost: site.test\r\n\r\n");
  EXPECT_THAT(play.Verdict_(), ElementsAre(Command::kRecord));
  EXPECT_THAT(play.ToClient(), StartsWith("HTTP/1.1 414 "));
}

TEST(ExchangeAsk, AHostWhoseRequestsAreFreeIsNotAskedAbout) {
  Play play;
  play.Client(kPost);
  EXPECT_THAT(play.Allow(), ElementsAre(Command::kOpenUpstream));
}

}  // namespace
}  // namespace aileron::proxy
