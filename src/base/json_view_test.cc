#include "base/json_view.h"

#include <gtest/gtest.h>

namespace aileron {
namespace {

bool Valid(std::string_view text) { return JsonView::Parse(text).has_value(); }

std::string TextOf(std::string_view text) {
  const auto json = JsonView::Parse(text);
  const auto secret = json ? json->Text() : std::nullopt;
  return secret ? std::string(secret->Reveal()) : "nothing";
}

TEST(JsonView, AMemberIsFoundAtAnyDepthOfTheWay) {
  const auto json = JsonView::Parse(
      R"( {"a" : {"skip":[1,{"b":"no"}], "b":"yes"} , "n":-12, "s":"34", "e":["x","y"]} )");
  ASSERT_TRUE(json);
  EXPECT_EQ(json->Find("a")->Find("b")->Text()->Reveal(), "yes");
  EXPECT_EQ(json->Find("n")->Number(), -12);
  EXPECT_EQ(json->Find("s")->Number(), 34);
  EXPECT_EQ(json->Find("e")->First()->PlainText(), "x");
  EXPECT_FALSE(json->Find("b"));
  EXPECT_FALSE(json->Find("n")->Find("x"));
  EXPECT_FALSE(json->Find("n")->Text());
  EXPECT_FALSE(json->Find("a")->Number());
  EXPECT_FALSE(JsonView::Parse("[]")->First());
  EXPECT_FALSE(JsonView::Parse("{}")->Find("a"));
}

TEST(JsonView, AKeyThatStandsTwiceIsNotFound) {
  const auto json = JsonView::Parse(R"({"a":1,"b":2,"\u0061":3})");
  ASSERT_TRUE(json);
  EXPECT_FALSE(json->Find("a"));
  EXPECT_EQ(json->Find("b")->Number(), 2);
}

TEST(JsonView, EscapesBecomeTheirBytes) {
  EXPECT_EQ(TextOf(R"("a\"\\\/\b\f\n\r\t")"), "a\"\\/\b\f\n\r\t");
  EXPECT_EQ(TextOf(R"("\u0041\u00e9\u20ac\ud83d\ude00")"), "A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");
  EXPECT_EQ(TextOf(R"("")"), "");
  for (const char* text : {R"("\ud83d")", R"("\ude00")", R"("\ud83dx")", R"("\ud83d\u0041")"}) {
    EXPECT_EQ(TextOf(text), "nothing") << text;
  }
}

TEST(JsonView, WhatIsNotJsonIsRefused) {
  for (const char* text : {"",         " ",        "{",           "}",         "[1,]",  "[,1]",
                           "{\"a\"}",  "{\"a\":}", "{\"a\":1,}",  "{a:1}",     "'a'",   "\"a",
                           "\"a\nb\"", "\"\\x\"",  "\"\\u12g4\"", "01",        "1.",    ".5",
                           "+1",       "-",        "1e",          "tru",       "nulll", "1 2",
                           "{} {}",    "<html>",   "[1 2]",       "{\"a\" 1}", "NaN"}) {
    EXPECT_FALSE(Valid(text)) << text;
  }
  for (const char* text :
       {"{}", "[]", "0", "-0.5e+10", "true", "null", " [ 1 , {\"a\" : [ ] } ] "}) {
    EXPECT_TRUE(Valid(text)) << text;
  }
}

TEST(JsonView, NestingIsBounded) {
  EXPECT_TRUE(Valid(std::string(JsonView::kDepthMax, '[') + std::string(JsonView::kDepthMax, ']')));
  EXPECT_FALSE(Valid(std::string(100'000, '[')));
}

TEST(JsonView, APlainTextIsShort) {
  const std::string longer = "\"" + std::string(300, 'x') + "\"";
  EXPECT_FALSE(JsonView::Parse(longer)->PlainText());
  EXPECT_TRUE(JsonView::Parse(longer)->Text());
}

}  // namespace
}  // namespace aileron
