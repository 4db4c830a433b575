// Tested by tests/image/test_feature_registry.py.

#include "modes/feature_fetch.h"

#include "base/text.h"
#include "build/limits.h"
#include "fetch/download.h"
#include "image/quoted.h"
#include "modes/api.h"
#include "modes/image_store.h"

#include "registry/artifact_source.h"

namespace aileron::modes {

namespace {

using build::FeatureName;
using build::FetchedFeature;

// Dev Container Features distribution, "OCI Registry".
constexpr std::string_view kFeatureType = "application/vnd.devcontainers";
constexpr std::string_view kLayerType = "application/vnd.devcontainers.layer.v1+tar";

Result<image::Descriptor> LayerOf(const image::Artifact& artifact) {
  if (artifact.type != kFeatureType) {
    return Fail(Code::kInvalid, "it is no feature: the registry says that it is {}",
                image::Quoted(artifact.type));
  }
  if (artifact.layers.size() != 1 || artifact.layers[0].media_type != kLayerType) {
    return Fail(Code::kInvalid, "a feature has one layer, which is {}", kLayerType);
  }
  const image::Descriptor& layer = artifact.layers[0];
  if (layer.size > build::limits::kFeatureArchiveMax) {
    return Fail(Code::kInvalid, "it has {}, and a feature at most {}", Bytes(layer.size),
                Bytes(build::limits::kFeatureArchiveMax));
  }
  if (layer.digest.algorithm != image::Algorithm::kSha256) {
    return Fail(Code::kUnsupported, "its layer is called by {}, not by sha256",
                image::Name(layer.digest.algorithm));
  }
  return layer;
}

}  // namespace

std::string FeatureFolder(const os::Paths& paths) { return paths.cache + "/features"; }

Result<FeatureFetch> FeatureFetch::Open(const os::Paths& paths, const image::Store& images,
                                        Fetching fetching, std::vector<std::string> projects) {
  AILERON_ASSIGN(auto store, build::FeatureStore::Open(FeatureFolder(paths)));
  return FeatureFetch(paths, images, std::move(store), fetching, std::move(projects));
}

Result<FetchedFeature> FeatureFetch::Fetch(const FeatureName& name) {
  if (fetching_ != Fetching::kAgain || fetched_.contains(name.written)) {
    auto found = store_.Find(name);
    if (found || found.error().code != Code::kNotFound) return found;
  }
  if (fetching_ == Fetching::kNothing) {
    return Fail(Code::kUnavailable,
                "it has not been fetched yet; \"aileron sandbox build\" or \"warm\" does it");
  }
  auto fetched =
      name.kind == FeatureName::Kind::kArtifact ? FetchArtifact(name) : FetchTarball(name);
  if (fetched) fetched_.insert(name.written);
  return fetched;
}

Result<FetchedFeature> FeatureFetch::FetchArtifact(const FeatureName& name) {
  const auto options = RegistryOptions(paths_, images_, projects_);
  if (!options) return std::unexpected(options.error().error);
  AILERON_ASSIGN(const auto source, registry::ArtifactSource::Open(name.reference, *options));
  AILERON_ASSIGN(const auto resolved, source->Resolve());
  AILERON_ASSIGN(const image::Descriptor layer, LayerOf(resolved.artifact));
  const std::string digest = resolved.digest.Text();
  if (fetching_ != Fetching::kAgain) {
    auto known = store_.AddName(name, digest, layer.digest);
    if (known || known.error().code != Code::kNotFound) return known;
  }
  for (bool again = false;; again = true) {
    AILERON_ASSIGN(const image::Blob blob, source->Fetch(layer));
    auto added = store_.Add(name, digest, blob, layer.digest);
    // What was kept of a former transfer may have been damaged since.
    if (added || again || !blob.feed->resumed()) return added;
  }
}

Result<FetchedFeature> FeatureFetch::FetchTarball(const FeatureName& name) {
  AILERON_ASSIGN(auto file, fetch::RemoteFile::Parse(name.written));
  const auto options = RegistryOptions(paths_, images_, projects_);
  if (!options) return std::unexpected(options.error().error);
  AILERON_ASSIGN(const auto places, registry::PlacesFor(options->settings, file.url.Authority()));
  const std::string shown = file.Name();
  AILERON_ASSIGN(const auto bytes,
                 fetch::Download(std::move(file), places.back().ca,
                                 build::limits::kFeatureArchiveMax, options->proxy));
  if (!bytes) return Fail(Code::kNotFound, "{} is not there", shown);
  image::Blob blob{.file = {}, .size = bytes->size(), .feed = nullptr};
  AILERON_ASSIGN(blob.file, os::MemoryFileHolding(*bytes));
  return store_.Add(name, "", blob, std::nullopt);
}

}  // namespace aileron::modes
