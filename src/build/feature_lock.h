// FeatureLock: which digests the features of a devcontainer.json have to have, so that everybody
// gets the same ones (@devcontainers/cli, "lockfile"; containers.dev, "Lockfile").
//
//   devcontainer-lock.json beside devcontainer.json, .devcontainer-lock.json beside
//   .devcontainer.json:
//   { "features": { "ghcr.io/devcontainers/features/node:1": {
//       "version": "1.6.3", "resolved": "ghcr.io/devcontainers/features/node@sha256:…",
//       "integrity": "sha256:…", "dependsOn": ["…"] } } }
//
// A lock says which version, never of what: "resolved" has to be the place that the name says.
// Text in, values out.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "build/feature.h"
#include "build/feature_source.h"

namespace aileron::build {

class FeatureLock {
 public:
  // kInvalid names the file and what is wrong in it.
  static Result<FeatureLock> Parse(std::string_view text, std::string_view file);

  // The digest of a feature by the name as it is written; empty: it is not in the lock.
  std::string DigestOf(const std::string& written) const;
  const std::string& file() const { return file_; }

 private:
  std::string file_;
  std::map<std::string, std::string> digests_;  // by the name as it is written
};

// Where the lock of the file `config` lies.
std::string LockFileOf(std::string_view config);

// What the reference implementation would write of them; folders of the project are not in it.
std::string LockTextOf(std::span<const Feature> features);

// A source of which only what the lock has comes. kInvalid for a feature of another digest.
class LockedSource final : public FeatureSource {
 public:
  // Both are borrowed.
  LockedSource(FeatureSource& source, const FeatureLock& lock) : source_(source), lock_(lock) {}
  Result<FetchedFeature> Fetch(const FeatureName& name) override;

 private:
  FeatureSource& source_;
  const FeatureLock& lock_;
};

}  // namespace aileron::build
