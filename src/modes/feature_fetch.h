// FeatureFetch: features of devcontainers out of registries and from the web, into a store of their
// own.
#pragma once

#include <cstdint>
#include <set>
#include <string>

#include "build/feature_source.h"
#include "build/feature_store.h"
#include "image/store.h"
#include "os/paths.h"

namespace aileron::modes {

enum class Fetching : std::uint8_t {
  kNothing,        // what is there
  kWhatIsMissing,  // nobody is asked for what has been fetched once
  kAgain           // what a tag or a URL means now
};

class FeatureFetch final : public build::FeatureSource {
 public:
  // `images` has the folder for what a transfer that is cut has got, and outlives it.
  // Of `projects` no helper is started that keeps logins.
  static Result<FeatureFetch> Open(const os::Paths& paths, const image::Store& images,
                                   Fetching fetching, std::vector<std::string> projects);

  // kUnavailable where nothing is fetched, and this has not been.
  Result<build::FetchedFeature> Fetch(const build::FeatureName& name) override;

 private:
  FeatureFetch(os::Paths paths, const image::Store& images, build::FeatureStore store,
               Fetching fetching, std::vector<std::string> projects)
      : paths_(std::move(paths)),
        images_(images),
        store_(std::move(store)),
        fetching_(fetching),
        projects_(std::move(projects)) {}

  Result<build::FetchedFeature> FetchArtifact(const build::FeatureName& name);
  Result<build::FetchedFeature> FetchTarball(const build::FeatureName& name);

  os::Paths paths_;
  const image::Store& images_;
  build::FeatureStore store_;
  Fetching fetching_;
  std::vector<std::string> projects_;
  std::set<std::string> fetched_;  // by this object, as they are written
};

// Where they are kept.
std::string FeatureFolder(const os::Paths& paths);

}  // namespace aileron::modes
