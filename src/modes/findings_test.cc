#include "modes/findings.h"

#include <gtest/gtest.h>

namespace aileron::modes {
namespace {

using sandbox::State;

TEST(Findings, ComeBackFromTheirJson) {
  const std::vector<sandbox::Capability> found = {
      {"a", State::kOk, "d", ""}, {"b", State::kLimited, "e", "f"}, {"c", State::kMissing, "", ""}};
  const auto read = ReadFindings(FindingsJson(found));
  ASSERT_TRUE(read);
  ASSERT_EQ(read->size(), found.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    EXPECT_EQ((*read)[i].name, found[i].name);
    EXPECT_EQ((*read)[i].state, found[i].state);
    EXPECT_EQ((*read)[i].detail, found[i].detail);
    EXPECT_EQ((*read)[i].fix, found[i].fix);
  }
}

TEST(Findings, AnythingElseIsNone) {
  EXPECT_FALSE(ReadFindings(Json::object()));
  EXPECT_FALSE(ReadFindings(Json::array({1})));
  EXPECT_FALSE(ReadFindings(Json::array({{{"name", "a"}, {"state", "fine"}}})));
}

}  // namespace
}  // namespace aileron::modes
