// Tested by tests/image/test_feature_registry.py.

#include "registry/artifact_source.h"

#include "base/text.h"
#include "net/tls.h"
#include "registry/transfer.h"

namespace aileron::registry {

ArtifactSource::ArtifactSource(image::Reference reference, std::vector<Place> places,
                               const Options& options)
    : reference_(std::move(reference)),
      repository_(reference_, std::move(places), options.logins, options.vault, options.proxy),
      partial_(options.partial) {}

Result<std::unique_ptr<ArtifactSource>> ArtifactSource::Open(const image::Reference& reference,
                                                             const Options& options) {
  net::PrepareTls();
  AILERON_ASSIGN(auto places, PlacesFor(options.settings, reference.domain));
  return std::unique_ptr<ArtifactSource>(new ArtifactSource(reference, std::move(places), options));
}

Result<ArtifactSource::Resolved> ArtifactSource::Resolve() {
  const std::string name = reference_.digest ? reference_.digest->Text() : reference_.tag;
  AILERON_ASSIGN(const auto document, repository_.Manifest(name));
  Resolved resolved{
      .digest = image::DigestOf(document.text, reference_.digest ? reference_.digest->algorithm
                                                                 : image::Algorithm::kSha256),
      .artifact = {}};
  if (reference_.digest && resolved.digest != *reference_.digest) {
    return image::FailLying(reference_.Text(), *reference_.digest, resolved.digest);
  }
  AILERON_ASSIGN(resolved.artifact, image::ParseArtifact(document.text, document.media_type,
                                                         Printable(reference_.Text())));
  return resolved;
}

Result<image::Blob> ArtifactSource::Fetch(const image::Descriptor& layer) {
  return Transfer::Begin(repository_, layer.digest, layer.size, partial_);
}

}  // namespace aileron::registry
