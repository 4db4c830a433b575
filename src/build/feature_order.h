// InstallOrder: which feature is installed after which (Dev Container Features, "Installation
// order").
//
// Rounds: of those whose dependencies are installed, the ones of the highest priority go next, in
// the order of their places and options. A feature of overrideFeatureInstallOrder has the more
// priority the nearer to its beginning it stands. Hard dependencies are installed because of who
// needs them; of soft ones those count that are installed anyway. Pure.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace aileron::build {

// A feature is another one with other options.
struct FeatureKey {
  std::string place;    // where it comes from
  std::string options;  // as JSON, keys in order
  auto operator<=>(const FeatureKey&) const = default;
};

struct FeatureNode {
  FeatureKey key;
  std::vector<FeatureKey> depends_on;       // each is a node as well
  std::vector<std::string> installs_after;  // places
};

// Indexes of `nodes`, which are all different. kInvalid when some wait for each other.
Result<std::vector<std::size_t>> InstallOrder(std::span<const FeatureNode> nodes,
                                              std::span<const std::string> first);

}  // namespace aileron::build
