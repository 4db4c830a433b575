#include "connector/document.h"

#include <gtest/gtest.h>

#include "connector/limits.h"

namespace aileron::connector {
namespace {

using nlohmann::json;

Node Read(std::string_view text, Aliases aliases = Aliases::kRefused) {
  auto node = ParseDocument(text, "d", aliases);
  EXPECT_TRUE(node) << text << (node ? "" : node.error().message);
  return node ? *std::move(node) : Node();
}

std::string ErrorOf(std::string_view text, Aliases aliases = Aliases::kRefused) {
  const auto node = ParseDocument(text, "d", aliases);
  return node ? "" : node.error().message;
}

TEST(Document, YamlAndJsonGiveTheSameTree) {
  const json value = {{"a", {1, -2, 2.5, true, nullptr, "x", "1"}}, {"b", {{"c", json::array()}}}};
  EXPECT_EQ(ToJson(Read(value.dump())), value);
  EXPECT_EQ(ToJson(Read("a: [1, -2, 2.5, true, ~, x, '1']\nb:\n  c: []\n")), value);
}

TEST(Document, EveryNodeKnowsItsLine) {
  for (const std::string_view text :
       {"a: 1\nb:\n  - x\n  - 22\nc: y\n", "{\"a\": 1\n,\"b\":\n[\"x\",\n22\n],\"c\":\"y\"}"}) {
    const Node root = Read(text);
    EXPECT_EQ(root.Find("a")->line, 1) << text;
    EXPECT_EQ(root.Find("b")->items[0].line, 3) << text;
    EXPECT_EQ(root.Find("b")->items[1].line, 4) << text;
    EXPECT_EQ(root.Find("c")->line, 5) << text;
  }
}

TEST(Document, NumbersKeepTheirValue) {
  EXPECT_EQ(ToJson(Read("[18446744073709551615, -9223372036854775808, 1e3, +5, .5]")),
            json::parse("[18446744073709551615, -9223372036854775808, 1000.0, 5, 0.5]"));
  // Words that only look like numbers, or like none that we know.
  for (const std::string_view text :
       {"0x10", "1_000", "1.2.3", "+", ".", "1e", ".inf", "2026-01-01"}) {
    EXPECT_EQ(Read(text).kind, Kind::kText) << text;
  }
}

TEST(Document, ARepeatedKeyIsKept) {
  EXPECT_EQ(Read("a: 1\na: 2\n").items.size(), 2u);
  EXPECT_EQ(Read("{\"a\":1,\"a\":2}").items.size(), 2u);
}

TEST(Document, WhatIsTooDeepIsRefused) {
  const std::string deep(limits::kDepthMax + 1, '[');
  EXPECT_TRUE(ErrorOf(deep + std::string(limits::kDepthMax + 1, ']')).contains("nested deeper"));
  EXPECT_TRUE(
      ErrorOf("a: " + deep + std::string(limits::kDepthMax + 1, ']')).contains("nested deeper"));
  EXPECT_FALSE(ErrorOf(std::string(1'000'000, '[')).empty());
  EXPECT_FALSE(ErrorOf("a: " + std::string(100'000, '{')).empty());
}

TEST(Document, AliasesAreRefusedOrCopied) {
  constexpr std::string_view kText = "a: &x {b: [1]}\nc: *x\nd: *x\n";
  EXPECT_TRUE(ErrorOf(kText).starts_with("d:2: an alias"));
  const Node copied = Read(kText, Aliases::kCopied);
  EXPECT_EQ(ToJson(copied), json::parse(R"({"a":{"b":[1]},"c":{"b":[1]},"d":{"b":[1]}})"));
  EXPECT_FALSE(ErrorOf("a: &x [*x]", Aliases::kCopied).empty());
}

TEST(Document, ManyAliasesOfAliasesAreRefused) {
  std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    text += fmt::format("a{}: &a{} [", i, i);
    for (int j = 0; j < 10; ++j) text += fmt::format("{}*a{}", j > 0 ? ", " : "", i - 1);
    text += "]\n";
  }
  EXPECT_FALSE(ErrorOf(text, Aliases::kCopied).empty());
}

TEST(Document, WhatIsNeitherIsToldWithItsLine) {
  EXPECT_TRUE(ErrorOf("a: b\nc: [d\n").starts_with("d:"));
  EXPECT_TRUE(ErrorOf("{\"a\": \n\"b\" \"c\"}").starts_with("d:2"));
  EXPECT_EQ(ErrorOf("{a: b}"), "");
  EXPECT_EQ(ErrorOf(std::string_view("{\"a\":\n1}\0x", 10)), "d:2: a NUL byte has no place here");
  const std::string large = "{\"a\": \"" + std::string(limits::kFlowYamlMax, 'x') + "\",\n";
  EXPECT_EQ(ErrorOf(large + "b: c}"), "d:2: here this stops being JSON");
  EXPECT_TRUE(ErrorOf("? [a]\n: b").contains("a key must be a word"));
  EXPECT_EQ(Read("").kind, Kind::kNull);
}

TEST(Document, AKeyThatIsUnknownOrRepeatedIsToldWithItsLineAndTheNearestOne) {
  constexpr auto kKnown = std::to_array<std::string_view>({"version", "desktop"});
  const auto flaw = [&](std::string_view text) {
    const auto found = CheckKeys(Read(text), kKnown);
    return found ? fmt::format("{}: {}", found->line, found->message) : "";
  };
  EXPECT_EQ(flaw("version: 1\ndesktop: true\n"), "");
  EXPECT_EQ(flaw("version: 1\ndesktpo: true\n"),
            "2: unknown key \"desktpo\". Did you mean \"desktop\"?");
  EXPECT_EQ(flaw("zzzzzzzzz: 1\n"), "1: unknown key \"zzzzzzzzz\". Known are version, desktop");
  EXPECT_EQ(flaw("version: 1\nversion: 1\n"), "2: \"version\" stands here a second time");
}

}  // namespace
}  // namespace aileron::connector
