#include "policy/plain_yaml.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "policy/limits.h"

namespace aileron::policy {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string Mistake(std::string_view text) {
  const auto node = ParsePlainYaml(text, "p.yaml");
  return node ? std::string() : node.error().message;
}

TEST(PlainYaml, ValuesAndKeysKnowTheirPlaces) {
  const auto root = ParsePlainYaml("# first\na: 1\nb:\n  - x\n  - {c: '2'}\n", "p.yaml");
  ASSERT_TRUE(root) << root.error().message;
  ASSERT_EQ(root->items.size(), 2u);
  EXPECT_EQ(root->Find("a")->text, "1");
  EXPECT_FALSE(root->Find("a")->quoted);
  EXPECT_EQ(root->Find("a")->place, (Place{2, 4}));
  EXPECT_EQ(root->Find("b")->key_place, (Place{3, 1}));
  const YamlNode& map = root->Find("b")->items.at(1);
  EXPECT_EQ(map.place, (Place{5, 5}));
  EXPECT_TRUE(map.Find("c")->quoted);
  EXPECT_EQ(root->Find("nothing"), nullptr);
}

TEST(PlainYaml, NothingIsANullNodeAndJsonIsYaml) {
  for (const char* text : {"", "# only this\n", "---\n", "null\n"}) {
    const auto root = ParsePlainYaml(text, "p.yaml");
    ASSERT_TRUE(root) << text;
    EXPECT_EQ(root->kind, YamlKind::kNull) << text;
  }
  EXPECT_EQ(ParsePlainYaml(R"({"a": ["b"]})", "p.yaml")->Find("a")->items.at(0).text, "b");
}

TEST(PlainYaml, WhatHidesWhatATextMeansIsRefusedWithItsPlace) {
  EXPECT_THAT(Mistake("a: &x 1\n"), StartsWith("p.yaml:1:"));
  EXPECT_THAT(Mistake("a: &x 1\n"), HasSubstr("anchor"));
  EXPECT_THAT(Mistake("a: &x [1]\nb: *x\n"), HasSubstr("anchor"));
  EXPECT_THAT(Mistake("a: 1\nb:\n  <<: {c: 1}\n"), StartsWith("p.yaml:3:3: a merge key"));
  EXPECT_THAT(Mistake("a: !!str 1\n"), HasSubstr("a tag"));
  EXPECT_THAT(Mistake("a: !x [1]\n"), HasSubstr("a tag"));
  EXPECT_THAT(Mistake("a: 1\n---\na: 2\n"), HasSubstr("second document"));
  EXPECT_THAT(Mistake("a: 1\n...\n---\na: 2\n"), HasSubstr("second document"));
  EXPECT_THAT(Mistake("a: 1\nb: 2\na: 3\n"), StartsWith("p.yaml:3:1: \"a\" stands here a second"));
  EXPECT_THAT(Mistake("a: 1\n'a': 3\n"), HasSubstr("a second time"));
  EXPECT_THAT(Mistake("? [a]\n: 1\n"), HasSubstr("a key must be a word"));
  EXPECT_THAT(Mistake("? {a: 1}\n: 1\n"), HasSubstr("a key must be a word"));
  EXPECT_THAT(Mistake("~: 1\n: 2\n"), HasSubstr("p.yaml:"));
}

TEST(PlainYaml, TextThatIsNoYamlIsRefusedWithItsPlace) {
  EXPECT_THAT(Mistake("a: [1\n"), StartsWith("p.yaml:"));
  EXPECT_THAT(Mistake("]"), StartsWith("p.yaml:"));
  EXPECT_THAT(Mistake("a: 1\n b: 2\n"), StartsWith("p.yaml:2:"));
  EXPECT_THAT(Mistake("a: \xff\n"), HasSubstr("UTF-8"));
}

TEST(PlainYaml, SizeDepthAndNumberAreBounded) {
  EXPECT_THAT(Mistake(std::string(limits::kPolicyFileMax + 1, '#')), HasSubstr("larger than"));
  const std::string deep = std::string(100'000, '[');
  EXPECT_THAT(Mistake(deep), StartsWith("p.yaml:"));
  EXPECT_THAT(Mistake("[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]"), HasSubstr("nested deeper"));
  std::string many = "[";
  for (std::size_t i = 0; i <= limits::kYamlNodes; ++i) many += "1,";
  EXPECT_THAT(Mistake(many + "]"), HasSubstr("more than"));
  EXPECT_THAT(Mistake(std::string(limits::kYamlKeyMax + 1, 'k') + ": 1\n"), HasSubstr("key"));
}

TEST(PlainYaml, AMessageNamesTheNearestWord) {
  constexpr std::string_view known[] = {"allow", "deny"};
  EXPECT_EQ(Unknown("alow", "an action", known),
            "\"alow\" is not an action. Did you mean \"allow\"?");
  EXPECT_EQ(Unknown("x", "an action", known), "\"x\" is not an action. Known are allow, deny");
}

}  // namespace
}  // namespace aileron::policy
