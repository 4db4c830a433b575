// FeatureName: what devcontainer.json and features call a feature (Dev Container Features,
// "Referencing a Feature").
//
//   name     = folder | tarball | artifact
//   folder   = ("./" | "../") PATH                         of the project, from devcontainer.json
//   tarball  = "https://" … "/devcontainer-feature-" id ".tgz"
//   artifact = registry "/" namespace {"/" namespace} "/" id [":" tag | "@sha256:" digest]
//
// A registry has a "." in its name, or is localhost; case does not count, and without a tag it is
// "latest". The names of 2022 ("node", "owner/repository/feature") are refused. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "image/reference.h"

namespace aileron::build {

struct FeatureName {
  enum class Kind : std::uint8_t { kFolder, kTarball, kArtifact };
  Kind kind = Kind::kFolder;
  std::string written;
  std::string id;              // its last part; of a folder empty
  std::string collection;      // of an artifact: "ghcr.io/devcontainers/features"
  image::Reference reference;  // of an artifact

  // Where it is, whatever its version: of an artifact "ghcr.io/devcontainers/features/node", of a
  // tarball its URL; of a folder as it is written.
  std::string Place() const;
};

// kInvalid, or kUnsupported for a name of former times, says how one is written.
Result<FeatureName> ParseFeatureName(std::string_view written);

}  // namespace aileron::build
