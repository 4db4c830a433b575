// FeatureSource: where features come from that are no folders of the project.
// Tested by tests/image/test_feature_registry.py.
#pragma once

#include <string>

#include "base/result.h"
#include "build/feature_name.h"

namespace aileron::build {

// A feature that has been fetched, is what its digest says, and lies unpacked in a folder of ours.
struct FetchedFeature {
  std::string digest;  // "sha256:…": of an artifact's manifest, of a tarball itself
  std::string folder;  // absolute
};

class FeatureSource {
 public:
  virtual ~FeatureSource() = default;
  // Of an artifact or a tarball. Errors say which and why.
  virtual Result<FetchedFeature> Fetch(const FeatureName& name) = 0;
};

}  // namespace aileron::build
