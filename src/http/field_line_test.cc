#include "http/field_line.h"

#include <gtest/gtest.h>

namespace aileron::http {
namespace {

std::string Parts(std::string_view line) {
  FieldPlace place;
  const Flaw flaw = ParseFieldLine(line, place);
  if (flaw != Flaw::kNone) return std::string(FlawCode(flaw));
  return fmt::format("{}|{}", line.substr(place.name.offset, place.name.size),
                     line.substr(place.value.offset, place.value.size));
}

TEST(FieldLine, SplitsAtTheFirstColonAndTrimsTheValue) {
  EXPECT_EQ(Parts("A: b:c"), "A|b:c");
  EXPECT_EQ(Parts("A:b"), "A|b");
  EXPECT_EQ(Parts("A: \t b \t"), "A|b");
  EXPECT_EQ(Parts("A:"), "A|");
  EXPECT_EQ(Parts("A: \t"), "A|");
}

TEST(FieldLine, RefusesWhatIsNotAField) {
  EXPECT_EQ(Parts(":"), "bad_header_name");
  EXPECT_EQ(Parts("A :b"), "space_before_colon");
  EXPECT_EQ(Parts("A b:c"), "bad_header_name");
  EXPECT_EQ(Parts("A b"), "no_colon");
  EXPECT_EQ(Parts("A"), "no_colon");
  EXPECT_EQ(Parts("A\t"), "no_colon");
  EXPECT_EQ(Parts(" A: b"), "obs_fold");
  EXPECT_EQ(Parts("A: b\rc"), "bare_cr");
  EXPECT_EQ(Parts("A: b\x01"), "control_byte");
}

}  // namespace
}  // namespace aileron::http
