#include "vault/binding_set.h"

#include <gtest/gtest.h>

namespace aileron::vault {
namespace {

Binding Bearer(std::string_view name, std::string_view host, std::string_view credential,
               std::uint16_t port = 443, std::string_view sentinel = "") {
  BindingFields fields{.name = std::string(name),
                       .host = std::string(host),
                       .scheme = "bearer",
                       .credential = std::string(credential),
                       .port = port};
  if (!sentinel.empty()) fields.sentinel = sentinel;
  return *MakeBinding(fields, Source::kUser);
}

std::vector<std::string> Names(const std::vector<const Binding*>& bindings) {
  std::vector<std::string> names;
  for (const Binding* binding : bindings) names.push_back(binding->name);
  return names;
}

using List = std::vector<std::string>;

TEST(BindingSet, TheMoreSpecificPatternWins) {
  const BindingSet set({Bearer("far", "*.x", "t/a"), Bearer("near", "*.b.x", "t/b"),
                        Bearer("exact", "a.b.x", "t/c")});
  EXPECT_EQ(Names(set.Applicable("a.b.x", 443, {})), List{"exact"});
  EXPECT_EQ(Names(set.Applicable("z.b.x", 443, {})), List{"near"});
  EXPECT_EQ(Names(set.Applicable("z.x", 443, {})), List{"far"});
  EXPECT_EQ(Names(set.Applicable("x", 443, {})), List{});
  EXPECT_EQ(Names(set.Applicable("a.b.x", 80, {})), List{});
  const auto all = set.For("a.b.x", 443, {});
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[0].binding->name, "exact");
  EXPECT_TRUE(all[1].why.contains("exact")) << all[1].why;
}

TEST(BindingSet, AUsersBindingHoldsEvenWithoutItsCredential) {
  const BindingSet set({Bearer("mine", "a.x", "token/a")});
  const auto missing = set.For("a.x", 443, {});
  ASSERT_EQ(missing.size(), 1u);
  EXPECT_TRUE(missing[0].active);
  EXPECT_EQ(missing[0].credential, CredentialState::kMissing);
  EXPECT_TRUE(missing[0].why.contains("aileron secret set token/a"));
  const auto present = set.For("a.x", 443, {"token/a"});
  EXPECT_EQ(present[0].credential, CredentialState::kPresent);
  EXPECT_EQ(present[0].why, "");
}

TEST(BindingSet, ABuiltInOneNeedsItsCredential) {
  const BindingSet set;
  EXPECT_TRUE(set.Applicable("api.github.com", 443, {}).empty());
  EXPECT_EQ(Names(set.Applicable("api.github.com", 443, {"token/github"})), List{"github-api"});
  EXPECT_EQ(Names(set.Applicable("github.com", 443, {"token/github"})), List{"github-git"});
  EXPECT_EQ(Names(set.Applicable("gitlab.com", 443, {"token/gitlab"})),
            (List{"gitlab-git", "gitlab-api"}));
  EXPECT_TRUE(set.Applicable("evilgithub.com", 443, {"token/github"}).empty());
  EXPECT_TRUE(set.Applicable("api.github.com", 80, {"token/github"}).empty());
  const auto why = set.For("api.github.com", 443, {});
  ASSERT_EQ(why.size(), 1u);
  EXPECT_FALSE(why[0].active);
  EXPECT_TRUE(why[0].why.contains("secret set token/github"));
}

TEST(BindingSet, AUsersBindingTakesABuiltInOnesHost) {
  const BindingSet set({Bearer("mine", "api.github.com", "token/github/work")});
  const CredentialNames present{"token/github", "token/github/work"};
  EXPECT_EQ(Names(set.Applicable("api.github.com", 443, present)), List{"mine"});
  EXPECT_EQ(Names(set.Applicable("github.com", 443, present)), List{"github-git"});
  for (const auto& status : set.All(present)) {
    if (status.binding->name == "github-api") {
      EXPECT_FALSE(status.active);
      EXPECT_TRUE(status.why.contains("mine")) << status.why;
    }
  }
}

TEST(BindingSet, AUsersNameReplacesABuiltInOne) {
  const BindingSet set({Bearer("github-git", "git.example.com", "token/github")});
  EXPECT_TRUE(set.Applicable("github.com", 443, {"token/github"}).empty());
  EXPECT_EQ(set.Find("github-git")->source, Source::kUser);
  EXPECT_EQ(set.Find("npm")->source, Source::kBuiltin);
  EXPECT_EQ(set.Find("nothing"), nullptr);
}

TEST(BindingSet, SeveralOfOnePatternHoldTogether) {
  const BindingSet set({Bearer("a", "h.x", "t/a"), Bearer("b", "h.x", "t/b", 443, "B_TOKEN")});
  EXPECT_EQ(Names(set.Applicable("h.x", 443, {})), (List{"a", "b"}));
}

TEST(BindingSet, EveryOneIsListedWithItsState) {
  const BindingSet set({Bearer("mine", "a.x", "t/a")});
  const auto all = set.All({"token/npm"});
  EXPECT_EQ(all.size(), 1 + BuiltinBindings().size());
  EXPECT_TRUE(all[0].active);
  for (const auto& status : all) {
    if (status.binding->name == "npm") EXPECT_TRUE(status.active);
    if (status.binding->name == "openai") EXPECT_FALSE(status.active);
    if (!status.active) EXPECT_NE(status.why, "");
  }
}

TEST(BindingSet, WhatIsNotInTheVaultIsNotMissing) {
  BindingFields fields{.name = "one",
                       .host = "a.example",
                       .scheme = "bearer",
                       .credential = "token/one",
                       .from = Settings{{"exec", "pass"}}};
  BindingFields redeems{.name = "two",
                        .host = "b.example",
                        .scheme = "oauth2",
                        .credential = "oauth2/two",
                        .oauth2 = Settings{{"token_url", "https://l.example/t"},
                                           {"grant", "refresh_token"},
                                           {"client_id", "me"},
                                           {"client_secret", "secret/two"}}};
  const BindingSet set({*MakeBinding(fields, Source::kUser), *MakeBinding(redeems, Source::kUser)},
                       {});
  EXPECT_EQ(set.For("a.example", 443, {})[0].credential, CredentialState::kElsewhere);
  EXPECT_TRUE(set.For("a.example", 443, {})[0].active);
  // The client's secret is needed too.
  const auto status = set.For("b.example", 443, {"oauth2/two"})[0];
  EXPECT_EQ(status.credential, CredentialState::kMissing);
  EXPECT_TRUE(status.why.contains("secret/two")) << status.why;
  EXPECT_EQ(set.For("b.example", 443, {"oauth2/two", "secret/two"})[0].credential,
            CredentialState::kPresent);
}

}  // namespace
}  // namespace aileron::vault
