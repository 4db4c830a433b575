// The tunnel of a WebSocket whose text messages are looked through: src/proxy/exchange_messages.cc.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "proxy/exchange_play.h"
#include "proxy/websocket_frames.h"

namespace aileron::proxy {
namespace {

using Command = Exchange::Command;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr unsigned kText = 0x81;
constexpr std::string_view kLookAlike = "ail_abcdefgh";
constexpr std::string_view kHandshake =
    "GET /ws HTTP/1.1\r\nHost: site.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n";
constexpr std::string_view kSwitched =
    "HTTP/1.1 101 S\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";

BindingView Swapping() {
  return {.name = "b",
          .emit = Emit::kSentinel,
          .credential = "token/b",
          .sentinel = std::string(kLookAlike),
          .messages = Messages::kSwap};
}

void Shake(Play& play, BindingView binding) {
  play.Client(kHandshake);
  play.Allow({std::move(binding)});
  play.Open();
}

std::vector<std::string> Sent(Play& play) {
  std::vector<std::string> texts;
  for (const WsFrame& frame : ReadFrames(play.ToUpstream())) texts.push_back(frame.payload);
  return texts;
}

// The example of RFC 6455 §1.3.
constexpr std::string_view kExample =
    "GET /chat HTTP/1.1\r\nHost: site.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
constexpr std::string_view kAccept = "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";

TEST(ExchangeMessages, AnAnswerWithoutAcceptKeyGetsTheRightOne) {
  const std::string switched(kSwitched.substr(0, kSwitched.size() - 2));
  for (const std::string& answer : {switched + "\r\n", switched + std::string(kAccept) + "\r\n"}) {
    Play play;
    play.Send(kExample);
    play.Upstream(answer);
    EXPECT_THAT(play.ToClient(), HasSubstr(kAccept));
  }
}

TEST(ExchangeMessages, AnAnswerToAnotherHandshakeIsRefused) {
  Play play;
  play.Send(kExample);
  play.Upstream(std::string(kSwitched.substr(0, kSwitched.size() - 2)) +
                "Sec-WebSocket-Accept: c3BPTE1CaVR4YVE5a1lHenpoWg==\r\n\r\n");
  EXPECT_THAT(play.ToClient(), testing::StartsWith("HTTP/1.1 502 "));
  EXPECT_EQ(play.records[0].code, "upstream_invalid_response");
}

TEST(ExchangeMessages, ALookAlikeIsSwappedWhenItsCredentialIsInHand) {
  Play play;
  Shake(play, Swapping());
  EXPECT_THAT(play.ToUpstream(), Not(HasSubstr("deflate")));  // or nothing could be read
  play.Upstream(kSwitched);
  EXPECT_THAT(play.Client(WriteFrame(kText, "hello")), IsEmpty());
  EXPECT_THAT(Sent(play), ElementsAre("hello"));
  EXPECT_THAT(play.Client(WriteFrame(kText, fmt::format("I am {}", kLookAlike))),
              ElementsAre(Command::kAskCredential));
  EXPECT_EQ(play.exchange.credential_question().binding, "b");
  EXPECT_THAT(play.Client(WriteFrame(kText, "later")), IsEmpty());
  EXPECT_THAT(Sent(play), IsEmpty());
  play.Give("s3cret");
  EXPECT_THAT(Sent(play), ElementsAre("I am s3cret", "later"));
  // As long as the cache has it nobody is asked.
  EXPECT_THAT(play.Client(WriteFrame(kText, kLookAlike)), IsEmpty());
  EXPECT_THAT(Sent(play), ElementsAre("s3cret"));
  // When it was revoked, the tunnel has it no more.
  play.given.reset();
  EXPECT_THAT(play.Client(WriteFrame(kText, kLookAlike)), ElementsAre(Command::kAskCredential));
  play.Give("renewed");
  EXPECT_THAT(Sent(play), ElementsAre("renewed"));
  play.exchange.OnClientGone();
  play.Advance();
  ASSERT_EQ(play.records.size(), 1u);
  EXPECT_EQ(play.records[0].credential, "token/b");
}

TEST(ExchangeMessages, ARefusedCredentialEndsTheTunnel) {
  Play play;
  Shake(play, Swapping());
  (void)play.ToUpstream();
  play.Upstream(kSwitched);
  play.Client(WriteFrame(kText, kLookAlike));
  play.exchange.OnCredential(std::make_shared<const Credential>(
      Credential{.code = "vault_locked", .message = "the vault is locked"}));
  EXPECT_THAT(play.Advance(),
              ElementsAre(Command::kRecord, Command::kCloseUpstream, Command::kCutClient));
  EXPECT_EQ(play.ToUpstream(), "");
  EXPECT_EQ(play.records[0].code, "vault_locked");
}

TEST(ExchangeMessages, OthersPassUntouchedAndKeepTheirExtensions) {
  BindingView plain = Swapping();
  plain.messages = Messages::kPass;
  BindingView elsewhere = Swapping();
  elsewhere.scope.methods = {"POST"};
  for (const BindingView& binding : {plain, elsewhere}) {
    Play play;
    Shake(play, binding);
    EXPECT_THAT(play.ToUpstream(), HasSubstr("permessage-deflate"));
    play.Upstream(kSwitched);
    const std::string frame = WriteFrame(kText, kLookAlike) + "\x81\x05plain";
    EXPECT_THAT(play.Client(frame), IsEmpty());
    EXPECT_EQ(play.ToUpstream(), frame);
  }
}

TEST(ExchangeMessages, AMessageIsSentBeforeTheClientsEnd) {
  Play play;
  Shake(play, Swapping());
  (void)play.ToUpstream();
  play.Upstream(kSwitched);
  play.Client(WriteFrame(kText, kLookAlike));
  play.exchange.OnClientEnd();
  EXPECT_THAT(play.Advance(), IsEmpty());
  EXPECT_THAT(play.Give("s3cret"), ElementsAre(Command::kEndUpstream));
  EXPECT_THAT(Sent(play), ElementsAre("s3cret"));
}

TEST(ExchangeMessages, HalfAFrameDoesNotKeepTheTunnelOpen) {
  Play play;
  Shake(play, Swapping());
  play.Upstream(kSwitched);
  play.Client(WriteFrame(kText, "whole").substr(0, 8));
  play.exchange.OnClientEnd();
  EXPECT_THAT(play.Advance(), ElementsAre(Command::kEndUpstream));
  Play head;
  Shake(head, Swapping());
  head.Upstream(kSwitched);
  head.Client("\x81");
  head.exchange.OnClientEnd();
  EXPECT_THAT(head.Advance(), ElementsAre(Command::kEndUpstream));
}

TEST(ExchangeMessages, AFrameThatIsNotMaskedEndsTheTunnel) {
  Play play;
  Shake(play, Swapping());
  play.Upstream(kSwitched);
  play.Client("\x81\x05hello");
  ASSERT_EQ(play.records.size(), 1u);
  EXPECT_EQ(play.records[0].code, "websocket_frame_invalid");
}

}  // namespace
}  // namespace aileron::proxy
