#include "approval/body_fields.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "approval/limits.h"
#include "approval/shown_text.h"

namespace aileron::approval {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::string_view kForm = "application/x-www-form-urlencoded";

std::vector<Field> Json(std::string_view body) { return BodyFields("application/json", body); }

TEST(BodyFields, AJsonDocumentComesApartInItsOrder) {
  EXPECT_THAT(
      Json(
          R"({"title":"a b","n":1.50,"ok":true,"none":null,"labels":["x",{"y":"z"}],"e":{},"l":[]})"),
      ElementsAre(Field{"body.title", "a b"}, Field{"body.n", "1.50"}, Field{"body.ok", "true"},
                  Field{"body.none", "null"}, Field{"body.labels[0]", "x"},
                  Field{"body.labels[1].y", "z"}, Field{"body.e", "{}"}, Field{"body.l", "[]"}));
  EXPECT_THAT(BodyFields("application/vnd.github+json; charset=utf-8", "[1]"),
              ElementsAre(Field{"body[0]", "1"}));
  EXPECT_THAT(Json("7"), ElementsAre(Field{"body", "7"}));
}

TEST(BodyFields, EveryMemberOfOneNameIsShown) {
  EXPECT_THAT(Json(R"({"to":"good","to":"evil"})"),
              ElementsAre(Field{"body.to", "good"}, Field{"body.to", "evil"}));
  EXPECT_THAT(BodyFields(kForm, "to=good&to=evil"),
              ElementsAre(Field{"body.to", "good"}, Field{"body.to", "evil"}));
}

TEST(BodyFields, ANameWithStructureInItIsQuoted) {
  EXPECT_THAT(Json(R"({"a.b":{"c[0]":1},"":2})"),
              ElementsAre(Field{R"(body["a.b"]["c[0]"])", "1"}, Field{R"(body[""])", "2"}));
}

TEST(BodyFields, SecretsAreMaskedByNameByValueAndBelow) {
  EXPECT_THAT(
      Json(R"({"password":"hunter2","apiToken":123,"x":{"client_secret":{"a":"b"}}})"),
      ElementsAre(Field{"body.password", "••• (7 bytes)"}, Field{"body.apiToken", "••• (3 bytes)"},
                  Field{"body.x.client_secret.a", "••• (1 byte)"}));
  EXPECT_THAT(Json(R"({"note":"ghp_0123456789abcdef","h":"Bearer 0123456789abcdef"})"),
              ElementsAre(Field{"body.note", "••• (20 bytes)"}, Field{"body.h", "••• (23 bytes)"}));
  EXPECT_THAT(
      BodyFields(kForm, "card%5Bcvc%5D=123&cvc=123"),
      ElementsAre(Field{"body.card[cvc]", "••• (3 bytes)"}, Field{"body.cvc", "••• (3 bytes)"}));
  // Words that only look like it.
  EXPECT_THAT(Json(R"({"max_tokens":9,"shipping":"x","title":"Basic fix","s":"sk-learn"})"),
              ElementsAre(Field{"body.max_tokens", "9"}, Field{"body.shipping", "x"},
                          Field{"body.title", "Basic fix"}, Field{"body.s", "sk-learn"}));
}

TEST(BodyFields, WhatTurnsOrHidesTextIsWrittenOut) {
  const auto fields = Json("{\"a\\u202eb\":\"x\\u001b[2Jy\\u200b\"}");
  ASSERT_EQ(fields.size(), 1u);
  EXPECT_EQ(ShownText(fields[0].name, 200), R"(body["a\u202eb"])");
  EXPECT_EQ(ShownText(fields[0].value, 200), R"(x\x1b[2Jy\u200b)");
}

TEST(BodyFields, AFormIsDecodedOnce) {
  EXPECT_THAT(BodyFields(kForm, "a+b=c%20d&e&%zz=%zz&&f=%2520"),
              ElementsAre(Field{"body.a b", "c d"}, Field{"body.e", ""}, Field{"body.%zz", "%zz"},
                          Field{"body.f", "%20"}));
}

TEST(BodyFields, WhatIsNotShownIsTold) {
  EXPECT_THAT(BodyFields("text/plain", "x").at(0).value, HasSubstr("not shown"));
  EXPECT_THAT(BodyFields("", "{}").at(0).value, HasSubstr("not shown"));
  EXPECT_THAT(BodyFields("application/json, text/plain", "{}").at(0).value, HasSubstr("not shown"));
  for (const char* broken : {"{", "{\"a\":1}x", "{\"a\":}", "\xff", "{'a':1}", "nul"}) {
    EXPECT_THAT(Json(broken), ElementsAre(Field{"body",
                                                "not shown: it says that it is JSON, and "
                                                "is not"}))
        << broken;
  }
  EXPECT_THAT(Json(std::string(limits::kArgumentsDepth + 1, '[')).at(0).value,
              HasSubstr("nested deeper"));
  EXPECT_THAT(Json(""), IsEmpty());
}

TEST(BodyFields, FieldsAreBoundedAndTheRestIsCounted) {
  std::string many = "[0";
  for (int i = 0; i < 1000; ++i) many += ",1";
  auto fields = Json(many + "]");
  EXPECT_EQ(fields.size(), limits::kBodyFields + 1);
  EXPECT_EQ(fields.back(), (Field{"body …", "961 more, not shown"}));
  std::string large;
  for (int i = 0; i < 20; ++i) large += fmt::format("a{}={}&", i, std::string(3'000, '\x01'));
  std::size_t bytes = 0;
  for (const Field& field : BodyFields(kForm, large)) {
    bytes += ShownText(field.name, limits::kFieldNameMax).size() +
             ShownText(field.value, limits::kFieldValueMax).size();
  }
  EXPECT_LE(bytes, limits::kBodyFieldsMax + 100);
}

}  // namespace
}  // namespace aileron::approval
