#include "policy/document_yaml.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "command/limits.h"

namespace aileron::policy {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

std::string Mistake(std::string_view text, Layer layer = Layer::kProject) {
  const auto document = ParseDocument(text, "/p/aileron.yaml", layer);
  return document ? std::string() : document.error().message;
}

std::string MistakeIn(std::string_view section, std::string_view entry) {
  return Mistake(fmt::format("version: 1\n{}:\n  - {}\n", section, entry));
}

TEST(DocumentYaml, RulesAreAboutHostsOrAboutRequests) {
  const auto read = ParseDocument(R"(version: 1
profile: locked
network:
  - {host: "*.evil.example", action: deny}
  - host: 10.0.0.0/8
    port: 8080
    action: allow
  - host: [api.example.com, "*.api.example.com"]
    method: [POST, PUT]
    path: /repos/**
    protocol: https
    action: ask
  - {host: api.example.com, path: [/a, /b], name: two, action: deny}
)",
                                  "/home/u/policy.yaml", Layer::kUser);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->profile, Profile::kLocked);
  const Sections& all = read->sections;
  ASSERT_EQ(all.hosts.size(), 2u);
  EXPECT_EQ(all.hosts[0].pattern, "*.evil.example");
  EXPECT_EQ(all.hosts[0].layer, Layer::kUser);
  EXPECT_EQ(all.hosts[0].line, 4);
  EXPECT_EQ(all.hosts[1].port, 8080);
  ASSERT_EQ(all.requests.size(), 3u);
  EXPECT_EQ(all.requests[0].id, "policy.yaml:8");
  EXPECT_EQ(all.requests[1].host.ToString(), "*.api.example.com");
  EXPECT_EQ(all.requests[1].protocol, Protocol::kHttps);
  EXPECT_THAT(all.requests[0].scope.methods, ElementsAre("POST", "PUT"));
  EXPECT_EQ(all.requests[2].id, "policy.yaml:13 (two)");
}

TEST(DocumentYaml, ARuleMayNameCredentialsOrAnOpaqueHost) {
  const auto read = ParseDocument(R"(version: 1
network:
  - {host: a.example, credential: [token/a, token/b], action: allow}
  - {host: a.example, path: /public/**, credential: none, action: allow}
  - {host: db.example, port: 5432, opaque: true, action: allow}
  - {host: pinned.example, opaque: true, action: allow}
  - {host: b.example, opaque: false, action: ask}
)",
                                  "aileron.yaml", Layer::kProject);
  ASSERT_TRUE(read) << read.error().message;
  const Sections& all = read->sections;
  ASSERT_EQ(all.credentials.size(), 2u);
  EXPECT_THAT(all.credentials[0].credentials, ElementsAre("token/a", "token/b"));
  EXPECT_TRUE(all.credentials[1].credentials.empty());
  ASSERT_EQ(all.opaque.size(), 2u);
  EXPECT_EQ(all.opaque[0].port, 5432);
  EXPECT_EQ(all.opaque[1].port, 443);
  ASSERT_EQ(all.hosts.size(), 4u);
  EXPECT_EQ(all.hosts[2].port, 443) << "an opaque host is allowed on the port that is opaque";
}

TEST(DocumentYaml, TheOtherSectionsAreRead) {
  const auto read = ParseDocument(R"(version: 1
commands:
  - {command: git push --force, action: deny, reason: it rewrites what others have}
  - {command: [npm publish, yarn publish], action: ask, by: make}
  - {command: rm -rf /, action: redirect, redirect: [echo, no, "**"]}
files:
  - {path: secrets, access: hidden}
  - {path: ~/data, access: read-only}
environment:
  pass: [EDITOR, "MY_*"]
  scrub: "*"
approvals: {hold: 30s, expires: 20m, scopes: [once, session]}
services:
  - name: web
    command: [npm, run, dev]
    folder: frontend
    publish: [3000]
    restart: always
    health: {port: 3000}
agents:
  claude:
    network:
      - {host: x.example, action: deny}
  other:
tests:
  - {request: "GET https://a.example/x", expect: allow}
  - {command: [git, push, --force], expect: deny}
)",
                                  "/p/aileron.yaml", Layer::kProject);
  EXPECT_FALSE(read);  // "*" alone is no beginning of a name
  EXPECT_THAT(read.error().message, HasSubstr(":11:10: scrub: expected NAME, PREFIX* or *SUFFIX"));
}

TEST(DocumentYaml, CommandsFilesServicesAndAgentsBecomeValues) {
  const auto read = ParseDocument(R"(version: 1
commands:
  - {command: git push --force, action: deny, reason: it rewrites what others have}
  - {command: [npm publish, yarn publish], action: ask, by: make}
  - {command: rm -rf /, action: redirect, redirect: [echo, no, "**"]}
command_default: ask
files:
  - {path: secrets, access: hidden}
  - {path: ~/data, access: read-only}
environment: {pass: [EDITOR, "MY_*"], scrub: "X_*"}
approvals: {hold: 30s, expires: 20m, scopes: [once, session]}
services:
  - {name: web, command: [npm, run, dev], folder: frontend, publish: [3000], restart: always, health: {port: 3000}}
  - {name: db, command: [postgres], health: {command: pg_isready}}
agents:
  claude:
    network: [{host: x.example, action: deny}]
    command_default: deny
  other:
tests:
  - {request: "GET https://a.example/x", expect: allow}
  - {command: [git, push, --force], expect: deny}
)",
                                  "/p/aileron.yaml", Layer::kProject);
  ASSERT_TRUE(read) << read.error().message;
  ASSERT_EQ(read->sections.commands.size(), 4u);
  ASSERT_TRUE(read->sections.command_default);
  EXPECT_EQ(read->sections.command_default->action, command::Action::kAsk);
  EXPECT_EQ(read->sections.command_default->id, "aileron.yaml:6");
  EXPECT_EQ(read->sections.commands[2].pattern, "yarn publish");
  EXPECT_EQ(read->sections.commands[2].by, "make");
  EXPECT_EQ(read->sections.commands[2].source, "/p/aileron.yaml:4:29");
  EXPECT_EQ(read->sections.commands[0].layer, command::Layer::kProject);
  EXPECT_THAT(read->sections.commands[3].redirect, ElementsAre("echo", "no", "**"));
  ASSERT_EQ(read->sections.files.size(), 2u);
  EXPECT_EQ(read->sections.files[0].access, FileAccess::kHidden);
  EXPECT_TRUE(read->sections.environment.pass[1].Matches("MY_THING"));
  EXPECT_FALSE(read->sections.environment.pass[0].Matches("EDITORS"));
  const VariablePattern token{{}, "*_TOKEN"}, inside{{}, "*KEY*"};
  EXPECT_TRUE(token.Matches("GITHUB_TOKEN"));
  EXPECT_FALSE(token.Matches("GITHUB_TOKENS"));
  EXPECT_TRUE(inside.Matches("A_KEY_ID"));
  EXPECT_EQ(read->approvals.hold, std::chrono::seconds(30));
  EXPECT_THAT(*read->approvals.scopes, ElementsAre("once", "session"));
  ASSERT_EQ(read->services.size(), 2u);
  EXPECT_EQ(read->services[0].health_port, 3000);
  EXPECT_EQ(read->services[1].health_command, "pg_isready");
  ASSERT_EQ(read->agents.size(), 2u);
  EXPECT_EQ(read->agents[0].name, "claude");
  EXPECT_EQ(read->agents[0].sections.hosts.size(), 1u);
  EXPECT_EQ(read->agents[0].sections.command_default->action, command::Action::kDeny);
  EXPECT_FALSE(read->agents[1].sections.command_default);
  EXPECT_EQ(read->tests.size(), 2u);
}

TEST(DocumentYaml, AnEmptyFileSaysNothing) {
  for (const char* text : {"", "# nothing\n", "version: 1\n", "version: 1\nnetwork:\n"}) {
    const auto document = ParseDocument(text, "aileron.yaml", Layer::kProject);
    ASSERT_TRUE(document) << text;
    EXPECT_TRUE(document->sections.hosts.empty());
  }
}

TEST(DocumentYaml, AnEntryThatSaysMuchOfManyIsRefusedBeforeItIsCopied) {
  std::string names;
  for (int i = 0; i < 1000; ++i) names += fmt::format("{}h{}.example", i == 0 ? "" : ", ", i);
  const std::string path(200, 'x'), much(2000, 'x');
  std::string paths;
  for (int i = 0; i < 8; ++i) paths += fmt::format("{}/{}{}", i == 0 ? "" : ", ", i, path);
  EXPECT_THAT(
      MistakeIn("network", fmt::format("{{host: [{}], path: [{}], action: ask}}", names, paths)),
      HasSubstr(":3:12: 1000 of these"));
  EXPECT_THAT(MistakeIn("commands",
                        fmt::format("{{command: [{}], reason: {}, action: deny}}", names, much)),
              HasSubstr(":3:15: 1000 of these"));
}

TEST(DocumentYaml, MistakesSayWhereWhatWasFoundAndWhatWasExpected) {
  EXPECT_THAT(Mistake("network: []\n"), HasSubstr("\"version: 1\" is missing"));
  EXPECT_THAT(Mistake("version: 2\n"), StartsWith("/p/aileron.yaml:1:10: version: expected 1"));
  EXPECT_THAT(Mistake("version: '1'\n"), HasSubstr("expected 1"));
  EXPECT_THAT(Mistake("version: 1\nnetwrk: []\n"),
              StartsWith("/p/aileron.yaml:2:1: \"netwrk\" is not a key of a policy. Did you mean "
                         "\"network\"?"));
  EXPECT_THAT(Mistake("version: 1\nprofile: gaurded\n"), HasSubstr("Did you mean \"guarded\"?"));
  EXPECT_THAT(Mistake("version: 1\nname: open\n"), HasSubstr("\"name\" is not a key"));
  EXPECT_THAT(Mistake("- a\n"), HasSubstr("expected a policy, a map with version"));
  EXPECT_THAT(Mistake("version: 1\nnetwork: {host: a}\n"),
              HasSubstr("network: expected a list, found a map"));
  EXPECT_THAT(MistakeIn("network", "{host: a.example}"), HasSubstr("lacks \"action\""));
  EXPECT_THAT(MistakeIn("network", "{action: ask}"), HasSubstr("lacks \"host\""));
  EXPECT_THAT(
      MistakeIn("network", "{host: a.example, action: alow}"),
      HasSubstr(":3:31: action: \"alow\" is not one of its words. Did you mean \"allow\"?"));
  EXPECT_THAT(MistakeIn("network", "{host: a.example, action: ask, method: post}"),
              HasSubstr("expected a method in capitals, as in POST, found \"post\""));
  EXPECT_THAT(MistakeIn("network", "{host: a.example, action: ask, methd: POST}"),
              HasSubstr(":3:36: \"methd\" is not a key of a network rule. Did you mean "
                        "\"method\"?"));
  EXPECT_THAT(MistakeIn("network", "{host: a.example, action: ask, method: []}"),
              HasSubstr("leave it out"));
  EXPECT_THAT(MistakeIn("network", "{host: a.example, action: ask, path: a}"),
              HasSubstr("begin with /"));
  for (const char* port : {"0", "65536", "\"443\"", "0443", "-1", "[443]", "x"}) {
    EXPECT_THAT(
        MistakeIn("network", fmt::format("{{host: a.example, action: ask, port: {}}}", port)),
        HasSubstr("expected a number from 1 to 65535, found"))
        << port;
  }
  EXPECT_THAT(MistakeIn("network", "{host: \"*\", action: ask, method: POST}"),
              HasSubstr("names hosts"));
  EXPECT_THAT(MistakeIn("network", "{host: https://a.example, action: ask}"), HasSubstr("host:"));
  EXPECT_THAT(MistakeIn("network", "{host: {a: b}, action: ask}"), HasSubstr("found a map"));
  EXPECT_THAT(MistakeIn("network", "[a]"), HasSubstr("found a list of 1"));
  EXPECT_THAT(MistakeIn("network", "{host: a.example, action: ask, by: \"gh 'open\"}"),
              HasSubstr("by: "));
  EXPECT_THAT(MistakeIn("network", "{host: a.example, action: ask, by: [gh]}"),
              HasSubstr("by: expected a word, found a list"));
  EXPECT_THAT(MistakeIn("network", fmt::format("{{host: a.example, action: ask, by: {}}}",
                                               std::string(command::limits::kByMax + 1, 'a'))),
              HasSubstr("at most 256 bytes"));
}

TEST(DocumentYaml, WhatContradictsItselfIsRefused) {
  EXPECT_THAT(MistakeIn("network", "{host: a.example, opaque: true, action: ask}"),
              HasSubstr("action: allow"));
  EXPECT_THAT(MistakeIn("network", "{host: a.example, opaque: true, path: /x, action: allow}"),
              HasSubstr("leave them out"));
  EXPECT_THAT(MistakeIn("network", "{host: a.example, opaque: true, by: gh, action: allow}"),
              HasSubstr("opaque to every program"));
  EXPECT_THAT(MistakeIn("network", "{host: a.example, opaque: yes, action: allow}"),
              HasSubstr("expected true or false"));
  EXPECT_THAT(
      MistakeIn("network", "{host: a.example, opaque: true, protocol: http, action: allow}"),
      HasSubstr("its protocol is tcp"));
  EXPECT_THAT(MistakeIn("network", "{host: a.example, protocol: tcp, path: /x, action: allow}"),
              HasSubstr("leave out method and path"));
  EXPECT_THAT(MistakeIn("network", "{host: a.example, credential: token/x, action: deny}"),
              HasSubstr("lets no credential"));
  EXPECT_THAT(MistakeIn("network", "{host: a.example, credential: [none, token/x], action: ask}"),
              HasSubstr("none alone"));
  EXPECT_THAT(MistakeIn("commands", "{command: a, action: redirect}"), HasSubstr("where to"));
  EXPECT_THAT(MistakeIn("commands", "{command: a, redirect: [b], action: deny}"),
              HasSubstr("action: redirect"));
  EXPECT_THAT(Mistake("version: 1\ncommand_default: record\n"),
              HasSubstr(":2:18: command_default: \"record\" is not one of its words"));
  EXPECT_THAT(MistakeIn("tests", "{expect: allow}"), HasSubstr("a request or a command"));
  EXPECT_THAT(MistakeIn("tests", "{request: GET https://a/, expect: record}"),
              HasSubstr("allow, ask or deny"));
  EXPECT_THAT(MistakeIn("tests", "{request: a.example, expect: deny}"),
              HasSubstr(":3:15: \"a.example\" is not a request"));
}

TEST(DocumentYaml, ABadPatternOfACommandIsNamedWithItsPlace) {
  EXPECT_THAT(MistakeIn("commands", "{command: [ls, 're:('], action: deny}"),
              HasSubstr(":3:20: command: "));
  EXPECT_THAT(
      Mistake("version: 1\nagents:\n  x:\n    commands: [{command: 're:(', action: deny}]\n"),
      HasSubstr(":4:26: command: "));
}

TEST(DocumentYaml, RulesAboutFilesAreAboutNoProgram) {
  EXPECT_THAT(MistakeIn("files", "{path: a, access: hidden, by: x}"),
              HasSubstr("\"by\" is not a key of a file rule"));
}

TEST(DocumentYaml, RulesAreNamedAsTheirFileIsCalled) {
  const auto text = "version: 1\nnetwork: [{host: a.example, action: deny}]\n";
  EXPECT_EQ(ParseDocument(text, "/p/aileron.yaml", Layer::kProject)->sections.hosts[0].id,
            "aileron.yaml:2");
  const auto above = ParseDocument(text, "/p/aileron.yaml", Layer::kProject, "../aileron.yaml");
  EXPECT_EQ(above->sections.hosts[0].id, "../aileron.yaml:2");
  EXPECT_EQ(above->file, "/p/aileron.yaml");
}

TEST(DocumentYaml, TheSchemaIsBuiltIn) {
  EXPECT_TRUE(DocumentSchema().starts_with("{"));
  EXPECT_THAT(DocumentSchema(), HasSubstr("json-schema.org"));
}

TEST(DocumentYaml, PathsNamesAndTimesAreChecked) {
  for (const char* path :
       {"../x", "a/../b", "/", "a//b", "./a", "a/", "~x", "~", "\"a\\nb\"", "/etc/"}) {
    EXPECT_THAT(MistakeIn("files", fmt::format("{{path: {}, access: hidden}}", path)),
                HasSubstr("path"))
        << path;
  }
  for (const char* path : {".", "a/b", "~/x", "/etc/shadow", ".env"}) {
    EXPECT_EQ(MistakeIn("files", fmt::format("{{path: {}, access: hidden}}", path)), "") << path;
  }
  EXPECT_THAT(MistakeIn("files", "{path: a, access: hiden}"),
              HasSubstr("Did you mean \"hidden\"?"));
  EXPECT_THAT(Mistake("version: 1\nfiles: [{path: a, access: hidden}, {path: a, access: hidden}]"),
              HasSubstr("already"));
  EXPECT_THAT(MistakeIn("services", "{name: Web, command: [x]}"), HasSubstr("lower-case"));
  EXPECT_THAT(MistakeIn("services", "{name: web, command: x}"), HasSubstr("expected a list"));
  EXPECT_THAT(MistakeIn("services", "{name: web, command: [x], folder: /tmp}"),
              HasSubstr("of the workspace"));
  EXPECT_THAT(MistakeIn("services", "{name: web, command: [x], health: {}}"),
              HasSubstr("port or command"));
  EXPECT_THAT(Mistake("version: 1\napprovals: {hold: 1h}\n"), HasSubstr("from 0s to 10m"));
  EXPECT_THAT(Mistake("version: 1\napprovals: {hold: 30}\n"), HasSubstr("a length of time"));
  EXPECT_THAT(Mistake("version: 1\napprovals: {scopes: [ever]}\n"), HasSubstr("scopes:"));
  EXPECT_THAT(Mistake("version: 1\nagents: {/usr/bin/x: {}}\n"), HasSubstr("without folders"));
  EXPECT_THAT(Mistake("version: 1\nagents: {x: {services: []}}\n"), HasSubstr("a key of an agent"));
}

TEST(DocumentYaml, TestsMayStandBesideTheFile) {
  const auto cases =
      ParseCases("version: 1\ntests:\n  - {command: [ls], expect: allow}\n", "t.yaml");
  ASSERT_TRUE(cases) << cases.error().message;
  EXPECT_EQ(cases->size(), 1u);
  EXPECT_FALSE(ParseCases("version: 1\nnetwork: []\n", "t.yaml"));
}

}  // namespace
}  // namespace aileron::policy
