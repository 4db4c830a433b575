#include "http/h2_stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/h2_test_pair.h"

namespace aileron::http {
namespace {

using testing::AllOf;
using testing::EndsWith;
using testing::Ge;
using testing::HasSubstr;
using testing::Le;
using testing::Not;
using testing::StartsWith;

constexpr std::string_view kGet = "GET /a HTTP/1.1\r\nHost: site.test\r\nX-A: 1\r\n\r\n";

TEST(H2Stream, ARequestAndItsResponseReadAsTheyWereWritten) {
  H2Pair pair;
  const auto stream = pair.Ask(kGet);
  ASSERT_EQ(pair.requests.size(), 1u);
  H2Stream& request = *pair.requests[0];
  EXPECT_EQ(H2Pair::ReadAll(request),
            "GET /a HTTP/1.1\r\nHost: site.test\r\nx-a: 1\r\nConnection: close\r\n\r\n");
  // The end of the request is not the end of its client.
  EXPECT_EQ(request.state(), H2Stream::State::kOpen);

  const std::string_view response = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
  EXPECT_EQ(request.Write(response), response.size());
  pair.Exchange();
  EXPECT_EQ(H2Pair::ReadAll(*stream),
            "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nConnection: close\r\n\r\nok");
  EXPECT_EQ(stream->state(), H2Stream::State::kEnded);
  EXPECT_EQ(pair.client.streams(), 0u);
  EXPECT_EQ(pair.server.streams(), 0u);
}

TEST(H2Stream, AChunkedBodyAndItsTrailersPass) {
  H2Pair pair;
  const auto stream = pair.Ask(
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
      "5\r\nhello\r\n0\r\nx-end: 1\r\n\r\n");
  EXPECT_THAT(H2Pair::ReadAll(*pair.requests.at(0)),
              EndsWith("\r\n\r\n5\r\nhello\r\n0\r\nx-end: 1\r\n\r\n"));
  EXPECT_TRUE(
      pair.requests[0]->Write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                              "2\r\nok\r\n0\r\ngrpc-status: 0\r\n\r\n"));
  pair.Exchange();
  EXPECT_THAT(H2Pair::ReadAll(*stream), EndsWith("\r\n2\r\nok\r\n0\r\ngrpc-status: 0\r\n\r\n"));
  EXPECT_EQ(stream->state(), H2Stream::State::kEnded);
}

TEST(H2Stream, ReadingByPiecesGivesTheSameMessage) {
  H2Pair pair;
  pair.Ask("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n" + std::string(1000, 'b'));
  const std::string text = H2Pair::ReadAll(*pair.requests.at(0), 7);
  EXPECT_THAT(text, EndsWith("\r\n\r\n" + std::string(1000, 'b')));
}

TEST(H2Stream, AMessageThatIsAllHeadEndsWithItsHeaders) {
  H2Pair pair;
  const auto stream = pair.Ask(kGet);
  EXPECT_TRUE(pair.requests.at(0)->Write(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\ngrpc-status: 5\r\n\r\n0\r\n\r\n"));
  ByteBuffer frames(1 << 16);
  pair.server.Send(frames);
  constexpr std::size_t flags_at = 4, type_at = 3;
  EXPECT_EQ(frames.View()[type_at], 1) << "HEADERS";
  EXPECT_EQ(frames.View()[flags_at] & 1, 1) << "END_STREAM";
}

TEST(H2Stream, InterimResponsesComeFirst) {
  H2Pair pair;
  const auto stream = pair.Ask(kGet);
  EXPECT_TRUE(pair.requests.at(0)->Write("HTTP/1.1 103 Early Hints\r\nlink: <a>\r\n\r\n"));
  EXPECT_TRUE(pair.requests[0]->Write("HTTP/1.1 204 No Content\r\n\r\n"));
  pair.Exchange();
  EXPECT_THAT(H2Pair::ReadAll(*stream),
              AllOf(StartsWith("HTTP/1.1 103 "), HasSubstr("link: <a>\r\n\r\nHTTP/1.1 204 ")));
}

TEST(H2Stream, WhatNobodyReadsStaysWithTheSender) {
  H2Pair pair;
  const auto stream = pair.client.Open();
  std::string body = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9999999\r\n\r\n";
  body += std::string(500'000, 'b');
  std::size_t written = 0;
  for (int i = 0; i < 100; ++i) {
    written += stream->Write(std::string_view(body).substr(written)).value_or(0);
    pair.Exchange();
  }
  EXPECT_LE(written, limits::h2_client_window + limits::h2_output_max + 100);
  // Reading lets more come.
  const std::string first = H2Pair::ReadAll(*pair.requests.at(0));
  EXPECT_GE(first.size(), limits::h2_client_window / 2);
  pair.Exchange();
  EXPECT_TRUE(pair.requests[0]->MayRead());
}

TEST(H2Stream, AStreamThatIsCutIsBrokenOnTheOtherSide) {
  H2Pair pair;
  const auto stream = pair.Ask(kGet);
  EXPECT_TRUE(pair.requests.at(0)->Write("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"));
  pair.Exchange();
  pair.requests[0]->Finish(H2Stream::Ending::kCut);
  pair.Exchange();
  EXPECT_THAT(H2Pair::ReadAll(*stream), EndsWith("half"));
  EXPECT_EQ(stream->state(), H2Stream::State::kBroken);
}

TEST(H2Stream, WhatWasWrittenBeforeACutArrives) {
  H2Pair pair;
  const auto stream = pair.Ask(kGet);
  EXPECT_TRUE(pair.requests.at(0)->Write("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"));
  pair.requests[0]->Finish(H2Stream::Ending::kCut);
  pair.requests[0]->Abandon();
  pair.Exchange();
  EXPECT_THAT(H2Pair::ReadAll(*stream), EndsWith("half"));
  EXPECT_EQ(stream->state(), H2Stream::State::kBroken);
  EXPECT_EQ(pair.server.streams(), 0u);
}

TEST(H2Stream, ABodyThatEndsWithItsConnectionEndsWhole) {
  H2Pair pair;
  const auto stream = pair.Ask(kGet);
  EXPECT_TRUE(pair.requests.at(0)->Write("HTTP/1.1 200 OK\r\n\r\nall"));
  pair.requests[0]->Finish(H2Stream::Ending::kWhole);
  pair.Exchange();
  EXPECT_THAT(H2Pair::ReadAll(*stream), EndsWith("3\r\nall\r\n0\r\n\r\n"));
  EXPECT_EQ(stream->state(), H2Stream::State::kEnded);
}

TEST(H2Stream, AStreamThatWasGivenUpIsNotToldOfAgain) {
  H2Pair pair;
  const auto stream = pair.Ask(kGet);
  const std::string body(3 * limits::h2_output_max, 'b');
  const std::string response = "HTTP/1.1 200 OK\r\nContent-Length: 999999\r\n\r\n" + body;
  EXPECT_TRUE(pair.requests.at(0)->Write(response));
  ByteBuffer frames(1 << 20);
  pair.server.Send(frames);  // there is room again, which is news
  pair.requests[0]->Finish(H2Stream::Ending::kCut);
  pair.requests[0]->Abandon();
  EXPECT_EQ(pair.server.NextMoved(), nullptr);
  // What comes too late changes nothing.
  EXPECT_EQ(pair.requests[0]->Write("more"), std::nullopt);
  pair.requests[0]->Finish(H2Stream::Ending::kWhole);
  EXPECT_TRUE(pair.client.Receive(frames.View()));
  pair.Exchange();
  (void)H2Pair::ReadAll(*stream);
  pair.Exchange();
  (void)H2Pair::ReadAll(*stream);
  EXPECT_EQ(stream->state(), H2Stream::State::kBroken);
}

TEST(H2Stream, AHeadThatIsTooLargeToBeSentEndsItsStream) {
  H2Pair pair;
  const auto stream = pair.Ask(kGet);
  std::string head = "HTTP/1.1 200 OK\r\n";
  while (head.size() < limits::h2_head_sent_max) head += "x: " + std::string(4000, 'v') + "\r\n";
  EXPECT_TRUE(pair.requests.at(0)->Write(head + "Content-Length: 2\r\n\r\nok"));
  pair.Exchange();
  EXPECT_EQ(stream->state(), H2Stream::State::kBroken);
}

TEST(H2Stream, AnAbandonedRequestIsReset) {
  H2Pair pair;
  const auto stream = pair.Ask(kGet);
  stream->Abandon();
  pair.Exchange();
  EXPECT_EQ(H2Pair::ReadAll(*pair.requests.at(0)).substr(0, 3), "GET");
  EXPECT_EQ(pair.requests[0]->state(), H2Stream::State::kBroken);
  EXPECT_EQ(pair.requests[0]->Write("HTTP/1.1 200 OK\r\n\r\n"), std::nullopt);
}

TEST(H2Stream, AnAnsweredRequestNeedNotSendTheRest) {
  H2Pair pair;
  const auto stream =
      pair.Ask("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n");
  EXPECT_TRUE(pair.requests.at(0)->Write("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno"));
  pair.requests[0]->Abandon();
  pair.Exchange();
  EXPECT_THAT(H2Pair::ReadAll(*stream), EndsWith("no"));
  EXPECT_EQ(stream->state(), H2Stream::State::kEnded);
  // A client that sends it all the same is not told that it failed.
  EXPECT_EQ(stream->Write("1\r\nb\r\n0\r\n\r\n"), 11u);
  pair.Exchange();
  EXPECT_FALSE(stream->broken());
  EXPECT_EQ(pair.server.streams(), 0u);
}

TEST(H2Stream, TheRestOfAnAnsweredRequestIsTakenUpToABound) {
  H2Pair pair;
  const auto stream =
      pair.Ask("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n");
  EXPECT_TRUE(pair.requests.at(0)->Write("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno"));
  pair.requests[0]->Abandon();
  const std::string piece = fmt::format("4000\r\n{}\r\n", std::string(0x4000, 'x'));
  std::size_t sent = 0;
  while (stream->Write(piece) && sent < 2 * limits::h2_needless_max) {
    pair.Exchange();
    sent += piece.size();
  }
  EXPECT_THAT(sent, AllOf(Ge(limits::h2_needless_max), Le(limits::h2_needless_max + 200'000)));
  EXPECT_THAT(H2Pair::ReadAll(*stream), EndsWith("no"));
  EXPECT_EQ(pair.server.streams(), 0u);
}

constexpr std::string_view kHandshake =
    "GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: k\r\nSec-WebSocket-Version: 13\r\n\r\n";

TEST(H2Stream, AHandshakeToASiteBecomesAnExtendedConnect) {
  H2Pair pair;
  const auto asked = pair.Ask(kHandshake);
  ASSERT_EQ(pair.requests.size(), 1u);
  H2Stream& site = *pair.requests[0];
  const std::string request = H2Pair::ReadAll(site);
  EXPECT_THAT(request, StartsWith("GET /ws HTTP/1.1\r\nHost: a\r\n"));
  EXPECT_THAT(request, HasSubstr("Upgrade: websocket\r\n"));
  EXPECT_THAT(request, HasSubstr("sec-websocket-version: 13\r\n"));
  EXPECT_THAT(request, Not(HasSubstr("Key: k\r\n")));  // each side has its own
  (void)site.Write(
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Accept: x\r\nSec-WebSocket-Protocol: p\r\n\r\nhello");
  pair.Exchange();
  const std::string answer = H2Pair::ReadAll(*asked);
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 101 "));
  EXPECT_THAT(answer, HasSubstr("sec-websocket-protocol: p\r\n"));
  EXPECT_THAT(answer, Not(HasSubstr("accept")));  // it answers a key that is not the client's
  EXPECT_THAT(answer, EndsWith("\r\n\r\nhello"));
  EXPECT_EQ(asked->Write("raw"), 3u);
  pair.Exchange();
  EXPECT_EQ(H2Pair::ReadAll(site), "raw");
  asked->Finish(H2Stream::Ending::kWhole);
  pair.Exchange();
  (void)H2Pair::ReadAll(site);
  EXPECT_EQ(site.state(), H2Stream::State::kEnded);
}

TEST(H2Stream, ARefusedHandshakeIsAnAnswer) {
  H2Pair pair;
  const auto asked = pair.Ask(kHandshake);
  (void)H2Pair::ReadAll(*pair.requests.at(0));
  (void)pair.requests[0]->Write("HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno");
  pair.Exchange();
  EXPECT_THAT(H2Pair::ReadAll(*asked), testing::AllOf(StartsWith("HTTP/1.1 403 "), EndsWith("no")));
}

TEST(H2Stream, AHandshakeWaitsForTheSettingsAndNeedsTheirLeave) {
  H2Session client(H2Session::Role::kClient, H2Session::Scheme::kHttps, {});
  const auto stream = client.Open();
  EXPECT_EQ(stream->Write(kHandshake), 0u);
  EXPECT_EQ(client.NextMoved(), nullptr);
  EXPECT_TRUE(client.Receive(std::string_view("\0\0\0\x04\0\0\0\0\0", 9)));
  EXPECT_EQ(client.NextMoved(), stream);
  EXPECT_EQ(stream->Write(kHandshake), std::nullopt);  // nothing about WebSockets in them
}

}  // namespace
}  // namespace aileron::http
