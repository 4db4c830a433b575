#include "keep/frame.h"

#include <gtest/gtest.h>

#include "keep/limits.h"

namespace aileron::keep {
namespace {

TEST(Frame, ComesBackAsItWasWhateverThePieces) {
  const std::string stream = Encode(FrameKind::kKeys, "abc") + EncodeSize({24, 80}) +
                             Encode(FrameKind::kOutput, std::string(limits::kFrame, 'x')) +
                             Encode(FrameKind::kEnded, "\x07");
  std::string held, seen;
  for (const char byte : stream) {
    held += byte;
    std::string_view rest = held;
    const auto frame = NextFrame(rest);
    ASSERT_TRUE(frame);
    if (!*frame) continue;
    seen += fmt::format("{}:{} ", static_cast<int>((*frame)->kind), (*frame)->bytes.size());
    held.erase(0, held.size() - rest.size());
  }
  EXPECT_EQ(seen, fmt::format("1:3 2:8 3:{} 4:1 ", limits::kFrame));
  EXPECT_TRUE(held.empty());
}

TEST(Frame, WhatNoKeeperSaysIsRefused) {
  for (const std::string& wrong :
       {std::string("\x00\x00\x01\x01\x01", 5), std::string("\x00\x00\x00\x00\x00", 5),
        std::string("\x00\x00\x00\x00\x05", 5), std::string("\xff\xff\xff\xff\x01", 5)}) {
    std::string_view stream = wrong;
    EXPECT_FALSE(NextFrame(stream));
  }
}

TEST(Frame, ASizeIsOneOfATerminal) {
  const std::string encoded = EncodeSize({24, 80});
  std::string_view stream = encoded;
  const auto frame = NextFrame(stream);
  ASSERT_TRUE(frame && *frame);
  const auto size = DecodeSize((*frame)->bytes);
  ASSERT_TRUE(size);
  EXPECT_EQ(size->rows, 24);
  EXPECT_EQ(size->columns, 80);
  EXPECT_FALSE(DecodeSize(""));
  EXPECT_FALSE(DecodeSize(std::string_view("\0\0\0\0\x50\0\0\0", 8)));
  EXPECT_FALSE(DecodeSize(std::string_view("\xff\xff\0\0\x50\0\0\0", 8)));
  EXPECT_FALSE(DecodeSize(std::string_view("\x18\0\0\0\x50\0\0\0x", 9)));
}

}  // namespace
}  // namespace aileron::keep
