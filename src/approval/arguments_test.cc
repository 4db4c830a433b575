#include "approval/arguments.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "approval/limits.h"

namespace aileron::approval {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::vector<std::string> kEditable = {"title", "labels"};

TEST(Arguments, AreOneJsonObject) {
  EXPECT_TRUE(CheckArguments("{}"));
  EXPECT_TRUE(CheckArguments(R"({"a":{"b":[1,2.5,null,"x"]}})"));
  for (const char* bad :
       {"", "[]", "1", "null", "{", "{}x", "{'a':1}", R"({"a":"\xff"})", "{\"a\":\"\xff\"}"}) {
    EXPECT_EQ(CheckArguments(bad).error().code, Code::kInvalid) << bad;
  }
}

TEST(Arguments, HaveABoundInSizeAndDepth) {
  const auto nested = [](std::size_t depth) {
    return "{\"a\":" + std::string(depth, '[') + std::string(depth, ']') + "}";
  };
  EXPECT_TRUE(CheckArguments(nested(limits::kArgumentsDepth - 1)));
  EXPECT_THAT(CheckArguments(nested(limits::kArgumentsDepth + 1)).error().message,
              HasSubstr("nested"));
  EXPECT_FALSE(CheckArguments(nested(400'000)));
  EXPECT_FALSE(CheckArguments("{\"a\":" + std::string(400'000, '[')));
  const std::string large = "{\"a\":\"" + std::string(limits::kArgumentsMax, 'x') + "\"}";
  EXPECT_THAT(CheckArguments(large).error().message, HasSubstr("too large"));
}

TEST(Arguments, AnEditReplacesWhatMayBeReplaced) {
  const auto edited =
      EditArguments(R"({"repo":"r","title":"a"})", kEditable, R"({"title":"b","labels":["x"]})");
  ASSERT_TRUE(edited.has_value()) << edited.error().message;
  EXPECT_EQ(edited->text, R"({"labels":["x"],"repo":"r","title":"b"})");
  EXPECT_THAT(edited->names, ElementsAre("labels", "title"));
}

TEST(Arguments, AnEditThatChangesNothingLeavesTheBytes) {
  const auto edited = EditArguments(R"({"title": "a"})", kEditable, R"({"title":"a"})");
  ASSERT_TRUE(edited.has_value());
  EXPECT_EQ(edited->text, R"({"title": "a"})");
  EXPECT_THAT(edited->names, IsEmpty());
}

TEST(Arguments, AnEditOfAnythingElseIsRefused) {
  const auto edit = [](std::string_view edits) {
    return EditArguments(R"({"repo":"r","title":"a"})", kEditable, edits);
  };
  EXPECT_THAT(edit(R"({"repo":"other"})").error().message,
              HasSubstr("\"repo\" may not be changed; possible: title, labels"));
  EXPECT_FALSE(edit(R"({"title":"b","Title":"c"})"));
  EXPECT_FALSE(edit(R"({"repo":"r"})"));
  EXPECT_FALSE(edit("[]"));
  EXPECT_FALSE(edit("{"));
  EXPECT_FALSE(EditArguments("{}", {}, R"({"a":1})"));
  const std::string half(limits::kArgumentsMax / 2 + 10, 'x');
  EXPECT_FALSE(
      EditArguments("{\"repo\":\"" + half + "\"}", kEditable, "{\"title\":\"" + half + "\"}"));
}

}  // namespace
}  // namespace aileron::approval
