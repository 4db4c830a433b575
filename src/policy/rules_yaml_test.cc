#include "policy/rules_yaml.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "policy/limits.h"

namespace aileron::policy {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

std::string Mistake(std::string_view text) {
  auto rules = ParseRules(text, "/home/u/rules.yaml");
  return rules ? std::string() : rules.error().message;
}

TEST(RulesYaml, RulesAreAboutHostsOrAboutRequests) {
  const auto rules = ParseRules(R"(version: 1
network:
  - {host: "*.evil.example", action: deny}
  - host: 10.0.0.0/8
    port: 8080
    action: allow
  - host: api.example.com
    method: [POST, PUT]
    path: /repos/**
    action: ask
  - {host: api.example.com, path: [/a, /b], action: deny}
)",
                                "/home/u/rules.yaml");
  ASSERT_TRUE(rules) << rules.error().message;
  ASSERT_EQ(rules->hosts.size(), 2u);
  EXPECT_EQ(rules->hosts[0].pattern, "*.evil.example");
  EXPECT_EQ(rules->hosts[0].layer, Layer::kUser);
  EXPECT_EQ(rules->hosts[0].action, Action::kDeny);
  EXPECT_EQ(rules->hosts[1].pattern, "10.0.0.0/8");
  EXPECT_EQ(rules->hosts[1].port, 8080);
  ASSERT_EQ(rules->requests.size(), 2u);
  EXPECT_EQ(rules->requests[0].id, "rules.yaml:7");
  EXPECT_EQ(rules->requests[0].action, Action::kAsk);
  EXPECT_THAT(rules->requests[0].scope.methods, ElementsAre("POST", "PUT"));
  EXPECT_EQ(rules->requests[1].scope.paths.size(), 2u);
}

TEST(RulesYaml, AnEmptyFileHasNoRules) {
  for (const char* text : {"", "# nothing\n", "version: 1\n", "version: 1\nnetwork:\n"}) {
    const auto rules = ParseRules(text, "rules.yaml");
    ASSERT_TRUE(rules) << text;
    EXPECT_TRUE(rules->hosts.empty() && rules->requests.empty());
  }
}

TEST(RulesYaml, MistakesAreNamedWithTheirPlace) {
  const auto rule = [](std::string_view text) {
    return Mistake(fmt::format("version: 1\nnetwork:\n  - {}\n", text));
  };
  EXPECT_THAT(Mistake("network: []\n"), HasSubstr("\"version: 1\" is missing"));
  EXPECT_THAT(Mistake("version: 2\n"), HasSubstr("version 1"));
  EXPECT_THAT(Mistake("version: 1\nnetwrk: []\n"), HasSubstr("Did you mean \"network\"?"));
  EXPECT_THAT(Mistake("version: 1\n---\nversion: 1\n"), HasSubstr("second document"));
  EXPECT_THAT(Mistake("version: [\n"), StartsWith("/home/u/rules.yaml:"));
  EXPECT_THAT(rule("{host: a.example}"), HasSubstr("lacks \"action\""));
  EXPECT_THAT(rule("{action: ask}"), HasSubstr("lacks \"host\""));
  EXPECT_THAT(rule("{host: a.example, action: alow}"), HasSubstr("did you mean allow?"));
  EXPECT_THAT(rule("{host: a.example, action: ask, method: post}"), HasSubstr("capitals"));
  EXPECT_THAT(rule("{host: a.example, action: ask, methd: POST}"),
              HasSubstr("/home/u/rules.yaml:3:"));
  EXPECT_THAT(rule("{host: a.example, action: ask, method: []}"), HasSubstr("leave method out"));
  EXPECT_THAT(rule("{host: a.example, action: ask, path: a}"), HasSubstr("begin with /"));
  EXPECT_THAT(rule("{host: a.example, action: ask, port: 0}"), HasSubstr("65535"));
  EXPECT_THAT(rule("{host: a.example, action: ask, port: \"443\"}"), HasSubstr("65535"));
  EXPECT_THAT(rule("{host: \"*\", action: ask, method: POST}"), HasSubstr("names one host"));
  EXPECT_THAT(rule("{host: a.example, host: b.example, action: ask}"), HasSubstr("second time"));
  EXPECT_THAT(rule("{host: {a: b}, action: ask}"), HasSubstr("one value"));
  EXPECT_THAT(rule("[a]"), HasSubstr("mapping"));
}

constexpr char kSchemaBytes[] = {
#embed "../../schema/rules.v1.json"
};

TEST(RulesYaml, TheSchemaForEditorsKnowsTheReadersKeysAndNoOthers) {
  const auto schema = nlohmann::json::parse(std::string_view(kSchemaBytes, sizeof kSchemaBytes));
  std::vector<std::string> keys;
  const auto& rule = schema["properties"]["network"]["items"];
  for (const auto& [key, value] : rule["properties"].items()) keys.push_back(key);
  EXPECT_THAT(keys, testing::UnorderedElementsAre("host", "port", "method", "path", "action"));
  for (const std::string& key : keys) {
    const std::string text = key == "port"     ? "port: 8443"
                             : key == "method" ? "method: GET"
                             : key == "path"   ? "path: /x"
                                               : "";
    EXPECT_EQ(
        Mistake(fmt::format("version: 1\nnetwork:\n  - {{host: a.example, action: ask{}{}}}\n",
                            text.empty() ? "" : ", ", text)),
        "");
  }
  EXPECT_FALSE(rule["additionalProperties"].get<bool>());
}

TEST(RulesYaml, ALargeFileIsRefused) {
  EXPECT_THAT(Mistake(std::string(limits::kRulesFileMax + 1, '#')), HasSubstr("larger than"));
}

}  // namespace
}  // namespace aileron::policy
