// FeatureStore: features that were fetched, unpacked once.
//
//   FOLDER/lock             alone by who adds one
//   FOLDER/names/HEX        what a name meant when it was asked for last: "DIGEST CONTENT\n"
//   FOLDER/content/CONTENT  a tar, unpacked; CONTENT is the SHA-256 of the packed tar, in hex
//   FOLDER/content/new      one that is being unpacked
//
// An archive is a stranger's: it is unpacked as layers are (image/unpack.h), within bounds of its
// own, and nothing of it counts before its digest is the one that was promised.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "base/result.h"
#include "build/feature_source.h"
#include "image/digest.h"
#include "image/source_files.h"

namespace aileron::build {

class FeatureStore {
 public:
  // Makes the folder.
  static Result<FeatureStore> Open(const std::string& path);

  // What a name meant last. kNotFound when it has not been fetched, or is gone.
  Result<FetchedFeature> Find(const FeatureName& name) const;

  // What is in the store already by the digest of its archive, under one more name. kNotFound.
  Result<FetchedFeature> AddName(const FeatureName& name, const std::string& digest,
                                 const image::Digest& archive) const;

  // Unpacks an archive. kInvalid when it is not `promised`, hostile, or beyond a bound. `digest` is
  // what the name means, and the archive's own where it is empty.
  Result<FetchedFeature> Add(const FeatureName& name, const std::string& digest,
                             const image::Blob& archive,
                             const std::optional<image::Digest>& promised) const;

  // Removes all of it.
  Status Clear() const;

 private:
  explicit FeatureStore(std::string path) : path_(std::move(path)) {}

  std::string In(std::string_view name) const;
  std::string ContentOf(const image::Digest& archive) const;
  Status Remember(const FeatureName& name, const std::string& digest,
                  const image::Digest& archive) const;

  std::string path_;
};

}  // namespace aileron::build
