#include "image/decompressor.h"

#include <gmock/gmock.h>

#include <vector>

#include "image/compress_test.h"
#include "image/layer_limits.h"

namespace aileron::image {
namespace {

using testing::HasSubstr;

// All of it, in pieces of these sizes.
Result<std::string> Decompressed(Compression compression, std::string_view input, std::size_t in,
                                 std::size_t out) {
  const auto decompressor = MakeDecompressor(compression);
  std::string made;
  std::vector<char> room(out);
  while (true) {
    AILERON_ASSIGN(const Decompressor::Step step, decompressor->Run(input.substr(0, in), room));
    made.append(room.data(), step.made);
    input.remove_prefix(step.taken);
    if (step.taken == 0 && step.made == 0) break;
  }
  if (!input.empty() || !decompressor->IsComplete()) return Fail(Code::kInvalid, "cut");
  return made;
}

TEST(Decompressor, FirstBytesTellTheCompression) {
  EXPECT_EQ(CompressionOf(Gzip("x")), Compression::kGzip);
  EXPECT_EQ(CompressionOf(Zstd("x")), Compression::kZstd);
  EXPECT_EQ(CompressionOf("\x5e\x2a\x4d\x18"), Compression::kZstd);
  for (const char* bytes : {"", "\x1f", "usr/bin", "\x28\xb5\x2f"})
    EXPECT_EQ(CompressionOf(bytes), Compression::kNone) << bytes;
  EXPECT_EQ(MakeDecompressor(Compression::kNone), nullptr);
}

TEST(Decompressor, MembersAndFramesFollowOneAnotherInAnyPieces) {
  const std::string one(5000, 'a'), two(3000, 'b');
  const std::string skippable("\x50\x2a\x4d\x18\x03\x00\x00\x00xyz", 11);
  for (const std::size_t in : {1U, 7U, 100'000U}) {
    for (const std::size_t out : {1U, 1000U, 100'000U}) {
      EXPECT_EQ(Decompressed(Compression::kGzip, Gzip(one) + Gzip(two) + Gzip(""), in, out),
                one + two);
      EXPECT_EQ(Decompressed(Compression::kZstd, Zstd(one) + skippable + Zstd(two), in, out),
                one + two);
    }
  }
}

TEST(Decompressor, WhatIsCutIsNotComplete) {
  const std::string text(5000, 'a');
  for (const std::size_t less : {1U, 8U, 12U}) {
    const std::string gzip = Gzip(text), zstd = Zstd(text);
    EXPECT_FALSE(Decompressed(Compression::kGzip, gzip.substr(0, gzip.size() - less), 1000, 1000));
    EXPECT_FALSE(Decompressed(Compression::kZstd, zstd.substr(0, zstd.size() - less), 1000, 1000));
  }
  EXPECT_FALSE(Decompressed(Compression::kGzip, "", 1, 1));
}

TEST(Decompressor, DamageIsSeen) {
  std::string gzip = Gzip("some text that is compressed");
  gzip[gzip.size() - 6] ^= 1;  // of the checksum
  EXPECT_THAT(Decompressed(Compression::kGzip, gzip, 1000, 1000).error().message,
              HasSubstr("gzip is damaged"));
  std::string zstd = Zstd(std::string(5000, 'a') + "b");
  zstd[8] ^= 0x55;
  EXPECT_FALSE(Decompressed(Compression::kZstd, zstd, 1000, 1000));
  EXPECT_THAT(Decompressed(Compression::kGzip, Gzip("x") + "garbage", 1000, 1000).error().message,
              HasSubstr("no gzip"));
  EXPECT_THAT(Decompressed(Compression::kZstd, Zstd("x") + "garbage", 1000, 1000).error().message,
              HasSubstr("no zstd"));
}

// Their magic numbers are 0xFD2FB525 to 0xFD2FB527 (zstd's legacy formats).
TEST(Decompressor, FramesOfOldZstdAreRefused) {
  for (const char version : {'\x25', '\x26', '\x27'}) {
    const std::string old = version + std::string("\xb5\x2f\xfd") + std::string(20, '\0');
    EXPECT_EQ(CompressionOf(old), Compression::kNone);
    for (const std::size_t in : {1U, 3U, 1000U}) {
      EXPECT_THAT(Decompressed(Compression::kZstd, Zstd("x") + old, in, 1000).error().message,
                  HasSubstr("no zstd"));
    }
  }
}

// A frame that wants a window of 2^28 bytes: RFC 8878 §3.1.1.1.2.
TEST(Decompressor, AZstdWindowIsBounded) {
  const auto frame = [](unsigned log) {
    std::string bytes("\x28\xb5\x2f\xfd\x00", 5);
    bytes += static_cast<char>((log - 10) << 3);
    return bytes + std::string("\x01\x00\x00", 3);  // an empty block, the last
  };
  EXPECT_TRUE(Decompressed(Compression::kZstd, frame(limits::kZstdWindowLog), 1000, 1000));
  EXPECT_FALSE(Decompressed(Compression::kZstd, frame(limits::kZstdWindowLog + 1), 1000, 1000));
}

}  // namespace
}  // namespace aileron::image
