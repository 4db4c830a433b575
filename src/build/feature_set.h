// ReadFeatures: the features of a devcontainer.json and what they depend on, in the order in which
// they are installed. Tested by src/build/feature_set_test.cc.
#pragma once

#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "build/feature.h"
#include "build/feature_source.h"
#include "build/project.h"
#include "image/devcontainer.h"

namespace aileron::build {

// What devcontainer.json names is fetched, and what a fetched feature needs. What a folder of the
// project needs is, where devcontainer.json names the same: an agent may have written the folder,
// and what is asked for tells whoever is asked. kInvalid names the feature that is wrong, lies
// outside of the project, or waits for itself; kDenied one that would be fetched so; else what
// `source` says.
Result<std::vector<Feature>> ReadFeatures(const image::DevContainer& container,
                                          const Project& project, FeatureSource& source, Time now);

}  // namespace aileron::build
