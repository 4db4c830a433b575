#include "policy/comparison.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "policy/document_yaml.h"

namespace aileron::policy {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Document Read(std::string_view text) {
  auto document = ParseDocument(text, "policy.yaml", Layer::kUser);
  EXPECT_TRUE(document) << document.error().message;
  return *std::move(document);
}

Evaluator Make(const Document& document) {
  return std::move(Evaluator::Compile({.user = document}).value());
}

constexpr std::string_view kOld = R"(version: 1
network:
  - {host: "*.a.example", action: allow}
  - {host: b.example, method: [POST, PUT], path: /x/*/**, action: ask}
  - {host: 10.0.0.0/8, port: 8080, action: allow}
  - {host: c.example, credential: token/c, action: allow}
commands:
  - {command: git push --force, action: deny}
tests:
  - {request: "GET https://some-host.a.example/", expect: allow}
  - {command: [git, status], expect: allow}
)";

TEST(Comparison, ADocumentsExamplesAreOneOfEachRuleAndItsTests) {
  std::vector<std::string> texts;
  for (const Subject& subject : Examples(Read(kOld))) texts.push_back(Write(subject));
  EXPECT_THAT(texts, ElementsAre("GET https://some-host.a.example/", "GET https://10.0.0.0:8080/",
                                 "GET https://c.example/", "POST https://b.example/x/x/x",
                                 "git push --force", "git status"));
}

TEST(Comparison, OnlyWhatChangesIsTold) {
  const Document before = Read(kOld);
  const Document after = Read(R"(version: 1
network:
  - {host: "*.a.example", action: deny}
  - {host: b.example, method: [POST, PUT], path: /x/*/**, action: ask}
  - {host: 10.0.0.0/8, port: 8080, action: allow}
  - {host: c.example, credential: token/other, action: allow}
)");
  std::vector<std::string> texts;
  for (const Change& change : Compare(Make(before), Make(after), Examples(before))) {
    texts.push_back(fmt::format("{}: {} {}", Write(change.subject), change.before.verdict,
                                change.after.verdict));
  }
  EXPECT_THAT(texts,
              ElementsAre("GET https://some-host.a.example/: allow deny",
                          "GET https://c.example/: allow allow", "git push --force: deny allow"));
  EXPECT_THAT(Compare(Make(before), Make(before), Examples(before)), IsEmpty());
}

TEST(Comparison, WhatBecomesOfOtherCommandsHasAnExample) {
  const Document before = Read("version: 1\n"), after = Read("version: 1\ncommand_default: ask\n");
  const auto changes = Compare(Make(before), Make(after), Examples(after));
  ASSERT_EQ(changes.size(), 1u);
  EXPECT_EQ(changes[0].after.verdict, "ask");
}

TEST(Comparison, ACaseFailsWhenItsVerdictIsAnother) {
  const Document document = Read(R"(version: 1
tests:
  - {request: "GET https://github.com/", expect: allow}
  - {request: "GET https://nobody.example/", expect: deny}
)");
  const auto results = RunCases(Make(document), document.tests);
  ASSERT_EQ(results.size(), 2u);
  EXPECT_TRUE(results[0].passed());
  EXPECT_FALSE(results[1].passed());
  EXPECT_EQ(results[1].got.verdict, "ask");
  EXPECT_EQ(results[1].place.line, 4);
}

TEST(Comparison, BlanksInWordsAreNotBetweenThem) {
  EXPECT_EQ(Distinct({{.command = {"a b"}}, {.command = {"a", "b"}}, {.command = {"a b"}}}).size(),
            2u);
}

TEST(Comparison, AnExecutionIsJudgedByItsFileAndByItself) {
  const Evaluator rules = Make(Read("version: 1\ncommands: [{command: git, action: deny}]\n"));
  const Subject line{.command = {"sh", "-c", "git"}};
  const Subject shell{.command = {"sh", "-c", "git"}, .executable = "/usr/bin/dash"};
  EXPECT_EQ(OpinionOn(rules, line).verdict, "deny");
  EXPECT_EQ(OpinionOn(rules, shell).verdict, "allow") << "git comes to a verdict of its own";
  const Subject named{.command = {"git"}};
  const Subject other{.command = {"git"}, .executable = "/usr/bin/true"};
  EXPECT_EQ(OpinionOn(rules, named).verdict, "deny");
  EXPECT_EQ(OpinionOn(rules, other).verdict, "allow");
  EXPECT_EQ(Distinct({named, other, other}).size(), 2u);
}

}  // namespace
}  // namespace aileron::policy
