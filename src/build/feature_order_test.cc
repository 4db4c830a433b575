#include "build/feature_order.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace aileron::build {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

FeatureNode Node(std::string place, std::vector<std::string> depends = {},
                 std::vector<std::string> after = {}) {
  FeatureNode node{.key = {.place = std::move(place), .options = "{}"},
                   .depends_on = {},
                   .installs_after = std::move(after)};
  for (std::string& one : depends) node.depends_on.push_back({std::move(one), "{}"});
  return node;
}

std::vector<std::string> Order(const std::vector<FeatureNode>& nodes,
                               const std::vector<std::string>& first = {}) {
  const auto order = InstallOrder(nodes, first);
  if (!order) return {order.error().message};
  std::vector<std::string> places;
  for (const std::size_t node : *order) places.push_back(nodes[node].key.place);
  return places;
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
  nodes[0].key.options = "{\"v\":\"2\"}";
  nodes[1].key.options = "{\"v\":\"1\"}";
  EXPECT_THAT(InstallOrder(nodes, {}).value(), ElementsAre(1, 0));
}

TEST(InstallOrder, ACircleIsNamed) {
  EXPECT_THAT(Order({Node("a", {"b"}), Node("b", {}, {"a"}), Node("c")})[0],
              HasSubstr("wait for each other, and none can be installed first: a, b"));
  EXPECT_THAT(Order({Node("a", {"a"})})[0], HasSubstr("wait for each other"));
}

}  // namespace
}  // namespace aileron::build
