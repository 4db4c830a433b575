#include "image/layer_stream.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include <thread>

#include "image/compress_test.h"

namespace aileron::image {
namespace {

using testing::HasSubstr;

// What comes out of all of a source.
Result<std::string> ReadWhole(const LayerSource& source, const LayerLimits& limits = {}) {
  const Progress none;
  LayerStream stream(source, limits, none);
  std::string tar;
  while (true) {
    AILERON_ASSIGN(const std::string_view piece, stream.Next());
    if (piece.empty()) break;
    // Pieces are whole, so that blocks of a tar never lie in two of them.
    if (tar.size() % limits::kChunk != 0) return Fail(Code::kInternal, "a piece was not whole");
    tar += piece;
  }
  const LayerStream::Totals totals = stream.Finish();
  if (totals.diff_id != crypto::Hash(tar) || totals.tar_bytes != tar.size())
    return Fail(Code::kInternal, "the totals are wrong");
  return tar;
}

Result<std::string> ReadBytes(std::string_view bytes, std::optional<Compression> wanted,
                              std::optional<std::uint64_t> size = {}) {
  const os::Fd file = os::MemoryFileHolding(bytes).value();
  return ReadWhole({.descriptor = file, .name = "LAYER", .size = size, .compression = wanted});
}

TEST(LayerStream, PiecesOfAnyCompressionAreWhole) {
  std::string text;
  while (text.size() < 3 * limits::kChunk + 77)
    text += fmt::format("{} lines of text\n", text.size());
  EXPECT_EQ(ReadBytes(text, Compression::kNone), text);
  EXPECT_EQ(ReadBytes(Gzip(text), Compression::kGzip), text);
  EXPECT_EQ(ReadBytes(Zstd(text), Compression::kZstd), text);
  EXPECT_EQ(ReadBytes(Gzip(text.substr(0, 9)) + Gzip(text.substr(9)), std::nullopt), text);
  EXPECT_EQ(ReadBytes("", std::nullopt), "");
}

TEST(LayerStream, APipeThatTricklesIsReadTheSame) {
  int ends[2];
  ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
  const os::Fd out(ends[0]);
  os::Fd in(ends[1]);
  const std::string text(2 * limits::kChunk + 5, 't');
  std::thread writer([&] {
    for (std::size_t at = 0; at < text.size(); at += 70'000)
      EXPECT_TRUE(os::WriteAll(in.get(), std::string_view(text).substr(at, 70'000)));
    in.Reset();
  });
  EXPECT_EQ(ReadWhole({.descriptor = out, .name = "LAYER"}), text);
  writer.join();
}

TEST(LayerStream, ACompressionThatWasNotSaidIsRefused) {
  EXPECT_THAT(ReadBytes(Gzip("x"), Compression::kZstd).error().message,
              HasSubstr("it has gzip, and should have zstd"));
  EXPECT_THAT(ReadBytes("a tar", Compression::kGzip).error().message,
              HasSubstr("it has no compression, and should have gzip"));
}

TEST(LayerStream, WhatIsCutIsRefused) {
  const std::string text(5000, 'x');
  EXPECT_THAT(ReadBytes(text, std::nullopt, 5001).error().message,
              HasSubstr("ends after 5000 of 5001 bytes"));
  EXPECT_EQ(ReadBytes(text, std::nullopt, 4000), text.substr(0, 4000));
  const std::string gzip = Gzip(text), zstd = Zstd(text);
  EXPECT_THAT(ReadBytes(gzip.substr(0, gzip.size() - 1), std::nullopt).error().message,
              HasSubstr("is cut"));
  EXPECT_THAT(ReadBytes(zstd.substr(0, zstd.size() - 1), std::nullopt).error().message,
              HasSubstr("is cut"));
}

TEST(LayerStream, ADescriptorThatCannotBeReadIsAnError) {
  const os::Fd folder(open("/", O_PATH | O_CLOEXEC));
  EXPECT_THAT(ReadWhole({.descriptor = folder, .name = "LAYER"}).error().message,
              HasSubstr("cannot read it"));
}

}  // namespace
}  // namespace aileron::image
