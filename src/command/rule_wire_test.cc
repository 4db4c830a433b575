#include "command/rule_wire.h"

#include <gtest/gtest.h>

#include "command/limits.h"

namespace aileron::command {
namespace {

CommandRule Rule() {
  return {.layer = Layer::kProject,
          .action = Action::kRedirect,
          .pattern = "git push --force",
          .by = "make",
          .redirect = {"git", "push"},
          .reason = "why",
          .id = "no force",
          .source = "aileron.yaml:3",
          .narrows = true};
}

std::optional<CommandRule> Again(const CommandRule& rule) {
  WireWriter writer;
  WriteRule(writer, rule);
  WireReader reader(writer.bytes());
  auto read = ReadRule(reader);
  EXPECT_TRUE(!read || reader.Done());
  return read;
}

TEST(RuleWire, ARuleArrivesAsItWasWritten) {
  const auto read = Again(Rule());
  ASSERT_TRUE(read);
  EXPECT_EQ(read->layer, Layer::kProject);
  EXPECT_EQ(read->action, Action::kRedirect);
  EXPECT_EQ(read->pattern, "git push --force");
  EXPECT_EQ(read->by, "make");
  EXPECT_EQ(read->redirect, (std::vector<std::string>{"git", "push"}));
  EXPECT_EQ(read->reason, "why");
  EXPECT_EQ(read->id, "no force");
  EXPECT_EQ(read->source, "aileron.yaml:3");
  EXPECT_TRUE(read->narrows);
}

TEST(RuleWire, WhatIsOutOfRangeIsNoRule) {
  CommandRule rule = Rule();
  rule.layer = static_cast<Layer>(4);
  EXPECT_FALSE(Again(rule));
  rule = Rule();
  rule.action = static_cast<Action>(5);
  EXPECT_FALSE(Again(rule));
  rule = Rule();
  rule.reason = std::string(limits::kRuleTextMax + 1, 'x');
  EXPECT_FALSE(Again(rule));
  rule = Rule();
  rule.redirect[1] = std::string(limits::kRuleTextMax + 1, 'x');
  EXPECT_FALSE(Again(rule));
  rule.redirect.assign(limits::kRedirectWords + 1, "x");
  EXPECT_FALSE(Again(rule));
}

TEST(RuleWire, ACutRuleIsSaidByTheReader) {
  WireWriter writer;
  WriteRule(writer, Rule());
  for (std::size_t size = 0; size < writer.bytes().size(); ++size) {
    WireReader reader(std::string_view(writer.bytes()).substr(0, size));
    (void)ReadRule(reader);
    EXPECT_TRUE(reader.failed()) << size;
  }
}

}  // namespace
}  // namespace aileron::command
