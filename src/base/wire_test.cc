#include "base/wire.h"

#include <gtest/gtest.h>

namespace aileron {
namespace {

std::string Example() {
  WireWriter out;
  out.U8(7);
  out.U32(0x01020304);
  out.U64(~0ull);
  out.Text(std::string_view("a\0b", 3));
  return out.Take();
}

TEST(Wire, FieldsComeOutAsTheyWentIn) {
  const std::string bytes = Example();
  WireReader in(bytes);
  EXPECT_EQ(in.U8(), 7);
  EXPECT_EQ(in.U32(), 0x01020304u);
  EXPECT_EQ(in.U64(), ~0ull);
  EXPECT_EQ(in.Text(), std::string_view("a\0b", 3));
  EXPECT_TRUE(in.Done());
}

TEST(Wire, EveryShorterMessageFails) {
  const std::string bytes = Example();
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    WireReader in(std::string_view(bytes).substr(0, size));
    in.U8(), in.U32(), in.U64(), in.Text();
    EXPECT_FALSE(in.Done()) << size;
  }
}

TEST(Wire, LeftOverBytesAreAMistake) {
  WireReader in("\x01\x02");
  in.U8();
  EXPECT_FALSE(in.Done());
}

TEST(Wire, ALengthBeyondTheMessageReadsNothing) {
  WireReader in(
      std::string_view("\xff\xff\xff\xff"
                       "abc",
                       7));
  EXPECT_EQ(in.Text(), "");
  EXPECT_TRUE(in.failed());
}

}  // namespace
}  // namespace aileron
