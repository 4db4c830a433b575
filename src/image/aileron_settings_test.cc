#include "image/aileron_settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "image/devcontainer_limits.h"

namespace aileron::image {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;
using ::testing::StartsWith;

Result<AileronSettings> Read(std::string_view text) {
  AILERON_ASSIGN(const JsonNode root, ParseJsonc(text, "d.json"));
  std::vector<Warning> warnings;
  auto settings = ReadAileronSettings(root, JsonReader("d.json", warnings));
  EXPECT_TRUE(warnings.empty());
  return settings;
}

std::string Mistake(std::string_view text) {
  const auto settings = Read(text);
  EXPECT_FALSE(settings) << text;
  return settings ? std::string() : settings.error().message;
}

// [before, n times item, after]
std::string Many(std::string_view before, std::string_view item, std::size_t count,
                 std::string_view after) {
  std::string text(before);
  for (std::size_t i = 0; i < count; ++i) {
    text += fmt::format("{}{}", i == 0 ? "" : ",", fmt::format(fmt::runtime(item), i));
  }
  return text + std::string(after);
}

TEST(AileronSettings, AllThatTheyMaySayIsRead) {
  const auto settings = Read(R"({
    "image": "registry.example/dev:1@sha256:00", "policy": "ci/agent.yaml",
    "bindings": ["token/github", "token/npm/work"],
    "services": [{"name": "db", "command": ["postgres", "-D", "x"], "folder": "srv/db", "publish": [5432],
                  "restart": "always", "health": {"port": 5432}},
                 {"name": "w", "command": ["make", ""], "health": {"command": "true"}}],
    "caches": {"npm": "/home/node/.npm"}, "agents": ["claude", "codex"]})");
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_EQ(settings->image, "registry.example/dev:1@sha256:00");
  EXPECT_EQ(settings->policy, "ci/agent.yaml");
  EXPECT_FALSE(IsProfileName(settings->policy));
  EXPECT_TRUE(IsProfileName("guarded"));
  EXPECT_THAT(settings->bindings, ElementsAre("token/github", "token/npm/work"));
  EXPECT_THAT(settings->caches, ElementsAre(Pair("npm", "/home/node/.npm")));
  EXPECT_THAT(settings->agents, ElementsAre("claude", "codex"));
  ASSERT_EQ(settings->services.size(), 2u);
  EXPECT_EQ(settings->services[0].health_port, 5432);
  EXPECT_EQ(settings->services[0].folder, "srv/db");
  EXPECT_EQ(settings->services[1].health_command, "true");
  EXPECT_TRUE(Read("{}"));
}

TEST(AileronSettings, WhatIsUnknownIsAnErrorWithItsPlaceAndTheNearestWord) {
  EXPECT_THAT(Mistake("{\n  \"polcy\": \"x\"}"),
              StartsWith("d.json:2:3: \"polcy\" is not a key of customizations.aileron. Did you "
                         "mean \"policy\"?"));
  EXPECT_THAT(Mistake(R"({"zzzzzz": 1})"), HasSubstr("Known are image, policy, bindings"));
  EXPECT_THAT(Mistake(R"({"services": [{"name": "a", "command": ["b"], "publsh": []}]})"),
              HasSubstr("\"publish\"?"));
  EXPECT_THAT(Mistake(R"({"services": [{"name": "a", "command": ["b"], "health": {"prt": 1}}]})"),
              HasSubstr("\"port\"?"));
  EXPECT_THAT(Mistake(R"({"services": [{"name": "a", "command": ["b"], "restart": "alway"}]})"),
              HasSubstr("\"always\"?"));
}

