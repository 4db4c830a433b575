// InstallOrder: which feature is installed after which (Dev Container Features, "Installation
// order").
//
// Rounds: of those whose dependencies are installed, the ones of the highest priority go next, in
// the order of their places, versions and options, as the reference implementation sorts them. A
// feature of overrideFeatureInstallOrder has the more priority the nearer to its beginning it
// stands. Hard dependencies are installed because of who needs them; of soft ones those count that
// are installed anyway, by a former name (legacyIds) too. Pure.
#pragma once

#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "build/feature_name.h"

namespace aileron::build {

// A feature is another one with other options.
struct FeatureKey {
  FeatureName::Kind kind = FeatureName::Kind::kFolder;
  std::string written;
  std::string place;               // of a folder its path, of a tarball its URL
  std::string collection, id;      // of an artifact
  std::vector<std::string> names;  // of an artifact: its id of today, and those that it had
  std::string tag, digest;         // of an artifact
  nlohmann::json options;          // as they are written

  bool operator==(const FeatureKey& other) const { return Compare(*this, other) == 0; }
  // Below, at or above 0.
  static int Compare(const FeatureKey& a, const FeatureKey& b);
};

// What installsAfter and overrideFeatureInstallOrder name: a feature in any version.
struct SoftKey {
  FeatureName::Kind kind = FeatureName::Kind::kFolder;
  std::string place;           // of an artifact without its version
  std::string collection, id;  // of an artifact
};

struct FeatureNode {
  FeatureKey key;
  std::vector<FeatureKey> depends_on;  // each is a node as well
  std::vector<SoftKey> installs_after;
};

// Indexes of `nodes`, which are all different. kInvalid when some wait for each other.
Result<std::vector<std::size_t>> InstallOrder(std::span<const FeatureNode> nodes,
                                              std::span<const SoftKey> first);

}  // namespace aileron::build
