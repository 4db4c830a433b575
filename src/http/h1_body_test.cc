#include "http/h1_body.h"

#include <gtest/gtest.h>

namespace aileron::http {
namespace {

struct Read {
  std::string payload;
  Outcome outcome = Outcome::kNeedMore;
  Flaw flaw = Flaw::kNone;
  std::size_t consumed = 0;
};

// Feeds pieces of `piece` bytes, at most `payload_max` of payload a call.
Read ReadAll(Body body, std::string_view input, std::size_t piece,
             std::size_t payload_max = 1 << 20) {
  BodyReader reader(body);
  Read result;
  std::size_t available = 0;
  while (true) {
    const std::string copy(input.substr(result.consumed, available - result.consumed));
    const BodyReader::Step step = reader.Read(copy, payload_max);
    result.payload += step.payload;
    result.consumed += step.consumed;
    result.outcome = step.outcome;
    result.flaw = step.flaw;
    if (step.outcome != Outcome::kNeedMore) return result;
    if (step.consumed != 0) continue;
    if (available == input.size()) return result;
    available = std::min(available + piece, input.size());
  }
}

constexpr Body kChunkedBody{Framing::kChunked, 0};

struct Case {
  std::string bytes;
  Flaw flaw;
};

TEST(Chunked, RefusesEveryBadChunk) {
  using namespace std::string_literals;
  const std::vector<Case> corpus = {
      // Sizes.
      {"\r\n", Flaw::kBadChunkSize},
      {"x\r\n", Flaw::kBadChunkSize},
      {"-1\r\n", Flaw::kBadChunkSize},
      {"+1\r\na\r\n", Flaw::kBadChunkSize},
      {"0x1\r\na\r\n", Flaw::kBadChunkSize},
      {"0X1\r\na\r\n", Flaw::kBadChunkSize},
      {" 1\r\na\r\n", Flaw::kBadChunkSize},
      {"1 \r\na\r\n", Flaw::kBadChunkSize},
      {"1\t\r\na\r\n", Flaw::kBadChunkSize},
      {"1 ;a\r\na\r\n", Flaw::kBadChunkSize},
      {"1_0\r\n", Flaw::kBadChunkSize},
      {"1,1\r\n", Flaw::kBadChunkSize},
      {";a\r\n", Flaw::kBadChunkSize},
      {"1\0\r\na\r\n"s, Flaw::kBadChunkSize},
      {"1\n", Flaw::kBareLf},
      {"\n", Flaw::kBareLf},
      {"1\rX", Flaw::kBareCr},
      {"1\r\r\n", Flaw::kBareCr},
      {"10000000000000000\r\n", Flaw::kChunkTooLarge},
      {"00000000000000001\r\n", Flaw::kChunkTooLarge},
      {"FFFFFFFFFFFFFFFF\r\n", Flaw::kChunkTooLarge},
      {"1000000000000001\r\n", Flaw::kChunkTooLarge},
      {"100000000000000000000000000000001\r\n", Flaw::kChunkTooLarge},
      // Ends.
      {"1\r\nab\r\n", Flaw::kBadChunkEnd},
      {"1\r\na\n", Flaw::kBadChunkEnd},
      {"1\r\na\rX", Flaw::kBadChunkEnd},
      {"1\r\na0\r\n\r\n", Flaw::kBadChunkEnd},
      {"2\r\na\r\n0\r\n\r\n", Flaw::kBadChunkEnd},
      // Extensions.
      {"1;a\nb\r\n", Flaw::kBareLf},
      {"1;a\rb\r\n", Flaw::kBareCr},
      {"1;a=\"b\r\nc\"\r\n", Flaw::kBareCr},
      {"1;a=\"\\\"\r\n", Flaw::kBareCr},
      {"1;a\0\r\n"s, Flaw::kControlByte},
      {"1;" + std::string(limits::chunk_extension_bytes + 1, 'a') + "\r\n",
       Flaw::kChunkExtensionTooLong},
      // Trailers.
      {"0\r\nA: b\n\r\n", Flaw::kBareLf},
      {"0\r\n\n", Flaw::kBareLf},
      {"0\r\nA : b\r\n\r\n", Flaw::kSpaceBeforeColon},
      {"0\r\nA: b\r\n c\r\n\r\n", Flaw::kObsFold},
      {"0\r\nGET http://a HTTP/1.1\r\n\r\n", Flaw::kBadHeaderName},
      {"0\r\nGET /\r\n\r\n", Flaw::kNoColon},
      {"0\r\nTransfer-Encoding: chunked\r\n\r\n", Flaw::kForbiddenTrailer},
      {"0\r\ncontent-length: 4\r\n\r\n", Flaw::kForbiddenTrailer},
      {"0\r\nHost: b\r\n\r\n", Flaw::kForbiddenTrailer},
      {"0\r\nAuthorization: b\r\n\r\n", Flaw::kForbiddenTrailer},
      {"0\r\nSet-Cookie: b\r\n\r\n", Flaw::kForbiddenTrailer},
      {"0\r\nX-Forwarded-For: b\r\n\r\n", Flaw::kForbiddenTrailer},
      {"0\r\nIf-Match: b\r\n\r\n", Flaw::kForbiddenTrailer},
      {"0\r\nProxy-Authorization: b\r\n\r\n", Flaw::kForbiddenTrailer},
      {"0\r\nA: " + std::string(limits::trailer_bytes, 'a') + "\r\n\r\n", Flaw::kTrailersTooLarge},
  };
  for (const Case& bad : corpus) {
    for (const std::size_t piece : {std::size_t{1}, std::size_t{3}, bad.bytes.size()}) {
      const Read read = ReadAll(kChunkedBody, bad.bytes, piece);
      EXPECT_EQ(read.outcome, Outcome::kFailed) << bad.bytes;
      EXPECT_EQ(FlawCode(read.flaw), FlawCode(bad.flaw)) << bad.bytes << " by " << piece;
    }
  }
}

TEST(Chunked, GivesTheSamePayloadHoweverItIsCut) {
  const std::string body =
      "5\r\nhello\r\n1;ext\r\n,\r\n00A;a=\"x;\\\"y\";b\r\n0123456789\r\n0\r\nDigest: "
      "x\r\nA:\r\n\r\n";
  const std::string input = body + "GET / HTTP/1.1";
  for (std::size_t piece = 1; piece <= input.size(); ++piece) {
    for (const std::size_t most : {1, 2, 7, 1000}) {
      const Read read = ReadAll(kChunkedBody, input, piece, most);
      ASSERT_EQ(read.outcome, Outcome::kDone) << piece;
      ASSERT_EQ(read.payload, "hello,0123456789");
      ASSERT_EQ(read.consumed, body.size());
    }
  }
}

TEST(Chunked, KeepsTrailers) {
  BodyReader reader(kChunkedBody);
  const std::string_view input = "0\r\nDigest: x\r\nServer-Timing: \r\n\r\n";
  EXPECT_EQ(reader.Read(input).outcome, Outcome::kDone);
  ASSERT_EQ(reader.trailers().size(), 2U);
  EXPECT_EQ(reader.trailers().Find("digest"), "x");
  EXPECT_EQ(reader.trailers().Find("server-timing"), "");
  reader.Start(kChunkedBody);
  EXPECT_TRUE(reader.trailers().empty());
}

TEST(Chunked, BoundsItsTrailersByNumber) {
  std::string input = "0\r\n";
  for (std::size_t i = 0; i < limits::trailer_count; ++i) input += "A: b\r\n";
  EXPECT_EQ(ReadAll(kChunkedBody, input + "\r\n", 100).outcome, Outcome::kDone);
  EXPECT_EQ(ReadAll(kChunkedBody, input + "A: b\r\n\r\n", 100).flaw, Flaw::kTrailersTooLarge);
}

TEST(Chunked, BoundsAllExtensionsTogether) {
  std::string input;
  const std::string extension(limits::chunk_extension_bytes - 1, 'a');
  for (int i = 0; i < 32; ++i) input += "1;" + extension + "\r\nx\r\n";
  EXPECT_EQ(ReadAll(kChunkedBody, input, 4096).flaw, Flaw::kChunkExtensionTooLong);
}

TEST(Chunked, BoundsTheSumOfItsChunks) {
  BodyReader reader(kChunkedBody);
  EXPECT_EQ(reader.Read("1000000000000000\r\n").outcome, Outcome::kNeedMore);
  EXPECT_EQ(ReadAll(kChunkedBody, "1\r\na\r\n1000000000000000\r\n", 1).flaw, Flaw::kChunkTooLarge);
}

TEST(BodyReader, StopsAtTheLength) {
  const Read read = ReadAll({Framing::kLength, 5}, "helloGET", 2);
  EXPECT_EQ(read.outcome, Outcome::kDone);
  EXPECT_EQ(read.payload, "hello");
  EXPECT_EQ(read.consumed, 5U);
}

TEST(BodyReader, TakesNothingWhenThereIsNoBody) {
  for (const Body body : {Body{}, Body{Framing::kLength, 0}}) {
    BodyReader reader(body);
    EXPECT_TRUE(reader.done());
    const BodyReader::Step step = reader.Read("GET / HTTP/1.1");
    EXPECT_EQ(step.outcome, Outcome::kDone);
    EXPECT_EQ(step.consumed, 0U);
  }
}

TEST(BodyReader, EndsWithTheConnectionOnlyWhereThatIsTheFraming) {
  BodyReader until_close(Body{Framing::kUntilClose, 0});
  EXPECT_EQ(until_close.Read("abc").payload, "abc");
  EXPECT_EQ(until_close.End().outcome, Outcome::kDone);

  BodyReader length(Body{Framing::kLength, 5});
  (void)length.Read("abc");
  EXPECT_EQ(length.End().flaw, Flaw::kTruncated);

  BodyReader chunked(kChunkedBody);
  (void)chunked.Read("3\r\nabc\r\n0\r\n");
  EXPECT_EQ(chunked.End().flaw, Flaw::kTruncated);
}

TEST(BodyReader, StaysFailed) {
  BodyReader reader(kChunkedBody);
  EXPECT_EQ(reader.Read("x").outcome, Outcome::kFailed);
  EXPECT_EQ(reader.Read("1\r\na\r\n0\r\n\r\n").flaw, Flaw::kBadChunkSize);
  EXPECT_EQ(reader.End().flaw, Flaw::kBadChunkSize);
}

TEST(BodyReader, WantsRoomBeforeItGivesPayload) {
  BodyReader reader(Body{Framing::kLength, 5});
  const BodyReader::Step step = reader.Read("hello", 0);
  EXPECT_EQ(step.outcome, Outcome::kNeedMore);
  EXPECT_EQ(step.consumed, 0U);
}

TEST(BodyWriter, WritesWhatBodyReaderReads) {
  ByteBuffer out(1 << 16);
  BodyWriter writer(kChunkedBody);
  writer.Append("hello", out);
  writer.Append("", out);
  writer.Append(std::string(300, 'x'), out);
  Headers trailers;
  trailers.Add("Digest", "abc");
  const std::size_t before = out.size();
  writer.End(&trailers, out);
  EXPECT_EQ(out.size() - before, writer.EndSize(&trailers));
  const Read read = ReadAll(kChunkedBody, out.View(), 7);
  EXPECT_EQ(read.outcome, Outcome::kDone);
  EXPECT_EQ(read.payload, "hello" + std::string(300, 'x'));
}

TEST(BodyWriter, PromisesWhatFits) {
  const BodyWriter writer(kChunkedBody);
  for (const std::size_t room : {0UL, 5UL, 20UL, 21UL, 100UL, 65536UL}) {
    ByteBuffer out(std::max<std::size_t>(room, 1));
    const std::size_t payload = writer.PayloadFor(room);
    BodyWriter copy = writer;
    copy.Append(std::string(payload, 'x'), out);
    EXPECT_LE(out.size(), room);
  }
  EXPECT_EQ(BodyWriter(Body{Framing::kLength, 100}).PayloadFor(7), 7U);
}

TEST(BodyWriter, CountsALength) {
  ByteBuffer out(100);
  BodyWriter writer(Body{Framing::kLength, 5});
  writer.Append("hel", out);
  EXPECT_FALSE(writer.complete());
  writer.Append("lo", out);
  EXPECT_TRUE(writer.complete());
  writer.End(nullptr, out);
  EXPECT_EQ(out.View(), "hello");
  EXPECT_DEATH(writer.Append("!", out), "left_");
}

}  // namespace
}  // namespace aileron::http
