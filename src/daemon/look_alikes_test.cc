#include "daemon/look_alikes.h"

#include <gtest/gtest.h>

namespace aileron::daemon {
namespace {

vault::BindingFields Fields(std::string name, std::string scheme) {
  return {.name = std::move(name),
          .host = "forge.test",
          .scheme = std::move(scheme),
          .credential = "token/forge"};
}
vault::Binding Make(const vault::BindingFields& fields) {
  return vault::MakeBinding(fields, vault::Source::kUser).value();
}
vault::Binding Swapping(std::string name = "b") {
  vault::BindingFields fields = Fields(std::move(name), "bearer");
  fields.sentinel = "FORGE_TOKEN";
  return Make(fields);
}

class LookAlikesTest : public ::testing::Test {
 protected:
  std::optional<LookAlike> Find(const std::vector<vault::Binding>& bindings,
                                const LookAlikeWish& wish = {.host = "forge.test"}) {
    return FindLookAlike(Borrowed(bindings), sentinels_, wish);
  }
  static std::vector<const vault::Binding*> Borrowed(const std::vector<vault::Binding>& bindings) {
    std::vector<const vault::Binding*> borrowed;
    for (const vault::Binding& binding : bindings) borrowed.push_back(&binding);
    return borrowed;
  }
  Sentinels sentinels_ = {{"b", {.variable = "FORGE_TOKEN", .value = "look-alike"}}};
};

TEST_F(LookAlikesTest, ASwappingBindingGivesTheSessionsLookAlike) {
  const auto found = Find({Swapping()}, {.host = "forge.test", .port = 8443});
  ASSERT_TRUE(found);
  EXPECT_EQ(found->password, "look-alike");
  EXPECT_TRUE(found->swapped);
  EXPECT_EQ(found->username, kStandInUser);
  EXPECT_EQ(found->host, "forge.test");
  EXPECT_EQ(found->port, 8443);
  EXPECT_EQ(Find({Swapping()}, {.host = "forge.test", .username = "bob"})->username, "bob");
}

TEST_F(LookAlikesTest, TheBindingsOwnUserIsTheOneThatIsSwapped) {
  vault::BindingFields fields = Fields("b", "basic");
  fields.username = "robot";
  fields.sentinel = "FORGE_TOKEN";
  EXPECT_EQ(Find({Make(fields)}, {.host = "forge.test", .username = "bob"})->username, "robot");
}

TEST_F(LookAlikesTest, AnInjectingBindingGivesAWordThatIsDroppedAndNoName) {
  vault::BindingFields fields = Fields("b", "basic");
  fields.username = "robot";
  const auto found = Find({Make(fields)});
  ASSERT_TRUE(found);
  EXPECT_EQ(found->password, kStandInPassword);
  EXPECT_FALSE(found->swapped);
  EXPECT_EQ(found->username, kStandInUser) << "the sandbox needs not know whose it is";
}

TEST_F(LookAlikesTest, WhatStandsElsewhereThanInAuthorizationIsNotAskedForByAPassword) {
  vault::BindingFields header = Fields("b", "header-template");
  header.header = "Private-Token";
  header.template_text = "{secret}";
  vault::BindingFields parameter = Fields("b", "query-param");
  parameter.parameter = "key";
  vault::BindingFields cookie = Fields("b", "cookie");
  cookie.cookie = "session";
  for (const auto& fields : {header, parameter, cookie}) {
    EXPECT_FALSE(Find({Make(fields)})) << fields.scheme;
  }
  header.header = "Authorization";
  EXPECT_TRUE(Find({Make(header)}));
  EXPECT_FALSE(Find({}));
}

TEST_F(LookAlikesTest, ABindingThatCameTooLateOrCannotBeSwappedGivesNothing) {
  sentinels_.clear();
  EXPECT_FALSE(Find({Swapping()}));
  sentinels_ = {{"b", {.variable = "FORGE_TOKEN", .value = "look-alike"}}};
  vault::BindingFields pair = Fields("b", "basic");
  pair.sentinel = "FORGE_TOKEN";
  if (const auto binding = vault::MakeBinding(pair, vault::Source::kUser)) {
    EXPECT_FALSE(Find({*binding})) << "its secret is user:password";
  }
}

TEST_F(LookAlikesTest, ANarrowedBindingIsForItsRepositories) {
  vault::BindingFields fields = Fields("b", "bearer");
  fields.sentinel = "FORGE_TOKEN";
  fields.paths = {"/mine/**"};
  const std::vector<vault::Binding> bindings = {Make(fields), Make(Fields("other", "bearer"))};
  const auto of = [&](std::string path) {
    return Find(bindings, {.host = "forge.test", .path = std::move(path)})->password;
  };
  EXPECT_EQ(of("mine/project.git"), "look-alike");
  EXPECT_EQ(of("theirs/project.git"), kStandInPassword);
  EXPECT_EQ(of("mine/../theirs/project.git"), kStandInPassword) << "in doubt it is not covered";
  fields.methods = {"POST"};
  EXPECT_TRUE(Find({Make(fields)}, {.host = "forge.test", .path = "mine/project.git"}));
  fields.methods = {"DELETE"};
  EXPECT_FALSE(Find({Make(fields)}, {.host = "forge.test", .path = "mine/project.git"}));
}

TEST_F(LookAlikesTest, TheListHasExactHostsThatAreSwappedOnce) {
  vault::BindingFields wild = Fields("w", "bearer");
  wild.host = "*.forge.test";
  wild.sentinel = "FORGE_TOKEN";
  vault::BindingFields other_port = Fields("p", "bearer");
  other_port.port = 5000;
  other_port.sentinel = "FORGE_TOKEN";
  sentinels_["w"] = sentinels_["p"] = sentinels_["c"] = sentinels_["b"];
  const std::vector<vault::Binding> bindings = {Swapping(), Swapping("c"), Make(wild),
                                                Make(other_port), Make(Fields("i", "bearer"))};
  const auto list = ListLookAlikes(Borrowed(bindings), sentinels_);
  ASSERT_EQ(list.size(), 2u);
  EXPECT_EQ(list[0].host, "forge.test");
  EXPECT_EQ(list[0].port, 443);
  EXPECT_EQ(list[1].port, 5000);
  EXPECT_EQ(PlaceOf(list[0]), "forge.test");
  EXPECT_EQ(PlaceOf(list[1]), "forge.test:5000");
}

}  // namespace
}  // namespace aileron::daemon
