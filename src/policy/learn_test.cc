#include "policy/learn.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "policy/document_yaml.h"

namespace aileron::policy {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

Observation Saw(std::string_view request, bool allowed = true, std::string credential = "") {
  return {.subject = {.request = ParseRequest(request).value(), .command = {}},
          .allowed = allowed,
          .credential = std::move(credential)};
}

Evaluator Learned(const std::string& text) {
  auto document = ParseDocument(text, "aileron.yaml", Layer::kProject);
  EXPECT_TRUE(document) << document.error().message << "\n" << text;
  return std::move(
      Evaluator::Compile({.user = {}, .project = {{*std::move(document), Trust::kTrusted}}})
          .value());
}

TEST(Learn, PathsAreGeneralisedWhereTheyNameThings) {
  EXPECT_THAT(GeneralisePaths({"/repos/o/r/issues/17", "/repos/o/r/issues/18", "/user"}, 16),
              ElementsAre("/repos/o/r/issues/*", "/user"));
  EXPECT_THAT(
      GeneralisePaths({"/x/3f2c9a7d4e5b6c71", "/x/550e8400-e29b-41d4-a716-446655440000"}, 16),
      ElementsAre("/x/*"));
  EXPECT_THAT(GeneralisePaths({"/p/a", "/p/b", "/p/c", "/p/d", "/p/e", "/p/f", "/p/g/h"}, 16),
              ElementsAre("/p/*", "/p/*/h"));
  EXPECT_THAT(GeneralisePaths({"/", "/a/"}, 16), ElementsAre("/", "/a/"));
  EXPECT_THAT(GeneralisePaths({"/" + std::string(kPathPatternMax, 'a')}, 16), ElementsAre("/**"))
      << "too long for a pattern";
  EXPECT_THAT(GeneralisePaths({"/a/../b", "/a"}, 16), IsEmpty()) << "no pattern covers it";
}

TEST(Learn, APathThatNoPatternCoversIsAllowedAgain) {
  const Observed observed{.session = "01ABC",
                          .observations = {Saw("GET https://registry.example/@types%2fnode"),
                                           Saw("GET https://registry.example/react"),
                                           Saw("PUT https://registry.example/x")},
                          .written = {}};
  const std::string text = Learn(observed);
  EXPECT_THAT(text, HasSubstr("# Which program made a request is not recorded"));
  const Evaluator evaluator = Learned(text);
  for (const Observation& one : observed.observations) {
    EXPECT_EQ(evaluator.OnRequest(*one.subject.request).verdict, "allow")
        << Write(one.subject) << "\n"
        << text;
  }
  EXPECT_EQ(evaluator.OnRequest(ParseRequest("PUT https://registry.example/y").value()).verdict,
            "deny");
}

TEST(Learn, OtherCommandsAreAskedAboutAndDeniedOnesStandInComments) {
  const auto ran = [](std::string executable, std::vector<std::string> words, bool allowed) {
    return Observation{.subject = {.request = {},
                                   .command = std::move(words),
                                   .executable = std::move(executable)},
                       .allowed = allowed};
  };
  const Observed observed{.session = "01ABC",
                          .observations = {ran("/usr/bin/dash", {"sh", "-c", "x"}, true),
                                           ran("/work/tools/run.py", {"./run.py"}, true),
                                           ran("/work/a b", {"./a b"}, true),
                                           ran("/usr/bin/git", {"git", "push", "--force"}, false),
                                           ran("/usr/bin/git", {std::string(900, 'x')}, false)},
                          .written = {}};
  const std::string text = Learn(observed);
  const Evaluator evaluator = Learned(text);
  const auto verdict = [&](int i) {
    const Subject& subject = observed.observations[i].subject;
    return evaluator.OnCommand(subject.command, subject.executable).verdict;
  };
  EXPECT_EQ(verdict(0), "allow") << text;
  EXPECT_EQ(verdict(1), "allow") << text;
  EXPECT_EQ(verdict(2), "ask") << text;
  EXPECT_EQ(verdict(3), "ask") << text;
  EXPECT_EQ(evaluator.OnCommand(std::vector<std::string>{"run.py"}).verdict, "ask");
  EXPECT_THAT(text, HasSubstr("\ncommand_default: ask\n"));
  EXPECT_THAT(text, HasSubstr("#   git push --force\n"));
  EXPECT_THAT(text, HasSubstr("/work/a b"));
  EXPECT_THAT(text, Not(HasSubstr(std::string(300, 'x'))));
  EXPECT_THAT(text, Not(HasSubstr("No command was recorded")));
}

TEST(Learn, WithoutARecordedCommandNoneIsAskedAbout) {
  const std::string text =
      Learn({.session = "x", .observations = {Saw("GET https://a.example/")}, .written = {}});
  EXPECT_THAT(text, HasSubstr("No command was recorded"));
  EXPECT_THAT(text, Not(HasSubstr("command_default")));
}

TEST(Learn, HoweverManyPathsThereAreThePatternsAreFewAndCoverAllOfThem) {
  std::vector<std::string> paths;
  for (char a = 'a'; a < 'g'; ++a) {
    for (char b = 'a'; b < 'g'; ++b) {
      for (char c = 'a'; c < 'g'; ++c) paths.push_back(fmt::format("/{}/x{}/y{}/z", a, b, c));
    }
  }
  const auto patterns = GeneralisePaths(paths, 16);
  EXPECT_LE(patterns.size(), 16u);
  for (const std::string& path : paths) {
    EXPECT_TRUE(std::ranges::any_of(patterns, [&](const std::string& pattern) {
      return PathPattern::Parse(pattern)->Matches(path);
    })) << path;
  }
}

TEST(Learn, WhatWasDoneIsAllowedAndNothingElse) {
  const Observed observed{
      .session = "01ABC",
      .observations = {Saw("GET https://api.example/repos/o/r/issues/1", true, "token/x"),
                       Saw("HEAD https://api.example/repos/o/r/issues/2", true, "token/x"),
                       Saw("POST https://api.example:8443/upload"),
                       Saw("GET http://plain.example/a"),
                       Saw("GET http://plain.example:8080/a"),
                       Saw("CONNECT tcp://db.example:5432/"),
                       Saw("GET https://evil.example/", false),
                       {.subject = {.request = {}, .command = {"/usr/bin/git", "push"}},
                        .count = 3}},
      .written = {"build/out", "build/more/x"}};
  const std::string text = Learn(observed);
  auto document = ParseDocument(text, "aileron.yaml", Layer::kProject);
  ASSERT_TRUE(document) << document.error().message << "\n" << text;
  const auto evaluator =
      Evaluator::Compile({.user = {}, .project = {{*document, Trust::kTrusted}}});
  ASSERT_TRUE(evaluator) << evaluator.error().message;
  const auto verdict = [&](std::string_view request) {
    return evaluator->OnRequest(ParseRequest(request).value()).verdict;
  };
  for (const Observation& one : observed.observations) {
    if (!one.subject.request) continue;
    EXPECT_EQ(evaluator->OnRequest(*one.subject.request).verdict, one.allowed ? "allow" : "deny")
        << Write(one.subject) << "\n"
        << text;
  }
  EXPECT_EQ(verdict("GET https://api.example/repos/o/r/issues/99"), "allow");
  EXPECT_EQ(verdict("POST https://api.example/repos/o/r/issues/1"), "deny");
  EXPECT_EQ(verdict("GET https://api.example/user"), "deny");
  EXPECT_THAT(*evaluator->OnRequest(*observed.observations[0].subject.request).credentials,
              ElementsAre("token/x"));
  EXPECT_THAT(text, HasSubstr("#   GET https://evil.example/\n"));
  EXPECT_THAT(text, HasSubstr("\"git **\""));
  ASSERT_EQ(document->sections.files.size(), 2u);
  EXPECT_EQ(document->sections.files[1].path, "build");
}

TEST(Learn, NothingAnAgentNamesBreaksOutOfTheText) {
  Observed observed{.session = "x\ny", .observations = {}, .written = {"a\nb/c", "ok/x"}};
  observed.observations.push_back(
      {.subject = {.request = {}, .command = {"evil\"}\nversion: 2 #", "x"}}});
  observed.observations.push_back(Saw("GET https://a.example/\"x\ny"));
  const std::string text = Learn(observed);
  EXPECT_TRUE(ParseDocument(text, "aileron.yaml", Layer::kProject)) << text;
  EXPECT_THAT(text, Not(HasSubstr("\nversion: 2")));
}

}  // namespace
}  // namespace aileron::policy
