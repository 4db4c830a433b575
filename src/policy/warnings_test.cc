#include "policy/warnings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "policy/document_yaml.h"

namespace aileron::policy {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> Of(std::string_view user, std::string_view project = "") {
  const auto mine = ParseDocument(user, "policy.yaml", Layer::kUser);
  const auto theirs = ParseDocument(project, "aileron.yaml", Layer::kProject);
  EXPECT_TRUE(mine && theirs);
  std::vector<std::string> texts;
  for (const Warning& one : Warnings({.user = *mine, .project = {{*theirs}}})) {
    texts.push_back(fmt::format("{}:{} {}", one.file, one.line, one.kind));
  }
  return texts;
}

std::string With(std::initializer_list<std::string_view> rules) {
  std::string text = "version: 1\nnetwork:\n";
  for (const std::string_view rule : rules) text += fmt::format("  - {{{}}}\n", rule);
  return text;
}

TEST(Warnings, ARuleAboutOneProgramCoversNoOther) {
  EXPECT_THAT(Of(With({"host: a.example, action: allow", "host: a.example, by: gh, action: deny"})),
              IsEmpty());
  EXPECT_THAT(Of(With({"host: a.example, by: gh, action: allow", "host: a.example, action: deny"})),
              ElementsAre("policy.yaml:3 unreachable"));
}

TEST(Warnings, ARuleBelowAStrongerOneIsUnreachable) {
  EXPECT_THAT(Of(With({"host: a.b.example, action: allow", "host: '*.b.example', action: deny"})),
              ElementsAre("policy.yaml:3 unreachable"));
  EXPECT_THAT(
      Of(With({"host: a.example, method: GET, action: ask", "host: a.example, action: deny"})),
      ElementsAre("policy.yaml:3 unreachable"));
  EXPECT_THAT(Of(With({"host: a.example, action: allow", "host: '*', action: ask"})),
              ElementsAre("policy.yaml:3 unreachable"));
  EXPECT_THAT(Of(With({"host: 10.1.2.3, action: allow", "host: 10.0.0.0/8, action: deny"})),
              ElementsAre("policy.yaml:3 unreachable"));
  EXPECT_THAT(Of(With({"host: a.example, action: deny"}), With({"host: a.example, action: allow"})),
              ElementsAre("aileron.yaml:3 unreachable"));
}

TEST(Warnings, ARuleThatRepeatsAnotherIsShadowed) {
  EXPECT_THAT(Of(With({"host: a.example, action: allow", "host: a.example, action: allow"})),
              ElementsAre("policy.yaml:4 shadowed"));
  EXPECT_THAT(Of(With({"host: a.b.example, action: deny", "host: '*.b.example', action: deny"})),
              ElementsAre("policy.yaml:3 shadowed"));
  EXPECT_THAT(Of(With({"host: a.example, path: /x/**, action: ask",
                       "host: a.example, method: POST, path: /x/y, action: ask"})),
              ElementsAre("policy.yaml:4 shadowed"));
}

TEST(Warnings, RulesThatBothDecideAreNoMistake) {
  EXPECT_THAT(Of(With({"host: a.example, action: allow",
                       "host: a.example, by: gh, credential: token/a, action: allow"})),
              IsEmpty())
      << "one says whose the credential is";
  EXPECT_THAT(Of(With({"host: a.b.example, action: deny", "host: '*.b.example', action: allow",
                       "host: b.example, action: ask"})),
              IsEmpty());
  EXPECT_THAT(
      Of(With({"host: a.example, port: 8443, action: allow", "host: a.example, action: allow",
               "host: a.example, protocol: http, action: deny"})),
      IsEmpty());
  EXPECT_THAT(Of(With({"host: a.example, method: GET, action: allow",
                       "host: a.example, method: POST, action: ask",
                       "host: a.example, path: /a/*/c, action: deny",
                       "host: a.example, path: /a/b/c, method: PUT, action: ask"})),
              IsEmpty());
}

std::string Commands(std::initializer_list<std::string_view> rules) {
  std::string text = "version: 1\ncommands:\n";
  for (const std::string_view rule : rules) text += fmt::format("  - {{{}}}\n", rule);
  return text;
}

TEST(Warnings, CommandsThatAStrongerRuleCoversAreTold) {
  EXPECT_THAT(Of(Commands({"command: git push, action: deny", "command: git push, action: allow",
                           "command: git push, action: deny"})),
              ElementsAre("policy.yaml:4 unreachable", "policy.yaml:5 shadowed"));
  EXPECT_THAT(
      Of(Commands({"command: git push --force, action: ask", "command: git, action: deny"})),
      ElementsAre("policy.yaml:3 unreachable"));
  EXPECT_THAT(Of(Commands({"command: npm, action: deny"}),
                 Commands({"command: npm ci, action: allow", "command: npm ci, action: deny"})),
              ElementsAre("aileron.yaml:3 unreachable"))
      << "a project may deny what its user denies";
}

TEST(Warnings, CommandsThatOnlyLookAlikeAreApart) {
  EXPECT_THAT(
      Of(Commands({"command: git, action: allow", "command: git push, action: deny",
                   "command: git pushx, action: ask", "command: git status, action: allow",
                   "command: 're:git', action: deny", "command: 're:git x', action: ask",
                   "command: npm, action: deny, by: make", "command: npm, action: ask, by: gh",
                   "command: ls, action: record", "command: ls, action: allow"})),
      IsEmpty());
}

TEST(Warnings, WhatStandsInAnAgentsSectionIsLookedAt) {
  constexpr std::string_view text = R"(version: 1
network: [{host: a.example, action: allow}]
agents:
  x:
    network: [{host: "*", action: allow}, {host: a.example, action: deny}]
    commands: [{command: a, action: deny}, {command: a, action: allow}]
  y:
    network: [{host: a.example, action: ask}]
)";
  EXPECT_THAT(Of(text), ElementsAre("policy.yaml:5 too-wide", "policy.yaml:6 unreachable"))
      << "what one agent is denied is not denied to the others";
  EXPECT_THAT(Of("version: 1\nnetwork: [{host: a.example, action: deny}]\n"
                 "agents: {x: {network: [{host: a.example, action: allow}]}}\n"),
              ElementsAre("policy.yaml:3 unreachable"));
}

TEST(Warnings, ScopesOfWhichNoneIsLeftAreTold) {
  const auto scopes = [](std::string_view list) {
    return fmt::format("version: 1\napprovals: {{scopes: [{}]}}\n", list);
  };
  EXPECT_THAT(Of(scopes("once"), scopes("session")), ElementsAre("aileron.yaml:2 unanswerable"));
  EXPECT_THAT(Of(scopes("once, session"), scopes("session")), IsEmpty());
}

TEST(Warnings, WhatNobodyCanVouchForIsTooWide) {
  EXPECT_THAT(Of(With({"host: '*', action: allow"})), ElementsAre("policy.yaml:3 too-wide"));
  EXPECT_THAT(Of(With({"host: '*.com', action: allow"})), ElementsAre("policy.yaml:3 too-wide"));
  EXPECT_THAT(Of(With({"host: '*.github.io', action: allow"})),
              ElementsAre("policy.yaml:3 too-wide"));
  EXPECT_THAT(Of(With({"host: 10.0.0.0/8, action: allow"})), ElementsAre("policy.yaml:3 too-wide"));
  EXPECT_THAT(Of(With({"host: '*.company.example', action: allow",
                       "host: 10.1.0.0/16, action: allow", "host: '*.net', action: deny"})),
              IsEmpty());
}

}  // namespace
}  // namespace aileron::policy
