#include "base/wire_fields.h"

#include <gtest/gtest.h>

namespace aileron {
namespace {

enum class Color : std::uint8_t { kRed, kGreen };

WireFields Of(const WireWriter& writer) { return WireFields(writer.bytes()); }

TEST(WireFields, WhatMakesSenseIsReadAsItWasWritten) {
  WireWriter writer;
  writer.U8(1);
  writer.U32(443);
  writer.U8(1);
  writer.U32(2);
  writer.Text("a");
  writer.Text("b");
  WireFields fields = Of(writer);
  EXPECT_EQ(fields.Choice(Color::kGreen), Color::kGreen);
  EXPECT_EQ(fields.Port(), 443);
  EXPECT_TRUE(fields.Flag());
  EXPECT_EQ(fields.Texts(2, 1), (std::vector<std::string>{"a", "b"}));
  EXPECT_TRUE(fields.Done("it"));
}

TEST(WireFields, WhatMakesNoneIsToldAtTheEnd) {
  WireWriter writer;
  writer.U8(2);
  WireFields fields = Of(writer);
  EXPECT_EQ(fields.Choice(Color::kGreen), Color::kRed);
  EXPECT_TRUE(fields.failed());
  EXPECT_EQ(fields.Done("a message").error().message, "a message has an unknown choice");
  WireFields flag = Of(writer);
  EXPECT_FALSE(flag.Flag());
  EXPECT_FALSE(flag.Done("it"));

  WireWriter large;
  large.U32(65'536);
  WireFields port = Of(large), count = Of(large);
  (void)port.Port();
  EXPECT_FALSE(port.Done("it"));
  EXPECT_EQ(count.Count(65'535), 0u);
  EXPECT_FALSE(count.Done("it"));

  WireWriter text;
  text.Text("abc");
  WireFields three = Of(text), two = Of(text);
  EXPECT_EQ(three.Text(3), "abc");
  EXPECT_TRUE(three.Done("it"));
  EXPECT_EQ(two.Text(2), "");
  EXPECT_FALSE(two.Done("it"));
}

TEST(WireFields, WhatIsMissingOrLeftOverIsAMistake) {
  WireWriter writer;
  writer.U8(1);
  WireFields left = Of(writer);
  EXPECT_FALSE(left.Done("it"));
  WireFields missing("");
  (void)missing.U64();
  EXPECT_TRUE(missing.failed());
  EXPECT_FALSE(missing.Done("it"));
}

}  // namespace
}  // namespace aileron
