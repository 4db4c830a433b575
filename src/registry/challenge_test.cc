#include "registry/challenge.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "registry/limits.h"

namespace aileron::registry {
namespace {

// "bearer(realm=https://a/b,service=c) basic()"
std::string Shown(std::string_view field) {
  std::string shown;
  for (const Challenge& challenge : ParseChallenges(field)) {
    std::string parameters;
    for (const auto& [name, value] : challenge.parameters) {
      parameters += (parameters.empty() ? "" : ",") + name + "=" + value;
    }
    shown += fmt::format("{}{}({})", shown.empty() ? "" : " ", challenge.scheme, parameters);
  }
  return shown;
}

TEST(Challenge, IsReadAsRegistriesWriteIt) {
  EXPECT_EQ(
      Shown(R"(Bearer realm="https://auth.test/token",service="r",scope="repository:a/b:pull")"),
      "bearer(realm=https://auth.test/token,scope=repository:a/b:pull,service=r)");
  EXPECT_EQ(Shown(R"(Basic realm="Registry Realm")"), "basic(realm=Registry Realm)");
  EXPECT_EQ(Shown(R"(BEARER Realm = "x" , error="insufficient_scope")"),
            "bearer(error=insufficient_scope,realm=x)");
}

TEST(Challenge, SeveralStandInOneField) {
  EXPECT_EQ(
      Shown(R"(Newauth realm="apps", type=1, title="Login to \"apps\"", Basic realm="simple")"),
      R"(newauth(realm=apps,title=Login to "apps",type=1) basic(realm=simple))");
  EXPECT_EQ(Shown("Negotiate, Basic"), "negotiate() basic()");
  EXPECT_EQ(Shown("Negotiate YWJj==, Basic realm=a"), "negotiate() basic(realm=a)");
}

TEST(Challenge, WhatCannotBeReadEndsTheList) {
  EXPECT_EQ(Shown(""), "");
  EXPECT_EQ(Shown("=a"), "");
  EXPECT_EQ(Shown("realm=a"), "");
  EXPECT_EQ(Shown(R"(Basic realm="never closed)"), "basic()");
  EXPECT_EQ(Shown(R"(Basic realm="a\)"), "basic()");
  EXPECT_EQ(Shown("Basic;realm=a"), "basic()");
  EXPECT_EQ(Shown(std::string(limits::kChallengeMax + 1, 'a')), "");
  std::string many = "Basic ";
  for (std::size_t i = 0; i <= limits::kParametersMax; ++i) many += fmt::format("p{}=1,", i);
  EXPECT_EQ(ParseChallenges(many).at(0).parameters.size(), limits::kParametersMax);
}

TEST(Challenge, OfAParameterTwiceTheFirstCounts) {
  EXPECT_EQ(ParseChallenges("Bearer realm=a, realm=b").at(0).Parameter("realm"), "a");
  EXPECT_EQ(ParseChallenges("Bearer").at(0).Parameter("realm"), "");
}

}  // namespace
}  // namespace aileron::registry
