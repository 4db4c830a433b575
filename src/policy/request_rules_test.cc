#include "policy/request_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "policy/limits.h"

namespace aileron::policy {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

RequestRules Rules(std::vector<std::pair<Action, std::string>> texts) {
  std::vector<RequestRule> rules;
  for (const auto& [action, text] : texts) {
    rules.push_back(ParseRequestRule(action, text).value());
  }
  return RequestRules::Compile(std::move(rules)).value();
}

// "allow", "ask", "deny" or "".
std::string_view Decide(const RequestRules& rules, std::string_view method, std::string_view path,
                        std::string_view host = "a.example", std::uint16_t port = 443,
                        Overrides doubt = {}) {
  const RequestRule* rule = rules.Decide({host, port, method, path, doubt});
  return rule == nullptr ? "" : Name(rule->action);
}

TEST(RequestRules, ARuleSpeaksOfItsMethodsHostPortAndPath) {
  const RequestRules rules = Rules({{Action::kAsk, "POST,PUT a.example:8443/repos/**"}});
  EXPECT_EQ(Decide(rules, "POST", "/repos/x", "a.example", 8443), "ask");
  EXPECT_EQ(Decide(rules, "PUT", "/repos/x/y", "a.example", 8443), "ask");
  EXPECT_EQ(Decide(rules, "GET", "/repos/x", "a.example", 8443), "");
  EXPECT_EQ(Decide(rules, "POST", "/users/x", "a.example", 8443), "");
  EXPECT_EQ(Decide(rules, "POST", "/repos/x", "a.example", 443), "");
  EXPECT_EQ(Decide(rules, "POST", "/repos/x", "b.example", 8443), "");
  EXPECT_TRUE(rules.Speaks("a.example", 8443));
  EXPECT_FALSE(rules.Speaks("a.example", 443));
  EXPECT_FALSE(rules.Speaks("b.example", 8443));
  EXPECT_THAT(rules.Ports(), ElementsAre(8443));
}

TEST(RequestRules, AStarIsEveryMethodAndNoPathIsEveryPath) {
  const RequestRules rules = Rules({{Action::kAsk, "* *.wide.example"}});
  EXPECT_EQ(Decide(rules, "BREW", "/", "x.y.wide.example", 12), "ask");
  EXPECT_EQ(Decide(rules, "GET", "*", "x.wide.example"), "ask");
  EXPECT_EQ(Decide(rules, "GET", "/", "wide.example"), "");
}

TEST(RequestRules, DenyBeatsAskBeatsAllowWhateverTheOrder) {
  const std::pair<Action, std::string> allow{Action::kAllow, "POST a.example/a/**"},
      ask{Action::kAsk, "POST *.example/a/b/**"}, deny{Action::kDeny, "* a.example/a/b/c"};
  for (const auto& order :
       {std::vector{allow, ask, deny}, {deny, ask, allow}, {ask, deny, allow}}) {
    const RequestRules rules = Rules(order);
    EXPECT_EQ(Decide(rules, "POST", "/a/x"), "allow");
    EXPECT_EQ(Decide(rules, "POST", "/a/b/x"), "ask");
    EXPECT_EQ(Decide(rules, "POST", "/a/b/c"), "deny");
  }
}

TEST(RequestRules, NoSpellingDodgesARuleThatAsks) {
  const RequestRules rules = Rules(
      {{Action::kAsk, "POST a.example/repos/**"}, {Action::kDeny, "DELETE a.example/repos/x"}});
  for (const char* path :
       {"/repos/x", "/Repos/x", "/REPOS/x", "/repos", "/repos/", "/repos./x", "/repos;v=1/x",
        "/repos%2fx", "/repos/../repos/x", "/x/%2e%2e/repos/x", "//repos/x", "/./repos/x",
        "/%72epos/x", "/repos%20/x", "/repos\\x", "/a/..;/repos/x", "/repos/%c0%ae/x", "*", ""}) {
    EXPECT_EQ(Decide(rules, "POST", path), "ask") << path;
    EXPECT_EQ(Decide(rules, "post", path), "ask") << path;
  }
  for (const char* path : {"/repos/x", "/repos/x/", "/repos/X", "/repos/x.", "/repos/x;a"}) {
    EXPECT_EQ(Decide(rules, "DELETE", path), "deny") << path;
  }
  EXPECT_EQ(Decide(rules, "POST", "/reposx/y"), "");
  EXPECT_EQ(Decide(rules, "POST", "/users/repos"), "");
}

TEST(RequestRules, AFieldThatOverridesIsInDoubtForWhoAsksAndNoneForWhoAllows) {
  const RequestRules rules = Rules(
      {{Action::kAsk, "DELETE a.example/items/**"}, {Action::kAllow, "GET a.example/items/**"}});
  EXPECT_EQ(Decide(rules, "GET", "/items/x"), "allow");
  EXPECT_EQ(Decide(rules, "GET", "/items/x", "a.example", 443, {.method = true}), "ask");
  EXPECT_EQ(Decide(rules, "DELETE", "/free", "a.example", 443, {.path = true}), "ask");
  EXPECT_EQ(Decide(rules, "GET", "/free", "a.example", 443, {.method = true}), "");
}

TEST(RequestRules, WhatAllowsIsExact) {
  const RequestRules rules = Rules({{Action::kAllow, "GET a.example/docs/**"}});
  EXPECT_EQ(Decide(rules, "GET", "/docs/x"), "allow");
  for (const char* path : {"/Docs/x", "/docs", "/docs/../x", "//docs/x", "/docs./x"}) {
    EXPECT_EQ(Decide(rules, "GET", path), "") << path;
  }
  EXPECT_EQ(Decide(rules, "get", "/docs/x"), "");
  // Without a port a rule that allows speaks of the usual ones.
  EXPECT_EQ(Decide(rules, "GET", "/docs/x", "a.example", 80), "allow");
  EXPECT_EQ(Decide(rules, "GET", "/docs/x", "a.example", 8443), "");
  EXPECT_TRUE(rules.MayAllow("a.example", 443));
  EXPECT_FALSE(rules.MayAllow("a.example", 8443));
}

TEST(RequestRules, MistakesAreNamed) {
  const auto mistake = [](std::string_view text) {
    auto rule = ParseRequestRule(Action::kAsk, text);
    return rule ? std::string() : rule.error().message;
  };
  EXPECT_THAT(mistake("a.example/x"), HasSubstr("METHOD[,METHOD] HOST"));
  EXPECT_THAT(mistake(""), HasSubstr("METHOD[,METHOD] HOST"));
  EXPECT_THAT(mistake("post a.example"), HasSubstr("capitals"));
  EXPECT_THAT(mistake("POST, a.example"), HasSubstr("not a method"));
  EXPECT_NE(mistake("POST https://a.example/x"), "");
  EXPECT_NE(mistake("POST a.example:0/x"), "");
  EXPECT_NE(mistake("POST /x"), "");
  EXPECT_THAT(mistake("POST a.example/a/../b"), HasSubstr("normal spelling"));
  EXPECT_THAT(mistake("POST a.example/" + std::string(limits::kRequestRuleTextMax, 'x')),
              HasSubstr("too long"));
  EXPECT_EQ(ParseRequestRule(Action::kAsk, "POST a.example/x").value().id,
            "--ask POST a.example/x");
}

TEST(RequestRules, ManyRulesAreBounded) {
  const RequestRule rule = ParseRequestRule(Action::kAsk, "POST a.example").value();
  EXPECT_TRUE(RequestRules::Compile(std::vector(limits::kRequestRules, rule)).has_value());
  EXPECT_FALSE(RequestRules::Compile(std::vector(limits::kRequestRules + 1, rule)).has_value());
}

// What the index leaves out would be a rule that does not hold.
TEST(RequestRules, ManyRulesAtOnceDecideAsEachOfThemAlone) {
  std::mt19937 random(7);
  const auto pick = [&](std::initializer_list<const char*> words) {
    return std::string(*(words.begin() + random() % words.size()));
  };
  const auto segments = [&](std::initializer_list<const char*> words) {
    std::string path;
    for (unsigned left = 1 + random() % 4; left > 0; --left) path += "/" + pick(words);
    return path;
  };
  std::vector<RequestRule> rules;
  for (int i = 0; i < 300; ++i) {
    const Action action = static_cast<Action>(random() % 3);
    const std::string path =
        segments({"a", "b", "*", "Repos", "x;p", "c."}) + pick({"", "", "/**", "/"});
    RequestRule rule =
        ParseRequestRule(action, pick({"*", "GET", "POST,PUT"}) + " " +
                                     pick({"h.example", "*.example"}) + (random() % 9 ? path : ""))
            .value();
    rule.id = fmt::format("{}", i);
    if (random() % 4 == 0) rule.reach = Reach::kNarrows;
    rules.push_back(std::move(rule));
  }
  const RequestRules all = RequestRules::Compile(rules).value();
  for (int turn = 0; turn < 3'000; ++turn) {
    const std::string path =
        segments({"a", "b", "REPOS", "repos", "x", "c", "c%2e", "z", ".."}) + pick({"", "/", "/"});
    const std::string method = pick({"GET", "POST", "post", "DELETE"});
    const RequestTarget target{.host = "h.example",
                               .port = 443,
                               .method = method,
                               .path = path,
                               .doubt = {random() % 8 == 0, random() % 8 == 0},
                               .host_action = static_cast<Action>(random() % 3)};
    std::optional<Action> strongest;
    bool narrow = false;
    for (const RequestRule& rule : rules) {
      RequestTarget alone = target;
      alone.host_action = Action::kAllow;  // so that one that narrows is heard
      const RequestRules one = RequestRules::Compile({rule}).value();
      if (one.Decide(alone) == nullptr) continue;
      if (rule.reach == Reach::kNarrows && rule.action != Action::kDeny) {
        narrow |= rule.action == Action::kAsk;
      } else {
        strongest = std::max(strongest.value_or(Action::kAllow), rule.action);
      }
    }
    const bool asks = narrow && strongest.value_or(target.host_action) == Action::kAllow;
    const RequestRule* decided = all.Decide(target);
    const std::optional<Action> got =
        decided == nullptr ? std::nullopt : std::optional(decided->action);
    EXPECT_EQ(got, asks ? std::optional(Action::kAsk) : strongest)
        << method << " " << path << " " << (decided == nullptr ? "" : decided->id);
  }
}

}  // namespace
}  // namespace aileron::policy
