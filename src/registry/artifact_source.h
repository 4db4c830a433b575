// ArtifactSource: something else than an image in a registry, such as a feature of a devcontainer
// (OCI image-spec, "Guidelines for Artifact Usage").
#pragma once

#include <memory>
#include <string>

#include "image/manifest.h"
#include "image/source_files.h"
#include "registry/registry_source.h"

namespace aileron::registry {

class ArtifactSource {
 public:
  // kInvalid when the domain cannot be a host. Nothing is asked before it is resolved.
  static Result<std::unique_ptr<ArtifactSource>> Open(const image::Reference& reference,
                                                      const Options& options);

  struct Resolved {
    image::Digest digest;  // of the manifest
    image::Artifact artifact;
  };
  // What the reference means now. kInvalid when it is not what its digest says; else as
  // Repository::Manifest.
  Result<Resolved> Resolve();
  // The bytes of a layer, not verified. The source outlives them.
  Result<image::Blob> Fetch(const image::Descriptor& layer);

 private:
  ArtifactSource(image::Reference reference, std::vector<Place> places, const Options& options);

  image::Reference reference_;
  Repository repository_;
  std::string partial_;
};

}  // namespace aileron::registry
