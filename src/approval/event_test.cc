#include "approval/event.h"

#include <gtest/gtest.h>

#include <set>

namespace aileron::approval {
namespace {

TEST(Event, NamesOfChangesGoThereAndBack) {
  std::set<std::string_view> names;
  for (int i = 0; i <= static_cast<int>(Change::kGrantEnded); ++i) {
    const Change change = static_cast<Change>(i);
    EXPECT_EQ(ParseChange(ChangeName(change)), change);
    EXPECT_TRUE(names.insert(ChangeName(change)).second);
  }
  EXPECT_EQ(ParseChange("joined"), std::nullopt);
}

}  // namespace
}  // namespace aileron::approval
