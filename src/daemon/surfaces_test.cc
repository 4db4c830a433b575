#include "daemon/surfaces.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "daemon/limits.h"

namespace aileron::daemon {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr std::string_view kGood = R"(# Mine.
version: 1
desktop: true
webhooks:
  - url: https://hooks.example.com:8443/me/now
    secret: webhook/example
    ca: /etc/ssl/company.pem
    events: [created, finished]
  - url: http://127.0.0.1:9000
    secret: webhook/local
)";

std::string ErrorOf(std::string_view text) {
  const auto surfaces = ParseSurfaces(text, "f");
  return surfaces ? "" : surfaces.error().message;
}

std::string Hook(std::string_view fields) {
  return fmt::format("version: 1\nwebhooks:\n  - {{url: 'https://a.test/', {}}}\n", fields);
}

TEST(Surfaces, AGoodFileIsRead) {
  const auto surfaces = ParseSurfaces(kGood, "f");
  ASSERT_TRUE(surfaces) << surfaces.error().message;
  EXPECT_TRUE(surfaces->desktop);
  ASSERT_EQ(surfaces->webhooks.size(), 2u);
  const Webhook& first = surfaces->webhooks[0];
  EXPECT_EQ(first.url.Authority(), "hooks.example.com:8443");
  EXPECT_EQ(first.url.path, "/me/now");
  EXPECT_EQ(first.written, "https://hooks.example.com:8443/me/now");
  EXPECT_EQ(first.secret, "webhook/example");
  EXPECT_EQ(first.ca, "/etc/ssl/company.pem");
  EXPECT_THAT(first.events, ElementsAre(Occasion::kCreated, Occasion::kFinished));
  EXPECT_TRUE(first.Wants(Occasion::kCreated));
  EXPECT_FALSE(first.Wants(Occasion::kDecided));
  EXPECT_THAT(surfaces->webhooks[1].events, ElementsAre(Occasion::kCreated, Occasion::kDecided,
                                                        Occasion::kExpired, Occasion::kCancelled));
}

TEST(Surfaces, AnEmptyFileTellsNobody) {
  for (const std::string_view text : {"", "# nothing\n", "version: 1\n", "version: 1\nwebhooks:\n",
                                      "version: 1\ndesktop: false\nwebhooks: []\n"}) {
    const auto surfaces = ParseSurfaces(text, "f");
    ASSERT_TRUE(surfaces) << text << surfaces.error().message;
    EXPECT_FALSE(surfaces->desktop);
    EXPECT_TRUE(surfaces->webhooks.empty());
  }
}

TEST(Surfaces, AMistakeIsToldWithItsLine) {
  const std::pair<std::string, std::string> mistakes[] = {
      {"- a", "f:1: this must be a mapping"},
      {"desktop: true", "f:1: \"version: 1\" is missing"},
      {"version: 2", "f:1: this aileron knows version 1"},
      {"version: 1\ndesktpo: true", "f:2: unknown key \"desktpo\". Did you mean \"desktop\"?"},
      {"version: 1\ndesktop: yes please", "f:2: desktop must be true or false"},
      {"version: 1\ndesktop: true\ndesktop: false", "f:3: \"desktop\" stands here a second time"},
      {"version: 1\nwebhooks: x", "f:2: webhooks must be a list"},
      {"version: 1\nwebhooks: [x]", "f:2: a webhook must be a mapping"},
      {"version: 1\nwebhooks:\n  - url: https://a.test/", "f:3: the webhook lacks \"secret\""},
      {"version: 1\nwebhooks:\n  - secret: a/b", "f:3: the webhook lacks \"url\""},
      {Hook("secret: a/b, secrte: c"), "f:3: unknown key \"secrte\". Did you mean \"secret\"?"},
      {Hook("secret: [a]"), "f:3: secret must be text"},
      {Hook("secret: A B"), "f:3: secret: "},
      {Hook("secret: a/b, ca: company.pem"), "f:3: ca: the path must begin with /"},
      {Hook("secret: a/b, events: []"), "f:3: events must be a list of created, "},
      {Hook("secret: a/b, events: created"), "f:3: events must be a list of created, "},
      {Hook("secret: a/b, events: [creatd]"), "f:3: \"creatd\" is none of created, "},
      {Hook("secret: a/b, events: [decided, decided]"), "f:3: \"decided\" stands here a second"},
      {"version: 1\nwebhooks:\n  - {url: 'https://a.test/', secret: a/b}\n"
       "  - {url: 'https://a.test/', secret: a/b}",
       "f:4: a webhook with this url stands here already"},
      {"version: 1\nwebhooks: [", "f:"},
      {"version: &a 1\nwebhooks: *a", "f:2: "},
  };
  for (const auto& [text, expected] : mistakes) EXPECT_THAT(ErrorOf(text), StartsWith(expected));
  EXPECT_THAT(ErrorOf(Hook("secret: a/b, events: [creatd]")),
              HasSubstr("Did you mean \"created\"?"));
}

TEST(Surfaces, WhatIsToldGoesEncryptedOrStaysOnThisMachine) {
  const auto with = [](std::string_view url) {
    return ErrorOf(fmt::format("version: 1\nwebhooks:\n  - {{url: '{}', secret: a/b}}\n", url));
  };
  for (const std::string_view url :
       {"https://a.test", "http://localhost:1/x", "http://127.0.0.1/x", "http://[::1]:8/"}) {
    EXPECT_EQ(with(url), "") << url;
  }
  for (const std::string_view url :
       {"http://a.test/", "http://10.0.0.1/", "ftp://a.test/", "https://u:p@a.test/", "a.test",
        "https://a.test/x?y", "https://a.test/#x", "https://*.a.test/", "https://a.test/a b",
        "http://localhost.a.test/", "http://127.0.0.1.a.test/"}) {
    EXPECT_THAT(with(url), StartsWith("f:3: url: ")) << url;
  }
}

TEST(Surfaces, ThereAreNotTooMany) {
  std::string text = "version: 1\nwebhooks:\n";
  for (std::size_t i = 0; i <= limits::kWebhooks; ++i) {
    text += fmt::format("  - {{url: 'https://a.test/{}', secret: a/b}}\n", i);
  }
  EXPECT_THAT(ErrorOf(text), HasSubstr("there are more than"));
}

constexpr char kSchema[] = {
#embed "../../schema/approvals.v1.json"
};

TEST(Surfaces, TheSchemaForEditorsKnowsTheReadersKeys) {
  const auto schema = nlohmann::json::parse(std::string_view(kSchema, sizeof kSchema));
  const auto keys = [](const nlohmann::json& object) {
    std::vector<std::string> names;
    for (const auto& [name, value] : object["properties"].items()) names.push_back(name);
    return names;
  };
  EXPECT_THAT(keys(schema), ElementsAre("desktop", "version", "webhooks"));
  const auto& webhook = schema["properties"]["webhooks"]["items"];
  EXPECT_THAT(keys(webhook), ElementsAre("ca", "events", "secret", "url"));
  EXPECT_EQ(schema["properties"]["webhooks"]["maxItems"], limits::kWebhooks);
  std::size_t known = 0;
  for (const auto& name : webhook["properties"]["events"]["items"]["enum"]) {
    EXPECT_EQ(ErrorOf(Hook("secret: a/b, events: [" + name.get<std::string>() + "]")), "");
    ++known;
  }
  EXPECT_EQ(known, 5u);
}

}  // namespace
}  // namespace aileron::daemon
