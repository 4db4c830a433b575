#include "image/json_fields.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "image/limits.h"

namespace aileron::image {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(ParseJson, SizeDepthAndRepeatedMembersAreBounded) {
  EXPECT_TRUE(ParseJson("{\"a\":1}", 7, "the file"));
  EXPECT_THAT(ParseJson("{\"a\":1} ", 7, "the file").error().message,
              HasSubstr("the file is larger than 7 bytes"));
  const std::string deep(limits::kJsonDepthMax, '['), end(limits::kJsonDepthMax, ']');
  EXPECT_TRUE(ParseJson(deep + end, 1000, "x"));
  EXPECT_FALSE(ParseJson("[" + deep + end + "]", 1000, "x"));
  EXPECT_THAT(ParseJson("{\"a\":1,\"\\u0061\":2}", 100, "x").error().message,
              HasSubstr("\"a\" twice"));
  EXPECT_FALSE(ParseJson("{\"a\":\"\xff\"}", 100, "x"));
  EXPECT_FALSE(ParseJson("{", 100, "x"));
}

TEST(Fields, WhatHasTheWrongTypeIsNamedWithItsPlace) {
  const Json json = Json::parse(R"({"text":"t","number":7,"list":["a","b"],"map":{"k":"v"},
    "minus":-1,"half":0.5,"nul":"a\u0000b","mixed":["a",1],"numbers":{"k":1},"none":null})");
  const Fields fields = Fields::Of(json, "the file", "layers[3]").value();
  EXPECT_EQ(*fields.Text("text", 1), "t");
  EXPECT_EQ(*fields.Text("none", 1), "");
  EXPECT_EQ(*fields.Number("number", 7), 7u);
  EXPECT_EQ(*fields.Number("missing", 7), 0u);
  EXPECT_THAT(*fields.Texts("list", 1), ElementsAre("a", "b"));
  EXPECT_THAT(*fields.Keys("map", 1), ElementsAre("k"));
  EXPECT_EQ(fields.TextMap("map", 1)->at("k"), "v");
  EXPECT_FALSE(fields.Has("none"));
  const auto wrong = [](const auto& result) { return result.error().message; };
  EXPECT_EQ(wrong(fields.Text("number", 9)), "the file: layers[3].number is number, not a text");
  EXPECT_THAT(wrong(fields.Text("text", 0)), HasSubstr("longer than 0 bytes"));
  EXPECT_THAT(wrong(fields.Text("nul", 9)), HasSubstr("NUL"));
  EXPECT_THAT(wrong(fields.Number("minus", 9)), HasSubstr("is -1, not a whole number"));
  EXPECT_THAT(wrong(fields.Number("half", 9)), HasSubstr("is 0.5, not a whole number"));
  EXPECT_THAT(wrong(fields.Number("number", 6)), HasSubstr("is 7, more than 6"));
  EXPECT_THAT(wrong(fields.Texts("mixed", 9)), HasSubstr("layers[3].mixed[1] is number"));
  EXPECT_THAT(wrong(fields.List("list", 1)), HasSubstr("has 2 items, more than 1"));
  EXPECT_THAT(wrong(fields.TextMap("numbers", 9)), HasSubstr("layers[3].numbers.k is number"));
  EXPECT_THAT(wrong(fields.Object("list")), HasSubstr("layers[3].list is array, not an object"));
  EXPECT_THAT(wrong(Fields::Of(json["list"], "the file")), HasSubstr("the whole is array"));
}

TEST(Fields, ListsAndMapsAreBounded) {
  Json json = {{"list", Json::array()}, {"map", Json::object()}};
  for (std::size_t i = 0; i <= limits::kWordsMax; ++i) {
    json["list"].push_back("x");
    json["map"][std::to_string(i)] = "x";
  }
  const Fields fields = Fields::Of(json, "x").value();
  EXPECT_FALSE(fields.Texts("list", 9));
  EXPECT_FALSE(fields.TextMap("map", 9));
}

}  // namespace
}  // namespace aileron::image