TEST(AileronSettings, WhatIsWrongIsRefused) {
  for (const char* text :
       {"[]",
        R"({"image": ""})",
        R"({"image": "a b"})",
        R"({"image": 1})",
        R"({"policy": "wide"})",
        R"({"policy": "../x.yaml"})",
        R"({"policy": "/x.yaml"})",
        R"({"policy": "a//x.yml"})",
        R"({"policy": ["locked"]})",
        R"({"bindings": "token/x"})",
        R"({"bindings": ["Token"]})",
        R"({"bindings": ["token/x", "token/x"]})",
        R"({"services": {}})",
        R"({"services": [{"name": "a"}]})",
        R"({"services": [{"command": ["a"]}]})",
        R"({"services": [{"name": "A", "command": ["a"]}]})",
        R"({"services": [{"name": "a", "command": []}]})",
        R"({"services": [{"name": "a", "command": [""]}]})",
        R"({"services": [{"name": "a", "command": "b"}]})",
        R"({"services": [{"name": "a", "command": ["b"]}, {"name": "a", "command": ["b"]}]})",
        R"({"services": [{"name": "a", "command": ["b"], "folder": "../x"}]})",
        R"({"services": [{"name": "a", "command": ["b"], "folder": "/x"}]})",
        R"({"services": [{"name": "a", "command": ["b"], "publish": [0]}]})",
        R"({"services": [{"name": "a", "command": ["b"], "health": {}}]})",
        R"({"services": [{"name": "a", "command": ["b"], "health": {"port": 1, "command": "x"}}]})",
        R"({"caches": ["/x"]})",
        R"({"caches": {"A": "/x"}})",
        R"({"caches": {"a": "x"}})",
        R"({"caches": {"a": "/"}})",
        R"({"caches": {"a": "/x/"}})",
        R"({"caches": {"a": "/x/../y"}})",
        R"({"agents": ["/bin/x"]})",
        R"({"agents": [".."]})",
        R"({"agents": ["a", "a"]})",
        R"({"agents": "a"})"}) {
    EXPECT_THAT(Mistake(text), StartsWith("d.json:1:")) << text;
  }
}

TEST(AileronSettings, ListsAreBounded) {
  const std::string service = R"({{"name": "s{0}", "command": ["a"]}})";
  EXPECT_TRUE(Read(Many("{\"services\": [", service, limits::kServices, "]}")));
  EXPECT_FALSE(Read(Many("{\"services\": [", service, limits::kServices + 1, "]}")));
  const std::string one = "{\"services\": [{\"name\": \"s\", \"command\": [";
  EXPECT_TRUE(Read(Many(one, "\"w\"", limits::kServiceWords, "]}]}")));
  EXPECT_FALSE(Read(Many(one, "\"w\"", limits::kServiceWords + 1, "]}]}")));
  const std::string ports = one + "\"a\"], \"publish\": [";
  EXPECT_TRUE(Read(Many(ports, "1", limits::kServicePorts, "]}]}")));
  EXPECT_FALSE(Read(Many(ports, "1", limits::kServicePorts + 1, "]}]}")));
  EXPECT_TRUE(Read(Many("{\"bindings\": [", "\"token/x{0}\"", limits::kBindings, "]}")));
  EXPECT_FALSE(Read(Many("{\"bindings\": [", "\"token/x{0}\"", limits::kBindings + 1, "]}")));
  EXPECT_TRUE(Read(Many("{\"agents\": [", "\"a{0}\"", limits::kAgents, "]}")));
  EXPECT_FALSE(Read(Many("{\"agents\": [", "\"a{0}\"", limits::kAgents + 1, "]}")));
  EXPECT_TRUE(Read(Many("{\"caches\": {", "\"a{0}\": \"/x\"", limits::kCaches, "}}")));
  EXPECT_FALSE(Read(Many("{\"caches\": {", "\"a{0}\": \"/x\"", limits::kCaches + 1, "}}")));
  const std::string name(limits::kCacheNameMax, 'a');
  EXPECT_TRUE(Read("{\"caches\": {\"" + name + "\": \"/x\"}}"));
  EXPECT_FALSE(Read("{\"caches\": {\"" + name + "a\": \"/x\"}}"));
  const std::string called(limits::kServiceNameMax, 'a');
  EXPECT_TRUE(Read("{\"services\": [{\"name\": \"" + called + "\", \"command\": [\"a\"]}]}"));
  EXPECT_FALSE(Read("{\"services\": [{\"name\": \"" + called + "a\", \"command\": [\"a\"]}]}"));
}

}  // namespace
}  // namespace aileron::image
