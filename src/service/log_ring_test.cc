#include "service/log_ring.h"

#include <gtest/gtest.h>

namespace aileron::service {
namespace {

std::string All(const LogRing& ring) {
  std::uint64_t position = 0;
  std::string text;
  for (std::string_view piece = ring.Read(position, 3); !piece.empty();
       piece = ring.Read(position, 3))
    text += piece;
  return text;
}

TEST(LogRing, KeepsWhatFits) {
  LogRing ring(16);
  EXPECT_EQ(All(ring), "");
  ring.Append("one\n");
  ring.Append("two\n");
  EXPECT_EQ(All(ring), "one\ntwo\n");
  EXPECT_EQ(ring.end(), 8u);
}

TEST(LogRing, DropsTheOldestLinesAndNeverExceedsItsBound) {
  LogRing ring(16);
  for (int i = 0; i < 100; ++i) {
    ring.Append(fmt::format("line{}\n", i % 10));
    EXPECT_LE(ring.end() - ring.begin(), 16u);
    EXPECT_TRUE(All(ring).starts_with("line")) << All(ring);
  }
  EXPECT_TRUE(All(ring).ends_with("line9\n"));
}

TEST(LogRing, TakesWhatIsLargerThanItself) {
  LogRing ring(4);
  ring.Append("ab");
  ring.Append("0123456789");
  EXPECT_EQ(All(ring), "6789");
  EXPECT_EQ(ring.end(), 12u);
  ring.Append("x");
  EXPECT_TRUE(All(ring).ends_with("x"));
}

TEST(LogRing, AReaderThatIsTooSlowGoesOnWithWhatIsLeft) {
  LogRing ring(8);
  ring.Append("aaaa");
  std::uint64_t position = 0;
  EXPECT_EQ(ring.Read(position, 2), "aa");
  ring.Append("bbbbbbbb");
  EXPECT_EQ(ring.Read(position, 100), "bbbbbbbb");
  EXPECT_EQ(position, 12u);
  EXPECT_EQ(ring.Read(position, 100), "");
  position = 1'000;  // of another log
  EXPECT_EQ(ring.Read(position, 100), "");
}

TEST(LogRing, FindsTheLastLines) {
  LogRing ring(100);
  ring.Append("1\n2\n3\n");
  const auto tail = [&](std::uint32_t lines) {
    std::uint64_t position = ring.Tail(lines);
    return std::string(ring.Read(position, 100));
  };
  EXPECT_EQ(tail(0), "");
  EXPECT_EQ(tail(1), "3\n");
  EXPECT_EQ(tail(2), "2\n3\n");
  EXPECT_EQ(tail(3), "1\n2\n3\n");
  EXPECT_EQ(tail(99), "1\n2\n3\n");
  ring.Append("4");
  EXPECT_EQ(tail(1), "4");
  EXPECT_EQ(tail(2), "3\n4");
  ring.Append("\n\n");
  EXPECT_EQ(tail(1), "\n");
}

}  // namespace
}  // namespace aileron::service
