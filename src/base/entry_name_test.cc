#include "base/entry_name.h"

#include <gtest/gtest.h>

namespace aileron {
namespace {

TEST(EntryName, TwoOrThreePartsAreAName) {
  for (const std::string_view name : {"token/github", "api-key/google.ai/me_2", "a/b", "0/1/2"}) {
    EXPECT_TRUE(CheckEntryName(name)) << name;
  }
}

TEST(EntryName, AnythingElseIsRefusedWithTheGrammar) {
  for (const std::string& name : std::vector<std::string>{
           "", "token", "token/", "/github", "a/b/c/d", "Token/github", "token/git hub", "token//x",
           "token/-x", "../x", "token/..", "token/git\nhub", "a/" + std::string(300, 'b')}) {
    const auto checked = CheckEntryName(name);
    ASSERT_FALSE(checked) << name;
    EXPECT_TRUE(checked.error().message.contains("KIND/SERVICE"));
  }
}

}  // namespace
}  // namespace aileron
