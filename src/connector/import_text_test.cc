#include "connector/import_text.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "connector/limits.h"
#include "connector/names.h"

namespace aileron::connector {
namespace {

TEST(ImportText, TagsAndWhatNobodySeesAreTakenOut) {
  EXPECT_EQ(CleanText("<p>Lists <b>all</b>\n  pets.</p>\r\n", 100), "Lists all pets.");
  EXPECT_EQ(CleanText("a < b and c > d", 100), "a < b and c > d");
  EXPECT_EQ(CleanText("a\x1b[2J\xe2\x80\xae"
                      "b\xff\xf3\xa0\x81\xa1"
                      "c\xc2",
                      100),
            "a [2Jbc");
  EXPECT_EQ(CleanText("Grüße, 世界 😀", 100), "Grüße, 世界 😀");
  EXPECT_EQ(CleanText(" \n ", 100), "");
  EXPECT_EQ(CleanText("a" + std::string(100'000'000, ' ') + "b", 100), "a");
}

TEST(ImportText, LongTextIsCutAtAWordAndStaysUtf8) {
  EXPECT_EQ(CleanText("one two three four", 12), "one two…");
  for (std::size_t most = 4; most < 40; ++most) {
    const std::string cut = CleanText("ääääää öööööö üüüüüüüüüüüü", most);
    EXPECT_LE(cut.size(), most);
    EXPECT_TRUE(IsUtf8(cut)) << cut;
  }
  EXPECT_EQ(FirstSentence("Lists pets. Then more.", 100), "Lists pets");
  EXPECT_EQ(FirstSentence("Version 1.2 of it.", 100), "Version 1.2 of it");
}

TEST(ImportText, NamesBecomeWords) {
  EXPECT_EQ(OperationNameOf("repos/listForOrg"), "repos.list-for-org");
  EXPECT_EQ(OperationNameOf("GetCustomersCustomer"), "get-customers-customer");
  EXPECT_EQ(OperationNameOf("users.user_List"), "users.user-list");
  EXPECT_EQ(OperationNameOf("Pet Store: add!"), "pet-store.add");
  EXPECT_EQ(OperationNameOf("123"), "");
  EXPECT_EQ(OperationNameOf("///"), "");
  EXPECT_EQ(WordOfName("2nd Pet"), "nd-pet");
  EXPECT_EQ(InputNameOf("filter[name]"), "filter_name");
  EXPECT_EQ(InputNameOf("$top"), "top");
  EXPECT_EQ(InputNameOf("user-id"), "user-id");
  EXPECT_EQ(InputNameOf("help"), "help_value");
  EXPECT_EQ(InputNameOf("日本"), "value");
  EXPECT_EQ(InputNameOf(""), "value");
}

TEST(ImportText, ARequestHasANameOfItsOwn) {
  EXPECT_EQ(NameOfRequest("GET", "/users/{id}/repos"), "users.repos.list");
  EXPECT_EQ(NameOfRequest("GET", "/users/{id}"), "users.get");
  EXPECT_EQ(NameOfRequest("POST", "/users"), "users.create");
  EXPECT_EQ(NameOfRequest("DELETE", "/{x}"), "root.delete");
  EXPECT_EQ(NameOfRequest("PUT", "/a/b/c/d/e/f"), "c.d.e.f.replace");
}

TEST(ImportText, WhateverTheNameIsTheResultIsOne) {
  for (const std::string& name :
       std::vector<std::string>{std::string(10'000, 'a'), "aB" + std::string(200, 'C'),
                                "a" + std::string(300, '/') + "b", "-_-", "é", "help-", "a__",
                                "A_B-", "no-", std::string(150, '-') + "x"}) {
    EXPECT_TRUE(CheckInputName(InputNameOf(name))) << name;
    EXPECT_FALSE(FlagName(InputNameOf(name)).empty()) << name;
    const std::string operation = OperationNameOf(name);
    EXPECT_TRUE(operation.empty() || CheckOperationName(operation)) << name << operation;
    EXPECT_TRUE(CheckOperationName(NameOfRequest("GET", "/" + name))) << name;
  }
}

}  // namespace
}  // namespace aileron::connector
