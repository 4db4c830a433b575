#include "connector/arguments.h"

#include "connector/limits.h"
#include "connector/testing_test.h"

namespace aileron::connector {
namespace {

using nlohmann::json;

const json kArguments = {
    {"place", "Berlin"}, {"ids", {1}}, {"title", "It is\nbroken"}, {"pin", "1234"}};

TEST(Arguments, NobodySeesWhatIsRedacted) {
  const json masked = MaskedArguments(Send(), kArguments);
  EXPECT_EQ(masked["pin"], kMask);
  EXPECT_EQ(masked["title"], "It is\nbroken");
  EXPECT_EQ(RecordedArguments(Send(), kArguments),
            json::parse(R"({"place": "Berlin", "ids": [1]})"));
  EXPECT_FALSE(Describe(Send(), kArguments).contains("1234"));
  // A name that was mistyped may hold what should have been redacted.
  EXPECT_FALSE(MaskedArguments(Send(), {{"pinn", "1234"}}).dump().contains("1234"));
  EXPECT_EQ(MaskedArguments(Send(), "1234"), json::object());
}

TEST(Arguments, AreDescribedInOnePrintableLine) {
  EXPECT_EQ(Describe(Send(), kArguments),
            "Send a thing: place=Berlin ids=[1] title=\"It is\\x0abroken\" pin=•••");
  EXPECT_EQ(Describe(Send(), json::object()), "Send a thing");
  EXPECT_EQ(Describe(Send(), 7), "Send a thing");
  const std::string line = Describe(Send(), {{"title", "\x1b[2J\xe2\x80\xae\xff"}});
  EXPECT_EQ(line, "Send a thing: title=\\x1b[2J\\u202e\\xff");
  const std::string longest = Describe(
      Send(), {{"title", std::string(1'000'000, 'a')}, {"more", {{"x", std::string(1'000, 'b')}}}});
  EXPECT_LE(longest.size(), limits::kDescribedMax + 3);
}

TEST(Arguments, APersonChangesWhatIsEditableAndNothingElse) {
  const auto edited = EditedArguments(Send(), kArguments, {{"title", "Fixed"}});
  ASSERT_TRUE(edited) << edited.error().message;
  EXPECT_EQ((*edited)["title"], "Fixed");
  EXPECT_EQ((*edited)["pin"], "1234");
  EXPECT_EQ(EditedArguments(Send(), kArguments, {{"place", "Rome"}}).error().message,
            "\"place\" of things.send cannot be changed; title, draft can");
  EXPECT_FALSE(EditedArguments(Send(), kArguments, {{"title", 5}}));
  EXPECT_FALSE(EditedArguments(Send(), kArguments, json::array()));
}

TEST(Arguments, WhatIsNestedTooDeepIsNoTrouble) {
  json arguments = json::object();
  arguments["more"] = json::parse(std::string(100'000, '[') + std::string(100'000, ']'));
  arguments["place"] = "Berlin";
  EXPECT_EQ(MaskedArguments(Send(), arguments), (json{{"place", "Berlin"}}));
  EXPECT_EQ(RecordedArguments(Send(), arguments), (json{{"place", "Berlin"}}));
  EXPECT_EQ(Describe(Send(), arguments), "Send a thing: place=Berlin");
  EXPECT_FALSE(EditedArguments(Send(), kArguments, arguments));
  EXPECT_FALSE(EditedArguments(Send(), arguments, {{"title", "x"}}));
}

TEST(Arguments, APreviewGetsItsOwn) {
  Operation operation = Send();
  EXPECT_EQ(PreviewArguments(operation, kArguments), json::object());
  operation.preview = Preview{"things.list", {{"page", "maxResults"}, {"where", "place"}}};
  EXPECT_EQ(PreviewArguments(operation, kArguments),
            json::parse(R"({"page": 5, "where": "Berlin"})"));
}

}  // namespace
}  // namespace aileron::connector
