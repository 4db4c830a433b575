// ReadFeatures: the features of a devcontainer.json and what they depend on, in the order in which
// they are installed. Tested by src/build/feature_set_test.cc.
#pragma once

#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "build/feature.h"
#include "build/project.h"
#include "image/devcontainer.h"

namespace aileron::build {

// kInvalid names the feature that is wrong, lies outside of the project, or waits for itself;
// kUnsupported one that would have to be fetched.
Result<std::vector<Feature>> ReadFeatures(const image::DevContainer& container,
                                          const Project& project, Time now);

}  // namespace aileron::build
