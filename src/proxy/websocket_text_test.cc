#include "proxy/websocket_text.h"

#include <gtest/gtest.h>

#include "proxy/websocket_frames.h"

namespace aileron::proxy {
namespace {

constexpr std::string_view kLookAlike = "ail_abcdefgh", kReal = "the-real-secret";
constexpr unsigned kText = 0x81, kTextBegin = 0x01, kContinue = 0x00, kEnd = 0x80, kBinary = 0x82,
                   kPing = 0x89, kCompressed = 0xc1;

class WebSocketTextTest : public testing::Test {
 protected:
  WebSocketTextTest() { EXPECT_TRUE(text_.Look(kLookAlike, 7)); }

  // What comes out for `bytes` that arrive in pieces of `size`.
  std::string Pass(std::string_view bytes, std::size_t size = 1 << 20) {
    std::string out;
    while (!bytes.empty()) {
      const std::string_view piece = bytes.substr(0, std::min(size, bytes.size()));
      const std::string_view fits = piece.substr(0, from_.Room());
      from_.Append(fits);
      bytes.remove_prefix(fits.size());
      while (Move().moved) {
        out += to_.View();
        to_.Consume(to_.size());
      }
    }
    return out;
  }
  WebSocketText::Step Move() {
    return text_.Move(from_, to_, [this](std::size_t binding) {
      EXPECT_EQ(binding, 7u);
      return in_hand_ ? &secret_ : nullptr;
    });
  }
  static std::string Joined(const std::vector<WsFrame>& frames) {
    std::string all;
    for (const WsFrame& frame : frames) all += frame.payload;
    return all;
  }

  WebSocketText text_;
  ByteBuffer from_{limits::input_max}, to_{limits::output_max, Contents::kSecret};
  Secret secret_{kReal};
  bool in_hand_ = true;
};

TEST_F(WebSocketTextTest, ALookAlikeInATextMessageIsSwapped) {
  const auto frames = ReadFrames(Pass(WriteFrame(kText, R"({"token":"ail_abcdefgh"})")));
  ASSERT_EQ(frames.size(), 1u);
  EXPECT_EQ(frames[0].first, kText);
  EXPECT_EQ(frames[0].payload, R"({"token":"the-real-secret"})");
  EXPECT_EQ(frames[0].key, "\x12\x34\x56\x78");
}

TEST_F(WebSocketTextTest, WhatIsNoTextGoesOnByteForByte) {
  for (const unsigned first : {kBinary, kPing, kCompressed}) {
    const std::string frame = WriteFrame(first, kLookAlike);
    EXPECT_EQ(Pass(frame), frame) << first;
  }
  // Nor what continues it.
  const std::string parts = WriteFrame(0x02, "ail_") + WriteFrame(kEnd, kLookAlike);
  EXPECT_EQ(Pass(parts), parts);
  // A message without one comes out as it was, however it arrives.
  const std::string plain =
      WriteFrame(kText, "hello") + WriteFrame(kText, "") + WriteFrame(kText, std::string(300, 'x'));
  for (const std::size_t size : {1, 2, 7, 1000}) EXPECT_EQ(Pass(plain, size), plain);
}

TEST_F(WebSocketTextTest, ALookAlikeIsFoundOverTheBorderOfFragments) {
  const std::string message = WriteFrame(kTextBegin, "a ail_ab") + WriteFrame(kPing, "p") +
                              WriteFrame(kContinue, "cdef") + WriteFrame(kEnd, "gh b");
  for (const std::size_t size : {1, 5, 1000}) {
    auto frames = ReadFrames(Pass(message, size));
    const auto ping = std::ranges::find(frames, kPing, &WsFrame::first);
    ASSERT_NE(ping, frames.end());
    EXPECT_EQ(ping->payload, "p");
    frames.erase(ping);
    EXPECT_EQ(frames.front().first, kTextBegin);
    EXPECT_EQ(frames.back().first, kEnd);
    EXPECT_EQ(Joined(frames), "a the-real-secret b");
  }
}

TEST_F(WebSocketTextTest, AFrameOfAnySizeIsPassedOnInBoundedMemory) {
  std::string text;
  while (text.size() < 500'000) text += fmt::format("{} {} ", text.size(), kLookAlike);
  std::string expected;
  for (std::string_view rest = text; !rest.empty();) {
    const std::size_t at = std::min(rest.find(kLookAlike), rest.size());
    expected += rest.substr(0, at);
    rest.remove_prefix(at);
    if (rest.empty()) break;
    expected += kReal;
    rest.remove_prefix(kLookAlike.size());
  }
  const auto frames = ReadFrames(Pass(WriteFrame(kText, text), 3000));
  EXPECT_GT(frames.size(), 10u);
  EXPECT_EQ(frames.front().first, kTextBegin);
  EXPECT_EQ(frames.back().first, kEnd);
  EXPECT_EQ(Joined(frames), expected);
}

TEST_F(WebSocketTextTest, NothingMovesWithoutTheSecret) {
  in_hand_ = false;
  from_.Append(WriteFrame(kText, fmt::format("before {} after", kLookAlike)));
  EXPECT_EQ(Move().wanted, 7u);
  EXPECT_EQ(Move().wanted, 7u);
  EXPECT_TRUE(to_.empty());
  in_hand_ = true;
  EXPECT_TRUE(Move().moved);
  EXPECT_EQ(ReadFrames(to_.View()).at(0).payload, "before the-real-secret after");
}

TEST_F(WebSocketTextTest, AFullBufferStopsIt) {
  const std::string text(60'000, 'x');
  std::string out;
  from_.Append(WriteFrame(kText, text));
  to_.Append(std::string(to_.Room() - 10, '-'));
  while (Move().moved) {
  }
  EXPECT_EQ(to_.Room(), 10u);  // not even a head fits
  to_.Consume(to_.size());
  EXPECT_EQ(Joined(ReadFrames(Pass(" "))), text);
}

TEST_F(WebSocketTextTest, BrokenFramesAreFlaws) {
  from_.Append("\x81\x05hello");  // not masked
  EXPECT_TRUE(Move().flawed);
  WebSocketText other;
  ByteBuffer long_frame(100);
  long_frame.Append(std::string("\x81\xff\x80") + std::string(11, '\0'));
  EXPECT_TRUE(other.Move(long_frame, to_, [](std::size_t) { return nullptr; }).flawed);
  EXPECT_TRUE(to_.empty());
}

TEST_F(WebSocketTextTest, ALookAlikeThatCouldBeTextIsRefused) {
  EXPECT_EQ(text_.Look("short", 0).error().code, Code::kInvalid);
  EXPECT_EQ(text_.Look(std::string(limits::ws_text_max, 'x'), 0).error().code, Code::kInvalid);
}

}  // namespace
}  // namespace aileron::proxy
