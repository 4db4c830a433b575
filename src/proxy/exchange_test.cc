#include "proxy/exchange.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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

constexpr std::string_view get = "GET /a?q HTTP/1.1\r\nHost: site.test\r\n\r\n";

TEST(Exchange, ARequestGoesThroughVerdictUpstreamAndRecord) {
  Play play;
  EXPECT_THAT(play.Client(get), ElementsAre(Command::kAskVerdict));
  EXPECT_EQ(play.ToUpstream(), "");
  EXPECT_THAT(play.Allow(), ElementsAre(Command::kOpenUpstream));
  play.Open();
  EXPECT_EQ(play.ToUpstream(), "GET /a?q HTTP/1.1\r\nHost: site.test\r\n\r\n");
  EXPECT_THAT(play.Upstream("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"),
              ElementsAre(Command::kRecord, Command::kKeepUpstream));
  EXPECT_EQ(play.ToClient(), "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
  ASSERT_EQ(play.records.size(), 1u);
  EXPECT_EQ(play.records[0].path, "/a");
  EXPECT_EQ(play.records[0].scheme, "https");
  EXPECT_EQ(play.records[0].bytes_down, 2u);
  EXPECT_EQ(play.records[0].action, "allow");
  EXPECT_TRUE(play.exchange.idle());
}

TEST(Exchange, PipelinedRequestsAreAnsweredInOrder) {
  Play play;
  play.Client(std::string(get) + "GET /b HTTP/1.1\r\nHost: site.test\r\n\r\n");
  play.Allow();
  play.Open();
  EXPECT_THAT(play.ToUpstream(), Not(HasSubstr("/b")));
  EXPECT_THAT(play.Upstream("HTTP/1.1 204 No Content\r\n\r\n"),
              ElementsAre(Command::kRecord, Command::kKeepUpstream, Command::kAskVerdict));
}

TEST(Exchange, AConnectionIsKeptForTheSiteThatItGoesTo) {
  Play play(Exchange::Mode::kProxy);
  play.Client(
      "GET http://a.test/ HTTP/1.1\r\nHost: a.test\r\n\r\n"
      "GET http://b.test/ HTTP/1.1\r\nHost: b.test\r\n\r\n");
  play.Allow();
  play.Open();
  (void)play.ToUpstream();
  EXPECT_THAT(play.Upstream("HTTP/1.1 204 No Content\r\n\r\n"),
              ElementsAre(Command::kRecord, Command::kKeepUpstream, Command::kAskVerdict));
  EXPECT_EQ(play.exchange.site().host, "b.test");
  EXPECT_EQ(play.exchange.upstream_site().host, "a.test");
}

TEST(Exchange, ADeniedRequestIsToldWhyAndTheConnectionLives) {
  Play play;
  play.Client(get);
  EXPECT_THAT(play.Deny(), ElementsAre(Command::kRecord));
  EXPECT_THAT(play.ToClient(), StartsWith("HTTP/1.1 403 nobody allowed it (hint: --allow)\r\n"));
  EXPECT_EQ(play.records[0].code, "host_not_allowed");
  EXPECT_THAT(play.Client(get), ElementsAre(Command::kAskVerdict));
}

TEST(Exchange, MessagesThatParsersCouldReadDifferentlyReachNobody) {
  for (const char* fields :
       {"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n",
        "Content-Length: 3\r\nContent-Length: 4\r\n", "Content-Length : 3\r\n", "X: a\r\n b\r\n",
        "Transfer-Encoding: xchunked\r\n", "X: a\nY: b\r\n", "Host: other.test\r\n"}) {
    Play play;
    const auto commands =
        play.Client("POST / HTTP/1.1\r\nHost: site.test\r\n" + std::string(fields) + "\r\nabc");
    EXPECT_THAT(commands, ElementsAre(Command::kRecord, Command::kCloseClient)) << fields;
    EXPECT_THAT(play.ToClient(), testing::MatchesRegex("HTTP/1.1 (400|501) [^\n]*\n(.|\n)*"))
        << fields;
    EXPECT_EQ(play.records[0].action, "deny");
    EXPECT_EQ(play.ToUpstream(), "");
  }
}

TEST(Exchange, ABadChunkEndsTheRequestAndTheUpstream) {
  Play play;
  play.Send("POST / HTTP/1.1\r\nHost: site.test\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
  EXPECT_THAT(play.ToUpstream(), EndsWith("\r\n\r\n3\r\nabc\r\n"));
  EXPECT_THAT(play.Client("zz\r\n"),
              ElementsAre(Command::kRecord, Command::kCloseUpstream, Command::kCloseClient));
  EXPECT_EQ(play.ToUpstream(), "");
  EXPECT_THAT(play.ToClient(), StartsWith("HTTP/1.1 400 "));
}

TEST(Exchange, AnotherHostIsRefused) {
  for (const char* host : {"other.test", "site.test:444", "site.test.evil", "site.testx"}) {
    Play play;
    play.Client("GET / HTTP/1.1\r\nHost: " + std::string(host) + "\r\n\r\n");
    EXPECT_THAT(play.ToClient(), StartsWith("HTTP/1.1 400 ")) << host;
    EXPECT_EQ(play.records[0].code, "authority_mismatch");
  }
  for (const char* host : {"site.test", "SITE.test:443", "site.test."}) {
    Play play;
    EXPECT_THAT(play.Client("GET / HTTP/1.1\r\nHost: " + std::string(host) + "\r\n\r\n"),
                ElementsAre(Command::kAskVerdict))
        << host;
  }
}

TEST(Exchange, ABoundRequestWaitsForItsCredentialAndIsNeverSentWithout) {
  const BindingView binding{.name = "b", .scheme = BindingScheme::kBearer, .credential = "token/b"};
  Play play;
  play.Client("GET / HTTP/1.1\r\nHost: site.test\r\nAuthorization: mine\r\n\r\n");
  EXPECT_THAT(play.Allow({binding}), ElementsAre(Command::kAskCredential));
  EXPECT_EQ(play.exchange.credential_question().binding, "b");
  Credential good;
  good.secret = Secret("s3cret");
  play.exchange.OnCredential(std::make_shared<const Credential>(std::move(good)));
  EXPECT_THAT(play.Advance(), ElementsAre(Command::kOpenUpstream));
  play.Open();
  const std::string sent = play.ToUpstream();
  EXPECT_THAT(sent, HasSubstr("Authorization: Bearer s3cret\r\n"));
  EXPECT_THAT(sent, Not(HasSubstr("mine")));

  Play locked;
  locked.Client(get);
  locked.Allow({binding});
  locked.exchange.OnCredential(std::make_shared<const Credential>(
      Credential{.code = "vault_locked", .message = "locked", .hint = "unlock"}));
  EXPECT_THAT(locked.Advance(), ElementsAre(Command::kRecord));
  EXPECT_THAT(locked.ToClient(), StartsWith("HTTP/1.1 502 "));
  EXPECT_EQ(locked.ToUpstream(), "");
  EXPECT_EQ(locked.records[0].credential, "token/b");
}

BindingView Aws() {
  return {.name = "aws",
          .scheme = BindingScheme::kSigV4,
          .emit = Emit::kSentinel,
          .credential = "aws/x",
          .sentinel = "AKIALOOKALIKE"};
}

// Up to the credential in hand.
std::vector<Command> SendSigned(Play& play, std::string_view fields, std::string_view body) {
  play.Client(
      fmt::format("POST / HTTP/1.1\r\nHost: site.test\r\nX-Amz-Date: 20260101T000000Z\r\n"
                  "Authorization: AWS4-HMAC-SHA256 Credential=AKIALOOKALIKE/20260101/r/sts/"
                  "aws4_request, SignedHeaders=host;x-amz-date, Signature=0\r\n{}\r\n{}",
                  fields, body));
  EXPECT_THAT(play.Allow({Aws()}), ElementsAre(Command::kAskCredential));
  const AskCredential ask = play.exchange.credential_question();
  EXPECT_EQ(ask.date + "/" + ask.region + "/" + ask.service, "20260101/r/sts");
  Credential key;
  key.secret = Secret("AKIAREAL\n" + std::string(64, 'a') + "\n");
  play.exchange.OnCredential(std::make_shared<const Credential>(std::move(key)));
  return play.Advance();
}

TEST(Exchange, ABodyThatIsSignedAsAWholeIsHeldUntilItsEnd) {
  Play play;
  EXPECT_THAT(SendSigned(play, "Content-Length: 6\r\nExpect: 100-continue\r\n", "abc"), IsEmpty());
  EXPECT_EQ(play.ToClient(), "HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_EQ(play.ToUpstream(), "");
  EXPECT_EQ(play.exchange.wait(), Exchange::Wait::kRequestBody);
  EXPECT_THAT(play.Client("def"), ElementsAre(Command::kOpenUpstream));
  play.Open();
  const std::string sent = play.ToUpstream();
  EXPECT_THAT(sent, HasSubstr("Credential=AKIAREAL/"));
  EXPECT_THAT(sent, Not(HasSubstr("Expect")));
  EXPECT_THAT(sent, EndsWith("\r\n\r\nabcdef"));
  EXPECT_THAT(play.Upstream("HTTP/1.1 204 No Content\r\n\r\n"),
              ElementsAre(Command::kRecord, Command::kKeepUpstream));
  EXPECT_EQ(play.records[0].bytes_up, 6u);
  EXPECT_EQ(play.records[0].credential, "aws/x");

  Play nothing;  // without a body nothing is waited for
  EXPECT_THAT(SendSigned(nothing, "", ""), ElementsAre(Command::kOpenUpstream));
}

TEST(Exchange, ABodyTooLargeToHoldIsRefused) {
  Play stated;
  EXPECT_THAT(
      SendSigned(stated, fmt::format("Content-Length: {}\r\n", limits::held_body_max + 1), ""),
      ElementsAre(Command::kRecord, Command::kCloseClient));
  EXPECT_THAT(stated.ToClient(), StartsWith("HTTP/1.1 413 "));

  Play play;
  SendSigned(play, "Transfer-Encoding: chunked\r\n", "");
  const std::string piece = "8000\r\n" + std::string(32 << 10, 'x') + "\r\n";
  std::vector<Command> commands;
  for (std::size_t sent = 0; sent <= limits::held_body_max && commands.empty(); sent += 32 << 10) {
    commands = play.Client(piece);
  }
  EXPECT_THAT(commands, ElementsAre(Command::kRecord, Command::kCloseClient));
  EXPECT_THAT(play.ToClient(), StartsWith("HTTP/1.1 413 "));
  EXPECT_EQ(play.ToUpstream(), "");
}

TEST(Exchange, SignedChunksAreSignedAgainAsTheyPass) {
  const std::string zero(64, '0');
  const std::string first = "3;chunk-signature=" + zero + "\r\nabc\r\n";
  const std::string last = "0;chunk-signature=" + zero + "\r\n\r\n";
  const std::string fields = fmt::format(
      "X-Amz-Content-Sha256: STREAMING-AWS4-HMAC-SHA256-PAYLOAD\r\nContent-Length: {}\r\n",
      first.size() + last.size());
  Play play;
  EXPECT_THAT(SendSigned(play, fields, ""), ElementsAre(Command::kOpenUpstream));
  play.Open();
  (void)play.ToUpstream();
  play.Client(first.substr(0, 20));
  EXPECT_EQ(play.ToUpstream(), "");
  play.Client(first.substr(20));
  const std::string sent = play.ToUpstream();
  EXPECT_EQ(sent.size(), first.size());
  EXPECT_THAT(sent, Not(HasSubstr(zero)));
  EXPECT_THAT(sent, EndsWith("\r\nabc\r\n"));
  play.Client(last);
  EXPECT_EQ(play.ToUpstream().size(), last.size());
  EXPECT_THAT(play.Upstream("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
              ElementsAre(Command::kRecord, Command::kKeepUpstream));

  Play broken;
  SendSigned(broken, fields, "");
  broken.Open();
  EXPECT_THAT(broken.Client("3;nothing\r\nabc\r\n"),
              ElementsAre(Command::kRecord, Command::kCloseUpstream, Command::kCloseClient));
  EXPECT_THAT(broken.ToClient(), StartsWith("HTTP/1.1 400 "));
}

TEST(Exchange, ASignatureThatCannotBeMadeAgainIsRefusedBeforeAnythingIsAsked) {
  Play play;
  play.Client(
      "GET / HTTP/1.1\r\nHost: site.test\r\nAuthorization: AWS4-HMAC-SHA256 "
      "Credential=AKIALOOKALIKE/20260101/r/s3/aws4_request, SignedHeaders=host, Signature=0"
      "\r\n\r\n");
  EXPECT_THAT(play.Allow({Aws()}), ElementsAre(Command::kRecord));
  EXPECT_THAT(play.ToClient(), StartsWith("HTTP/1.1 400 "));
  EXPECT_EQ(play.records[0].code, "signature_unusable");
}

TEST(Exchange, AClientCertificateGoesWithTheConnectionAndMarksIt) {
  BindingView binding{.name = "b", .scheme = BindingScheme::kMtls, .credential = "cert/b"};
  binding.scope.paths = {*PathPattern::Parse("/mine/**")};
  const auto send = [&](Play& play, std::string_view path, std::string_view pem) {
    play.Client(fmt::format("GET {} HTTP/1.1\r\nHost: site.test\r\n\r\n", path));
    play.Allow({binding});
    Credential credential;
    credential.secret = Secret(pem);
    play.exchange.OnCredential(std::make_shared<const Credential>(std::move(credential)));
    play.Advance();
    play.Open();
    EXPECT_EQ(play.ToUpstream(), fmt::format("GET {} HTTP/1.1\r\nHost: site.test\r\n\r\n", path));
    play.Upstream("HTTP/1.1 204 No Content\r\n\r\n");
  };
  Play play;
  send(play, "/mine/a", "one");
  const std::string first = play.exchange.upstream_site().identity;
  EXPECT_EQ(play.exchange.upstream_site().certificate->secret.Reveal(), "one");
  send(play, "/other", "one");
  EXPECT_EQ(play.exchange.upstream_site().identity, "");
  EXPECT_EQ(play.exchange.upstream_site().certificate, nullptr);
  send(play, "/mine/b", "two");
  EXPECT_NE(play.exchange.upstream_site().identity, first);
  EXPECT_FALSE(first.empty());
}

// A request with a masked bearer credential, up to the open upstream.
void SendMasked(Play& play, std::string_view fields = "") {
  play.Client(fmt::format("GET / HTTP/1.1\r\nHost: site.test\r\n{}\r\n", fields));
  play.Allow({{.name = "b", .credential = "token/b", .echo = Echo::kMask}});
  Credential credential;
  credential.secret = Secret("s3cret-value");
  play.exchange.OnCredential(std::make_shared<const Credential>(std::move(credential)));
  play.Advance();
  play.Open();
}

TEST(Exchange, AnAnswerThatEchoesASecretIsMaskedAsItStreams) {
  Play play;
  SendMasked(play, "Accept-Encoding: gzip\r\nRange: bytes=0-3\r\n");
  const std::string sent = play.ToUpstream();
  EXPECT_THAT(sent, HasSubstr("Authorization: Bearer s3cret-value\r\n"));
  EXPECT_THAT(sent, HasSubstr("Accept-Encoding: identity\r\n"));
  EXPECT_THAT(sent, Not(HasSubstr("Range")));
  play.Upstream(
      "HTTP/1.1 200 OK\r\nX-Echo: Bearer s3cret-value\r\nContent-Length: 21\r\n\r\nab s3cre");
  EXPECT_EQ(play.ToClient(),
            "HTTP/1.1 200 OK\r\nX-Echo: Bearer ************\r\nContent-Length: 21\r\n\r\nab ");
  play.Upstream("t-value s3");
  EXPECT_EQ(play.ToClient(), "************ ");
  play.Upstream("cre");
  EXPECT_EQ(play.ToClient(), "s3cre");
  EXPECT_TRUE(play.exchange.idle());

  Play chunked;
  SendMasked(chunked);
  chunked.Upstream(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\ns3cret\r\n6\r\n-value\r\n"
      "0\r\nX-T: s3cret-value\r\n\r\n");
  const std::string got = chunked.ToClient();
  EXPECT_THAT(got, Not(HasSubstr("s3cret")));
  EXPECT_THAT(got, HasSubstr("************\r\n0\r\nX-T: ************\r\n"));
}

TEST(Exchange, AnAnswerThatCannotBeLookedIntoIsNotPassedOn) {
  Play play;
  SendMasked(play);
  play.Upstream("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nabcd");
  EXPECT_THAT(play.ToClient(), StartsWith("HTTP/1.1 502 "));
  EXPECT_EQ(play.records[0].code, "answer_not_masked");
}

TEST(Exchange, HeadAndEmptyStatusesHaveNoBody) {
  Play play;
  play.Send("HEAD / HTTP/1.1\r\nHost: site.test\r\n\r\n");
  (void)play.ToUpstream();
  EXPECT_THAT(play.Upstream("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n"),
              ElementsAre(Command::kRecord, Command::kKeepUpstream));
  EXPECT_EQ(play.ToClient(), "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n");
  for (const char* status : {"204 No Content", "304 Not Modified"}) {
    play.Send(get);
    (void)play.ToUpstream();
    EXPECT_THAT(play.Upstream("HTTP/1.1 " + std::string(status) + "\r\n\r\n"),
                ElementsAre(Command::kRecord, Command::kKeepUpstream));
    EXPECT_EQ(play.ToClient(), "HTTP/1.1 " + std::string(status) + "\r\n\r\n");
  }
}

TEST(Exchange, InterimResponsesPassAndAreBounded) {
  Play play;
  play.Send(get);
  play.Upstream("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 204 N\r\n\r\n");
  EXPECT_EQ(play.ToClient(), "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 204 N\r\n\r\n");
  Play endless;
  endless.Send(get);
  for (int i = 0; i <= limits::interims_max; ++i) endless.Upstream("HTTP/1.1 102 P\r\n\r\n");
  EXPECT_THAT(endless.ToClient(), HasSubstr("HTTP/1.1 502 "));
}

TEST(Exchange, ChunkedBodiesAndTrailersPassBothWays) {
  Play play;
  play.Send(
      "POST / HTTP/1.1\r\nHost: site.test\r\nTransfer-Encoding: "
      "chunked\r\n\r\n2\r\nup\r\n0\r\nX-T: 1\r\n\r\n");
  EXPECT_THAT(play.ToUpstream(), EndsWith("2\r\nup\r\n0\r\nX-T: 1\r\n\r\n"));
  play.Upstream(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\ndown\r\n0\r\nX-D: 2\r\n\r\n");
  EXPECT_THAT(play.ToClient(), EndsWith("4\r\ndown\r\n0\r\nX-D: 2\r\n\r\n"));
}

TEST(Exchange, AFullBufferStopsItsSource) {
  Play play;
  play.Send("POST / HTTP/1.1\r\nHost: site.test\r\nContent-Length: 1000000\r\n\r\n");
  for (int i = 0; i < 40 && play.exchange.from_client().Room() >= 8192; ++i)
    play.Client(std::string(8192, 'x'));
  while (play.exchange.WantsClientBytes())
    play.Client(std::string(play.exchange.from_client().Room(), 'x'));
  EXPECT_LE(play.exchange.to_upstream().size(), limits::output_max);
  const std::size_t waiting = play.exchange.from_client().size();
  (void)play.ToUpstream();
  play.Advance();
  EXPECT_LT(play.exchange.from_client().size(), waiting);
  EXPECT_TRUE(play.exchange.WantsClientBytes());
}

TEST(Exchange, AStalePooledConnectionIsReplacedOnceForWhatCanBeSentAgain) {
  Play play;
  play.Send(get, Exchange::Reuse::kPooled);
  (void)play.ToUpstream();
  EXPECT_THAT(play.UpstreamEnd(), ElementsAre(Command::kCloseUpstream, Command::kOpenFresh));
  play.Open();
  EXPECT_THAT(play.ToUpstream(), StartsWith("GET /a?q "));
  EXPECT_THAT(play.UpstreamEnd(), ElementsAre(Command::kRecord, Command::kCloseUpstream));
  EXPECT_THAT(play.ToClient(), StartsWith("HTTP/1.1 502 "));

  Play post;
  post.Send("POST / HTTP/1.1\r\nHost: site.test\r\nContent-Length: 1\r\n\r\nx",
            Exchange::Reuse::kPooled);
  EXPECT_THAT(post.UpstreamEnd(), ElementsAre(Command::kRecord, Command::kCloseUpstream));
}

TEST(Exchange, BytesBehindAResponseEndTheUpstreamConnection) {
  Play play;
  play.Send(get);
  (void)play.ToUpstream();
  EXPECT_THAT(play.Upstream("HTTP/1.1 204 N\r\n\r\nHTTP/1.1 200 OK\r\n\r\nevil"),
              ElementsAre(Command::kRecord, Command::kCloseUpstream));
  EXPECT_EQ(play.ToClient(), "HTTP/1.1 204 N\r\n\r\n");
}

TEST(Exchange, AResponseUntilCloseEndsTheClientsConnection) {
  Play play;
  play.Send(get);
  EXPECT_THAT(play.Upstream("HTTP/1.0 200 OK\r\n\r\nabc"), IsEmpty());
  EXPECT_THAT(play.UpstreamEnd(),
              ElementsAre(Command::kRecord, Command::kCloseUpstream, Command::kCloseClient));
  EXPECT_THAT(play.ToClient(), EndsWith("Connection: close\r\n\r\nabc"));
  Play broken;
  broken.Send(get);
  broken.Upstream("HTTP/1.0 200 OK\r\n\r\nabc");
  EXPECT_THAT(broken.UpstreamEnd(Exchange::End::kBroken),
              ElementsAre(Command::kRecord, Command::kCloseUpstream, Command::kCutClient));
}

TEST(Exchange, AnUpgradeBecomesATunnelWithHalfClose) {
  Play play;
  play.Send(
      "GET / HTTP/1.1\r\nHost: site.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
  play.Upstream("HTTP/1.1 101 S\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nx");
  EXPECT_THAT(play.ToClient(), EndsWith("\r\n\r\nx"));
  (void)play.ToUpstream();
  play.Client("y");
  EXPECT_EQ(play.ToUpstream(), "y");
  play.exchange.OnClientEnd();
  EXPECT_THAT(play.Advance(), ElementsAre(Command::kEndUpstream));
  play.Upstream("z");
  EXPECT_EQ(play.ToClient(), "z");
  EXPECT_THAT(play.UpstreamEnd(), ElementsAre(Command::kEndClient, Command::kRecord,
                                              Command::kCloseUpstream, Command::kCloseClient));
  EXPECT_EQ(play.records[0].kind, "upgrade");
}

TEST(Exchange, AnUpgradeToHttp2IsNotAskedFor) {
  Play play;
  play.Send("GET / HTTP/1.1\r\nHost: site.test\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n");
  EXPECT_THAT(play.ToUpstream(), Not(HasSubstr("pgrade")));
}

TEST(Exchange, AnAnswerInsteadOfContinueEndsTheConnection) {
  Play play;
  play.Send(
      "PUT / HTTP/1.1\r\nHost: site.test\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
  EXPECT_THAT(play.Upstream("HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n"),
              ElementsAre(Command::kRecord, Command::kCloseUpstream, Command::kCloseClient));
  EXPECT_THAT(play.ToClient(), HasSubstr("Connection: close\r\n"));
}

TEST(Exchange, TheProxyTakesConnectAndAbsoluteTargetsOnly) {
  Play play(Exchange::Mode::kProxy);
  play.Client("GET / HTTP/1.1\r\nHost: site.test\r\n\r\n");
  EXPECT_THAT(play.ToClient(), StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(play.Client("GET http://a.test:8080/x HTTP/1.1\r\nHost: a.test:8080\r\n\r\n"),
              ElementsAre(Command::kAskVerdict));
  EXPECT_EQ(play.exchange.site().Authority(), "a.test:8080");

  Play connect(Exchange::Mode::kProxy);
  connect.Client("CONNECT b.test:443 HTTP/1.1\r\nHost: b.test:443\r\n\r\n\x16");
  EXPECT_THAT(connect.Allow(), ElementsAre(Command::kEnterTunnel));
  EXPECT_THAT(connect.ToClient(), StartsWith("HTTP/1.1 200 "));
  EXPECT_EQ(connect.exchange.from_client().View(), "\x16");
}

TEST(Exchange, ADeniedConnectIsToldInsideTlsOn443AndAtOnceElsewhere) {
  Play inside(Exchange::Mode::kProxy);
  inside.Client("CONNECT b.test:443 HTTP/1.1\r\nHost: b.test:443\r\n\r\n");
  EXPECT_THAT(inside.Deny(), ElementsAre(Command::kEnterTunnel));
  Play outside(Exchange::Mode::kProxy);
  outside.Client("CONNECT b.test:22 HTTP/1.1\r\nHost: b.test:22\r\n\r\n");
  EXPECT_THAT(outside.Deny(), ElementsAre(Command::kRecord, Command::kCloseClient));
  EXPECT_THAT(outside.ToClient(), StartsWith("HTTP/1.1 403 "));
  EXPECT_EQ(outside.records[0].kind, "connect");
}

TEST(Exchange, TheClientsLeavingCancelsEverything) {
  Play play;
  play.Client(get);
  play.Allow();
  play.exchange.OnClientEnd();
  EXPECT_THAT(play.Advance(),
              ElementsAre(Command::kRecord, Command::kCloseUpstream, Command::kCutClient));
  EXPECT_EQ(play.records[0].code, "client_gone");
}

TEST(Exchange, WaitsHaveNamesAndEndInAnAnswer) {
  Play play;
  EXPECT_EQ(play.exchange.wait(), Exchange::Wait::kNextRequest);
  play.Client("GET / HT");
  EXPECT_EQ(play.exchange.wait(), Exchange::Wait::kRequestHead);
  play.exchange.OnTimeout();
  EXPECT_THAT(play.Advance(), ElementsAre(Command::kRecord, Command::kCloseClient));
  EXPECT_THAT(play.ToClient(), StartsWith("HTTP/1.1 408 "));
  Play silent;
  silent.Send(get);
  (void)silent.ToUpstream();
  EXPECT_EQ(silent.exchange.wait(), Exchange::Wait::kResponseHead);
  silent.exchange.OnTimeout();
  EXPECT_THAT(silent.Advance(), ElementsAre(Command::kRecord, Command::kCloseUpstream));
  EXPECT_THAT(silent.ToClient(), StartsWith("HTTP/1.1 504 "));
  Play stream;
  stream.Send(get);
  stream.Upstream(
      "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n");
  EXPECT_EQ(stream.exchange.wait(), Exchange::Wait::kReader);
  (void)stream.ToClient();
  EXPECT_EQ(stream.exchange.wait(), Exchange::Wait::kMovement);
}

TEST(Exchange, TheSessionsTokenIsNoCredentialOfTheClients) {
  const auto detail = [](const std::string& host) {
    Play play(Exchange::Mode::kSite, host);
    play.Send("GET / HTTP/1.1\r\nHost: " + host + "\r\nAuthorization: Bearer t\r\n\r\n");
    (void)play.ToUpstream();
    play.Upstream("HTTP/1.1 204 No Content\r\n\r\n");
    return play.records.at(0).detail;
  };
  EXPECT_THAT(detail("site.test"), HasSubstr("was passed on"));
  EXPECT_EQ(detail("aileron.internal"), "");
}

TEST(Exchange, EverySplitOfARequestAndResponseGivesTheSame) {
  const std::string request =
      "POST / HTTP/1.1\r\nHost: site.test\r\nTransfer-Encoding: "
      "chunked\r\n\r\n2\r\nup\r\n0\r\n\r\n";
  const std::string response =
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\ndown\r\n0\r\n\r\n";
  Play play;
  for (const char c : request.substr(0, request.find("2\r\nup"))) play.Client({&c, 1});
  play.Allow();
  play.Open();
  for (const char c : request.substr(request.find("2\r\nup"))) play.Client({&c, 1});
  EXPECT_THAT(play.ToUpstream(), EndsWith("0\r\n\r\n"));
  for (const char c : response) play.Upstream({&c, 1});
  EXPECT_THAT(play.ToClient(), EndsWith("0\r\n\r\n"));
  ASSERT_EQ(play.records.size(), 1u);
  EXPECT_EQ(play.records[0].bytes_up, 2u);
  EXPECT_EQ(play.records[0].bytes_down, 4u);
}

}  // namespace
}  // namespace aileron::proxy
