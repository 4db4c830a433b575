#include "image/jsonc.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "image/devcontainer_limits.h"

namespace aileron::image {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string Mistake(std::string_view text) {
  const auto node = ParseJsonc(text, "d.json");
  return node ? std::string() : node.error().message;
}

json Value(std::string_view text) {
  const auto node = ParseJsonc(text, "d.json");
  EXPECT_TRUE(node) << text << ": " << node.error().message;
  return node ? ToJson(*node) : json();
}

std::string Repeated(std::string_view text, std::size_t times) {
  std::string all;
  for (std::size_t i = 0; i < times; ++i) all += text;
  return all;
}

TEST(Jsonc, ValuesAndKeysKnowTheirPlaces) {
  const auto root =
      ParseJsonc("// first\n{\n  \"a\": 1, /* ü */ \"b\": [true, {\"c\": \"x\"}]\r\n}", "d.json");
  ASSERT_TRUE(root) << root.error().message;
  EXPECT_EQ(root->place, (Place{2, 1}));
  EXPECT_EQ(root->Find("a")->place, (Place{3, 8}));
  EXPECT_EQ(root->Find("b")->key_place, (Place{3, 19}));
  EXPECT_EQ(root->Find("b")->items.at(1).Find("c")->place, (Place{3, 37}));
  EXPECT_EQ(root->Find("nothing"), nullptr);
  EXPECT_EQ(root->items.at(0).Find("a"), nullptr);
}

TEST(Jsonc, CommentsTrailingCommasAndAByteOrderMarkSayNothing) {
  const json plain = {{"a", {1, 2}}, {"b", {{"c", nullptr}}}};
  EXPECT_EQ(Value(R"({"a":[1,2],"b":{"c":null}})"), plain);
  EXPECT_EQ(Value("\xEF\xBB\xBF{\"a\":[1,2,],\"b\":{\"c\":null,},}"), plain);
  EXPECT_EQ(Value("/**/{//\n\"a\"/*:*/:/* // */[1,//]\n2]//\r,\"b\":{\"c\":null}}// end"), plain);
  EXPECT_EQ(Value(R"({"url": "http://x/*no*/"})"), json({{"url", "http://x/*no*/"}}));
}

TEST(Jsonc, WhatPlainJsonMeansIsMeant) {
  for (const char* text :
       {"1", "-0", "0.5e-3", "18446744073709551615", "-9223372036854775808", "1E+2", "\"\"", "[]",
        "{}", "true", "false", "null", R"("\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00ü")", "[[],{}]"}) {
    EXPECT_EQ(Value(text), json::parse(text)) << text;
  }
}

TEST(Jsonc, WhatIsNoJsonIsRefusedWithItsPlace) {
  EXPECT_THAT(Mistake(""), HasSubstr("d.json:1:1: there is nothing here"));
  EXPECT_THAT(Mistake("// only\n"), StartsWith("d.json:2:1: there is nothing here"));
  EXPECT_THAT(Mistake("{} {}"),
              StartsWith("d.json:1:4: expected the end of the file, found \"{\""));
  EXPECT_THAT(Mistake("{\n \"a\" 1}"),
              StartsWith("d.json:2:6: expected \":\" behind \"a\", found \"1\""));
  EXPECT_THAT(Mistake("{a: 1}"),
              StartsWith("d.json:1:2: expected a key in double quotes, found \"a\""));
  EXPECT_THAT(Mistake("{\"a\": 'x'}"), HasSubstr("double quotes"));
  EXPECT_THAT(Mistake("{\"a\": yes}"), StartsWith("d.json:1:7: expected a value, found \"yes\""));
  EXPECT_THAT(Mistake("[1 2]"), HasSubstr("of the array that begins at 1:1, found \"2\""));
  EXPECT_THAT(Mistake("[1, 2"), HasSubstr("found the end of the file"));
  EXPECT_THAT(Mistake("[,]"), StartsWith("d.json:1:2: expected a value"));
  EXPECT_THAT(Mistake("[1,,]"), StartsWith("d.json:1:4: expected a value"));
  EXPECT_THAT(Mistake("{,}"), StartsWith("d.json:1:2: expected a key"));
  EXPECT_THAT(Mistake("{} /* "), StartsWith("d.json:1:4: this comment has no end"));
  EXPECT_THAT(Mistake("[\"a\n\"]"), StartsWith("d.json:1:2: this string has no end"));
  EXPECT_THAT(Mistake("[\"a"), StartsWith("d.json:1:2: this string has no end"));
  EXPECT_THAT(Mistake("[\"a\tb\"]"), StartsWith("d.json:1:4: a control character"));
  EXPECT_THAT(Mistake("{\"a\":1,\n\"\\u0061\":2}"),
              StartsWith("d.json:2:1: \"a\" stands here a second"));
}

TEST(Jsonc, EscapesAndNumbersAreStrict) {
  for (const char* text :
       {R"("\x41")", R"("\u12g4")", R"("\ud800")", R"("\udc00")", R"("\ud800\u0041")",
        R"("\)",     R"("\u12)",    "01",          "1.",          ".5",
        "+1",        "-",           "1e",          "0x1",         "1e999",
        "-a",        "NaN",         "truex",       "nul",         "true1"}) {
    EXPECT_THAT(Mistake(text), StartsWith("d.json:1:")) << text;
  }
  EXPECT_THAT(Mistake("\"\xff\""), HasSubstr("not UTF-8"));
  EXPECT_THAT(Mistake(std::string("[\0]", 3)), StartsWith("d.json:1:2"));
}

TEST(Jsonc, LimitsHold) {
  const std::size_t deep = limits::kJsoncDepth;
  EXPECT_EQ(Mistake(Repeated("[", deep) + Repeated("]", deep)), "");
  EXPECT_THAT(Mistake(Repeated("[", deep + 1)), HasSubstr("nested deeper than 32 levels"));
  EXPECT_EQ(Mistake("[" + Repeated("1,", limits::kJsoncValues - 1) + "]"), "");
  EXPECT_THAT(Mistake("[" + Repeated("1,", limits::kJsoncValues) + "]"), HasSubstr("more than"));
  const std::string key(limits::kJsoncKeyMax, 'k');
  EXPECT_EQ(Mistake("{\"" + key + "\":1}"), "");
  EXPECT_THAT(Mistake("{\"" + key + "k\":1}"), HasSubstr("this key is longer"));
  EXPECT_EQ(Mistake(std::string(limits::kJsoncNumberMax, '1')), "");
  EXPECT_THAT(Mistake(std::string(limits::kJsoncNumberMax + 1, '1')), HasSubstr("too long"));
  EXPECT_EQ(Mistake("1" + std::string(limits::kJsoncMax - 1, ' ')), "");
  EXPECT_THAT(Mistake("1" + std::string(limits::kJsoncMax, ' ')), HasSubstr("larger than"));
}

TEST(Jsonc, AMessageShowsAStrangersWordsSafely) {
  EXPECT_THAT(Mistake("[\x1b]"), HasSubstr("\\x1b"));
  EXPECT_EQ(Describe({.kind = JsonKind::kString, .text = "a\x1b[2J"}), "\"a\\x1b[2J\"");
  EXPECT_EQ(Describe({.kind = JsonKind::kArray, .items = {{}, {}}}), "an array of 2");
}

}  // namespace
}  // namespace aileron::image
