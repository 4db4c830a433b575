#include "base/bytes.h"

#include <gtest/gtest.h>

#include <string>

namespace aileron {
namespace {

TEST(ByteBuffer, GivesBackWhatWentInAcrossManyMoves) {
  ByteBuffer buffer(10'000);
  std::string expected, seen;
  for (int i = 0; i < 1000; ++i) {
    const std::string piece(static_cast<std::size_t>(i % 97), static_cast<char>('a' + i % 26));
    if (buffer.Room() < piece.size()) {
      seen += buffer.View();
      buffer.Consume(buffer.size());
    }
    buffer.Append(piece);
    expected += piece;
    const std::size_t half = buffer.size() / 3;
    seen += buffer.View().substr(0, half);
    buffer.Consume(half);
  }
  seen += buffer.View();
  EXPECT_EQ(seen, expected);
}

TEST(ByteBuffer, RoomIsTheBoundLessWhatItHolds) {
  ByteBuffer buffer(8);
  buffer.Append("12345678");
  EXPECT_EQ(buffer.Room(), 0u);
  buffer.Consume(3);
  EXPECT_EQ(buffer.Room(), 3u);
  EXPECT_GE(buffer.Prepare(3).size(), 3u);
  EXPECT_DEATH(buffer.Append("4444"), "is a bug");
}

TEST(ByteBuffer, PrepareNeverOffersMoreThanTheBound) {
  ByteBuffer buffer(100);
  EXPECT_LE(buffer.Prepare(1).size(), 100u);
}

}  // namespace
}  // namespace aileron
