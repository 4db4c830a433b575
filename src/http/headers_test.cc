#include "http/headers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace aileron::http {
namespace {

using testing::ElementsAre;

std::string Written(const Headers& headers) {
  std::string text;
  headers.AppendTo(text);
  EXPECT_EQ(text.size(), headers.SerialisedSize());
  return text;
}

TEST(Headers, KeepTheirOrderAndFindWithoutCase) {
  Headers headers;
  headers.Add("Accept", "a");
  headers.Add("X-One", "1");
  headers.Add("accept", "b");
  EXPECT_EQ(headers.Find("ACCEPT"), "a");
  EXPECT_EQ(headers.Find("accep"), std::nullopt);
  EXPECT_THAT(headers.FindAll("Accept"), ElementsAre("a", "b"));
  EXPECT_EQ(headers.Count("aCCept"), 2U);
  EXPECT_EQ(Written(headers), "Accept: a\r\nX-One: 1\r\naccept: b\r\n");
}

TEST(Headers, ReplaceKeepsThePlaceOfTheFirstAndDropsTheOthers) {
  Headers headers;
  headers.Add("A", "1");
  headers.Add("B", "2");
  headers.Add("a", "3");
  headers.Replace("a", "new");
  headers.Replace("C", "4");
  EXPECT_EQ(Written(headers), "A: new\r\nB: 2\r\nC: 4\r\n");
}

TEST(Headers, RemoveTakesEveryFieldOfTheName) {
  Headers headers;
  headers.Add("A", "1");
  headers.Add("B", "2");
  headers.Add("a", "3");
  EXPECT_EQ(headers.Remove("A"), 2U);
  EXPECT_EQ(headers.Remove("A"), 0U);
  EXPECT_EQ(Written(headers), "B: 2\r\n");
}

TEST(Headers, FindTokensInListsOverSeveralFields) {
  Headers headers;
  headers.Add("Connection", "keep-alive ,\tUpgrade,,");
  headers.Add("connection", "TE");
  EXPECT_TRUE(headers.HasToken("Connection", "upgrade"));
  EXPECT_TRUE(headers.HasToken("Connection", "te"));
  EXPECT_FALSE(headers.HasToken("Connection", "close"));
  EXPECT_FALSE(headers.HasToken("Connection", ""));
}

TEST(Headers, CanAddAValueOfTheirOwn) {
  Headers headers;
  headers.Add("A", std::string(100, 'x'));
  for (int i = 0; i < 20; ++i) headers.Add("B", *headers.Find("A"));
  headers.Replace("C", *headers.Find("A"));
  headers.Add(headers.at(0).name, *headers.Find("B"));
  headers.Replace(headers.at(1).name, std::string(100, 'x'));
  EXPECT_EQ(headers.size(), 4U);
  for (const Headers::Field field : headers) EXPECT_EQ(field.value, std::string(100, 'x'));
}

TEST(Headers, AreEmptyAfterClear) {
  Headers headers;
  headers.Add("A", "1");
  headers.Clear();
  EXPECT_TRUE(headers.empty());
  EXPECT_EQ(Written(headers), "");
}

TEST(FieldSyntax, KnowsTokensAndValues) {
  EXPECT_TRUE(IsToken("X-Api_Key!"));
  EXPECT_FALSE(IsToken(""));
  EXPECT_FALSE(IsToken("a b"));
  EXPECT_FALSE(IsToken("a:"));
  EXPECT_FALSE(IsToken("\xc3\xa9"));
  EXPECT_TRUE(IsFieldValue(""));
  EXPECT_TRUE(IsFieldValue("a b\tc\xe9"));
  for (const std::string_view bad : {" a", "a ", "a\n", "a\r", "a\x7f", "\x1b"}) {
    EXPECT_FALSE(IsFieldValue(bad)) << bad;
  }
  EXPECT_FALSE(IsFieldValue(std::string_view("a\0b", 3)));
}

}  // namespace
}  // namespace aileron::http
