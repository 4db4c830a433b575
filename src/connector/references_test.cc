#include "connector/references.h"

#include <gtest/gtest.h>

namespace aileron::connector {
namespace {

Node Read(std::string_view text) { return *ParseDocument(text, "d", Aliases::kRefused); }

TEST(References, ALocalOneIsFollowed) {
  const Node root = Read(R"({"a": {"$ref": "#/b/c~1d/1"}, "b": {"c/d": ["x", "y"], "e f": "z"},
                             "g": {"$ref": "#/b/e%20f"}, "h": {"$ref": "#/a"}})");
  References references(root);
  EXPECT_EQ(references.Follow(root.Find("a"))->text, "y");
  EXPECT_EQ(references.Member(&root, "g")->text, "z");
  EXPECT_EQ(references.Member(&root, "h")->text, "y");
  EXPECT_EQ(references.Member(&root, "b"), root.Find("b"));
  EXPECT_EQ(references.Text(root.Find("b"), "e f"), "z");
}

TEST(References, WhatLeadsNowhereIsNothing) {
  const Node root = Read(R"({"a": {"$ref": "#/b"}, "b": {"$ref": "#/a"}, "c": {"$ref": "#/nothing"},
                             "d": {"$ref": "other.yaml#/x"}, "e": {"$ref": "https://evil.example/"},
                             "f": {"$ref": "#/l/9"}, "g": {"$ref": "#x"}, "h": {"$ref": "#/g/$ref/y"},
                             "l": [1]})");
  References references(root);
  for (const std::string_view key : {"a", "b", "c", "d", "e", "f", "g", "h", "zzz"}) {
    EXPECT_EQ(references.Member(&root, key), nullptr) << key;
  }
  EXPECT_EQ(references.Follow(nullptr), nullptr);
  EXPECT_EQ(references.Get(nullptr, "a"), nullptr);
  EXPECT_EQ(references.Get(root.Find("l"), "a"), nullptr);
}

TEST(References, LargeMapsAreSearchedByTheirIndex) {
  std::string text = "{";
  for (int i = 0; i < 1'000; ++i) text += fmt::format("\"k{}\": {},", i, i);
  const Node root = Read(text + "\"k5\": 77, \"r\": {\"$ref\": \"#/k999\"}}");
  References references(root);
  EXPECT_EQ(references.Member(&root, "r")->text, "999");
  EXPECT_EQ(references.Member(&root, "k5")->text, "5");  // the first one
}

}  // namespace
}  // namespace aileron::connector
