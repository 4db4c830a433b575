#include "proxy/aws_chunks.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "crypto/hmac.h"

namespace aileron::proxy {
namespace {

const std::string kZero(64, '0');

Secret ExampleKey() {
  crypto::Digest key =
      crypto::HmacSha256("AWS4wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "20130524");
  for (const char* part : {"us-east-1", "s3", "aws4_request"}) {
    key = crypto::HmacSha256(crypto::AsText(key), part);
  }
  return Secret(crypto::AsText(key));
}

AwsSignature ExampleSignature() {
  return {.date = "20130524", .region = "us-east-1", .service = "s3", .time = "20130524T000000Z"};
}

AwsChunks Example(
    AwsChunks::Trailer trailer = AwsChunks::Trailer::kNone,
    std::string seed = "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9") {
  return AwsChunks(ExampleKey(), ExampleSignature(), std::move(seed), trailer);
}

std::string Chunk(std::size_t size, char fill, std::string_view signature = kZero) {
  return fmt::format("{:x};chunk-signature={}\r\n{}\r\n", size, signature, std::string(size, fill));
}

// What comes out of `body`, pushed in pieces; or the error.
std::string PushAll(AwsChunks& chunks, std::string_view body, std::size_t piece) {
  std::string out;
  while (!body.empty()) {
    const std::size_t size = std::min(piece, body.size());
    if (auto taken = chunks.Push(body.substr(0, size)); !taken) return taken.error().message;
    body.remove_prefix(size);
    out += chunks.Output();
    chunks.Consume(chunks.Output().size());
  }
  return out;
}

// "Signature calculations for the authorization header: transferring payload in multiple chunks".
TEST(AwsChunks, SignsTheDocumentedExample) {
  const std::string sent =
      Chunk(65536, 'a') + Chunk(1024, 'a') + "0;chunk-signature=" + kZero + "\r\n\r\n";
  const std::string expected =
      Chunk(65536, 'a', "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648") +
      Chunk(1024, 'a', "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497") +
      "0;chunk-signature=b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9\r\n\r\n";
  for (const std::size_t piece :
       {std::size_t{1}, std::size_t{7}, std::size_t{4096}, limits::read_chunk}) {
    AwsChunks chunks = Example();
    EXPECT_TRUE(PushAll(chunks, sent, piece) == expected) << piece;
    EXPECT_TRUE(chunks.whole());
  }
}

// "… (trailing headers)": the same with a checksum in a trailer, which is signed too.
TEST(AwsChunks, SignsTheDocumentedTrailer) {
  const std::string sent =
      Chunk(65536, 'a') + Chunk(1024, 'a') + "0;chunk-signature=" + kZero +
      "\r\nx-amz-checksum-crc32c:sOO8/Q==\r\nx-amz-trailer-signature:" + kZero + "\r\n\r\n";
  AwsChunks chunks = Example(AwsChunks::Trailer::kSigned,
                             "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e");
  const std::string out = PushAll(chunks, sent, limits::read_chunk);
  EXPECT_TRUE(
      out ==
      Chunk(65536, 'a', "b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2") +
          Chunk(1024, 'a', "1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7") +
          "0;chunk-signature=2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992\r\n"
          "x-amz-checksum-crc32c:sOO8/Q==\r\nx-amz-trailer-signature:"
          "d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n\r\n")
      << out.substr(out.rfind("0;chunk"));
  EXPECT_TRUE(chunks.whole());
}

TEST(AwsChunks, LengthsStayWhateverIsPushed) {
  const std::string sent = Chunk(3, 'x') + "0003;chunk-signature=" + kZero +
                           "\r\nabc\r\n0;chunk-signature=" + kZero + "\r\n\r\n";
  AwsChunks chunks = Example();
  const std::string out = PushAll(chunks, sent, 5);
  EXPECT_EQ(out.size(), sent.size());
  EXPECT_TRUE(out.contains("\r\n0003;chunk-signature="));
}

TEST(AwsChunks, WhatTheGrammarDoesNotKnowIsRefused) {
  const std::string last = "0;chunk-signature=" + kZero + "\r\n";
  const std::string signature = ";chunk-signature=" + kZero + "\r\n";
  for (const std::string& body : std::vector<std::string>{
           "x" + signature, signature, "3\r\nabc\r\n", "3;chunk-signature=ab\r\n",
           "3" + signature + "abcd\r\n", last + "x-amz-checksum-crc32c:a\r\n", last + "\r\nx",
           "-3" + signature, "0x3" + signature, "3;chunk-signature=" + kZero + "\nabc\n",
           "11111111111111111" + signature,
           fmt::format("{:x}", limits::aws_chunk_max + 1) + signature, std::string(5000, '1')}) {
    AwsChunks chunks = Example();
    EXPECT_TRUE(
        PushAll(chunks, body, limits::read_chunk).starts_with("the upload in signed chunks"))
        << body;
  }
  AwsChunks unsigned_trailer = Example(AwsChunks::Trailer::kSigned);
  EXPECT_TRUE(PushAll(unsigned_trailer, last + "a:b\r\n\r\n", 100).contains("no signature"));
  AwsChunks cut = Example();
  (void)PushAll(cut, Chunk(3, 'x'), 100);
  EXPECT_FALSE(cut.whole());
}

TEST(AwsChunks, WhatAllHoldTogetherIsBounded) {
  std::vector<std::unique_ptr<AwsChunks>> many;
  const std::string header =
      fmt::format("{:x};chunk-signature={}\r\n", limits::aws_chunk_max, kZero);
  for (std::size_t i = 0; i < limits::held_max / limits::aws_chunk_max; ++i) {
    many.push_back(std::make_unique<AwsChunks>(ExampleKey(), ExampleSignature(), kZero,
                                               AwsChunks::Trailer::kNone));
    ASSERT_TRUE(many.back()->Push(header));
  }
  AwsChunks one_more = Example();
  EXPECT_FALSE(one_more.Push(header));
  many.pop_back();
  AwsChunks again = Example();
  EXPECT_TRUE(again.Push(header));
}

}  // namespace
}  // namespace aileron::proxy
