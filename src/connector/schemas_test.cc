#include "connector/schemas.h"

#include <gtest/gtest.h>

#include "connector/limits.h"

namespace aileron::connector {
namespace {

using nlohmann::json;

class Fixture {
 public:
  explicit Fixture(std::string_view text)
      : root_(*ParseDocument(text, "d", Aliases::kRefused)),
        references_(root_),
        schemas_(references_) {}
  Schemas& operator*() { return schemas_; }
  const Node* Root() const { return &root_; }

 private:
  Node root_;
  References references_;
  Schemas schemas_;
};

std::optional<Type> TypeOf(std::string_view text) {
  Fixture fixture(text);
  return (*fixture).TypeOf(fixture.Root());
}

TEST(Schemas, ATypeIsFoundWhereverItStands) {
  EXPECT_EQ(TypeOf(R"({"type": "integer"})"), Type::kInteger);
  EXPECT_EQ(TypeOf(R"({"type": ["null", "string"]})"), Type::kString);
  EXPECT_EQ(TypeOf(R"({"properties": {}})"), Type::kObject);
  EXPECT_EQ(TypeOf(R"({"items": {}})"), Type::kArray);
  EXPECT_EQ(TypeOf(R"({"enum": [null, 1.5]})"), Type::kNumber);
  EXPECT_EQ(TypeOf(R"({"const": true})"), Type::kBoolean);
  EXPECT_EQ(TypeOf(R"({"allOf": [{}, {"type": "object"}]})"), Type::kObject);
  EXPECT_EQ(TypeOf(R"({"anyOf": [{"enum": [""]}, {"type": "object"}]})"), Type::kObject);
  EXPECT_EQ(TypeOf(R"({"oneOf": [{"type": "null"}, {"type": "string"}, {"type": "object"}]})"),
            Type::kString);
  EXPECT_EQ(TypeOf("{}"), std::nullopt);
  EXPECT_EQ(TypeOf("[]"), std::nullopt);
  EXPECT_EQ(TypeOf(R"({"$ref": "#"})"), std::nullopt);
  EXPECT_EQ(TypeOf(R"({"allOf": [{"$ref": "#"}]})"), std::nullopt);
}

TEST(Schemas, PropertiesOfAllPartsAreOneObjects) {
  Fixture fixture(
      R"({"allOf": [{"$ref": "#/a"}, {"required": ["y"], "properties": {"z": {}, "x": {}}}],
                      "properties": {"y": {}, "id": {"readOnly": true}},
                      "a": {"required": ["x"], "properties": {"x": {}}}})");
  const auto properties = (*fixture).PropertiesOf(fixture.Root());
  ASSERT_EQ(properties.size(), 3u);
  EXPECT_EQ(properties[0].name, "y");
  EXPECT_TRUE(properties[0].required);
  EXPECT_EQ(properties[1].name, "x");
  EXPECT_TRUE(properties[1].required);
  EXPECT_FALSE(properties[2].required);
}

TEST(Schemas, AnEnumIsTakenWhereItIsSmallAndOfOneType) {
  Fixture fixture(
      R"({"a": {"enum": ["x", "y", null, "x"]}, "b": {"enum": ["x", 1]}, "c": {"enum": ["\u202e"]}})");
  EXPECT_EQ((*fixture).AllowedOf(fixture.Root()->Find("a"), Type::kString),
            (std::vector<json>{"x", "y"}));
  EXPECT_TRUE((*fixture).AllowedOf(fixture.Root()->Find("b"), Type::kString).empty());
  EXPECT_TRUE((*fixture).AllowedOf(fixture.Root()->Find("c"), Type::kString).empty());
}

TEST(Schemas, ItemsAreOfATypeThatInputsHave) {
  Fixture fixture(
      R"({"a": {"items": {"type": "integer"}}, "b": {"items": {"type": "array"}}, "c": {"type": "array"}})");
  EXPECT_EQ((*fixture).ItemsOf(fixture.Root()->Find("a")), Type::kInteger);
  EXPECT_EQ((*fixture).ItemsOf(fixture.Root()->Find("b")), std::nullopt);
  EXPECT_EQ((*fixture).ItemsOf(fixture.Root()->Find("c")), std::nullopt);
}

TEST(Schemas, WhatRefersToItselfManyTimesEnds) {
  std::string text = R"({"allOf": [)";
  for (int i = 0; i < 200; ++i) text += R"({"$ref": "#"},)";
  Fixture fixture(text + R"({}], "properties": {"x": {}}})");
  EXPECT_EQ((*fixture).TypeOf(fixture.Root()), Type::kObject);
  EXPECT_EQ((*fixture).PropertiesOf(fixture.Root()).size(), 1u);
  std::string untyped = R"({"anyOf": [)";
  for (int i = 0; i < 200; ++i) untyped += R"({"$ref": "#"},)";
  Fixture endless(untyped + "{}]}");
  EXPECT_EQ((*endless).TypeOf(endless.Root()), std::nullopt);
  EXPECT_TRUE((*endless).PropertiesOf(endless.Root()).empty());
}

}  // namespace
}  // namespace aileron::connector
