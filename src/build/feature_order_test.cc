#include "build/feature_order.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace aileron::build {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

using Kind = FeatureName::Kind;

FeatureNode Node(std::string place, std::vector<std::string> depends = {},
                 std::vector<std::string> after = {}) {
  FeatureNode node{.key = {.place = std::move(place), .options = nlohmann::json::object()},
                   .depends_on = {},
                   .installs_after = {}};
  for (std::string& one : depends) {
    node.depends_on.push_back({.place = std::move(one), .options = nlohmann::json::object()});
  }
  for (std::string& one : after) node.installs_after.push_back({.place = std::move(one)});
  return node;
}

std::vector<std::string> Order(const std::vector<FeatureNode>& nodes,
                               const std::vector<std::string>& first = {}) {
  std::vector<SoftKey> keys;
  for (const std::string& one : first) keys.push_back({.place = one});
  const auto order = InstallOrder(nodes, keys);
  if (!order) return {order.error().message};
  std::vector<std::string> places;
  for (const std::size_t node : *order) places.push_back(nodes[node].key.place);
  return places;
}

FeatureNode Artifact(const std::string& written, const std::string& digest,
                     std::vector<std::string> names = {}) {
  const auto name = ParseFeatureName(written);
  FeatureNode node{.key = {.kind = Kind::kArtifact,
                           .written = written,
                           .place = written,
                           .collection = name->collection,
                           .id = name->id,
                           .names = std::move(names),
                           .tag = name->reference.tag,
                           .digest = digest,
                           .options = nlohmann::json::object()},
                   .depends_on = {},
                   .installs_after = {}};
  if (node.key.names.empty()) node.key.names = {name->id};
  return node;
}

TEST(InstallOrder, GoesByPlaceWhereNothingElseIsSaid) {
  EXPECT_THAT(Order({Node("c"), Node("a"), Node("b")}), ElementsAre("a", "b", "c"));
  EXPECT_THAT(Order({}), ElementsAre());
}

TEST(InstallOrder, ComesAfterWhatItDependsOn) {
  EXPECT_THAT(Order({Node("a", {"c"}), Node("b"), Node("c", {"d"}), Node("d")}),
              ElementsAre("b", "d", "c", "a"));
}

TEST(InstallOrder, SoftDependenciesCountWhereTheyAreInstalledAnyway) {
  EXPECT_THAT(Order({Node("a", {}, {"b", "elsewhere"}), Node("b")}), ElementsAre("b", "a"));
  EXPECT_THAT(Order({Node("a", {}, {"elsewhere"}), Node("b")}), ElementsAre("a", "b"));
}

TEST(InstallOrder, TheFilesOrderComesFirstAndDependenciesBeforeIt) {
  EXPECT_THAT(Order({Node("a"), Node("b"), Node("c")}, {"c", "b"}), ElementsAre("c", "b", "a"));
  EXPECT_THAT(Order({Node("a"), Node("b", {"a"}), Node("c")}, {"b"}), ElementsAre("a", "c", "b"));
}

TEST(InstallOrder, TheSameWithOtherOptionsIsInstalledAsWell) {
  std::vector<FeatureNode> nodes = {Node("a"), Node("a")};
  nodes[0].key.options = {{"v", "2"}};
  nodes[1].key.options = {{"v", "1"}};
  EXPECT_THAT(InstallOrder(nodes, {}).value(), ElementsAre(1, 0));
}

TEST(InstallOrder, ArtifactsGoByCollectionThenIdThenVersion) {
  EXPECT_THAT(Order({Artifact("x.io/b/a:2", "2"), Artifact("x.io/b/a:1", "1"),
                     Artifact("x.io/a/z:1", "3"), Artifact("x.io/b/a-b", "4")}),
              ElementsAre("x.io/a/z:1", "x.io/b/a:1", "x.io/b/a:2", "x.io/b/a-b"));
  // The same content by two names is the same.
  EXPECT_EQ(Artifact("x.io/a/b:1", "1").key, Artifact("x.io/a/b:1.0", "1").key);
  EXPECT_FALSE(Artifact("x.io/a/b:1", "1").key == Artifact("x.io/a/b:1", "2").key);
}

TEST(InstallOrder, AFormerNameIsOneOfTheFeatures) {
  const FeatureNode old = Artifact("x.io/a/z-old:1", "1", {"z", "z-old"});
  FeatureNode waits = Artifact("x.io/a/a:1", "2");
  waits.installs_after = {{.kind = Kind::kArtifact, .collection = "x.io/a", .id = "z"}};
  EXPECT_THAT(Order({waits, old}), ElementsAre("x.io/a/z-old:1", "x.io/a/a:1"));
  waits.installs_after[0].collection = "x.io/b";
  EXPECT_THAT(Order({waits, old}), ElementsAre("x.io/a/a:1", "x.io/a/z-old:1"));
}

TEST(InstallOrder, TextIsSortedAsTheReferenceSortsIt) {
  EXPECT_THAT(Order({Node("/B"), Node("/a"), Node("/b"), Node("/a_b"), Node("/a-b"), Node("/a1"),
                     Node("/ab")}),
              ElementsAre("/a", "/a_b", "/a-b", "/a1", "/ab", "/b", "/B"));
}

TEST(InstallOrder, ACircleIsNamed) {
  EXPECT_THAT(Order({Node("a", {"b"}), Node("b", {}, {"a"}), Node("c")})[0],
              HasSubstr("wait for each other, and none can be installed first: a, b"));
  EXPECT_THAT(Order({Node("a", {"a"})})[0], HasSubstr("wait for each other"));
}

}  // namespace
}  // namespace aileron::build
