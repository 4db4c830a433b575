#include "http/flaw.h"

#include <gtest/gtest.h>

#include <set>

namespace aileron::http {
namespace {

TEST(Flaw, EachHasACodeOfItsOwnATextAndAStatus) {
  std::set<std::string_view> codes;
  for (int i = 1; i < kFlawCount; ++i) {
    const auto flaw = static_cast<Flaw>(i);
    EXPECT_TRUE(codes.insert(FlawCode(flaw)).second) << FlawCode(flaw);
    EXPECT_FALSE(FlawText(flaw).empty());
    EXPECT_FALSE(FlawText(flaw).ends_with('.'));
    EXPECT_GE(FlawStatus(flaw), 400);
  }
}

}  // namespace
}  // namespace aileron::http
