#include "build/feature_order.h"

#include <algorithm>

#include "base/text.h"

namespace aileron::build {

Result<std::vector<std::size_t>> InstallOrder(std::span<const FeatureNode> nodes,
                                              std::span<const std::string> first) {
  const auto priority = [&](std::size_t node) {
    const auto at = std::ranges::find(first, nodes[node].key.place);
    return first.end() - at;
  };
  std::vector<std::size_t> order;
  const auto installed = [&](auto is) {
    return std::ranges::any_of(order, [&](std::size_t one) { return is(nodes[one]); });
  };
  const auto ready = [&](const FeatureNode& node) {
    return std::ranges::all_of(
               node.depends_on,
               [&](const FeatureKey& key) {
                 return installed([&](const FeatureNode& one) { return one.key == key; });
               }) &&
           std::ranges::all_of(node.installs_after, [&](const std::string& place) {
             const auto is = [&](const FeatureNode& one) { return one.key.place == place; };
             return std::ranges::none_of(nodes, is) || installed(is);
           });
  };
  std::vector<std::size_t> left;
  for (std::size_t i = 0; i < nodes.size(); ++i) left.push_back(i);
  while (!left.empty()) {
    std::vector<std::size_t> round;
    for (const std::size_t node : left) {
      if (!ready(nodes[node])) continue;
      if (!round.empty() && priority(node) > priority(round.front())) round.clear();
      if (round.empty() || priority(node) == priority(round.front())) round.push_back(node);
    }
    if (round.empty()) {
      std::vector<std::string> names;
      for (const std::size_t node : left) names.push_back(Printable(nodes[node].key.place));
      return Fail(Code::kInvalid,
                  "features wait for each other, and none can be installed first: {}",
                  Join(names, ", "));
    }
    std::ranges::sort(round, {},
                      [&](std::size_t node) -> const FeatureKey& { return nodes[node].key; });
    for (const std::size_t node : round) std::erase(left, node);
    order.insert(order.end(), round.begin(), round.end());
  }
  return order;
}

}  // namespace aileron::build
