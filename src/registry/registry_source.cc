// Tested by tests/image/test_registry.py.

#include "registry/registry_source.h"

#include "net/tls.h"
#include "registry/transfer.h"

namespace aileron::registry {

namespace {

using image::Descriptor;
using image::Digest;

class RegistrySource : public image::Source, private image::Documents {
 public:
  RegistrySource(image::Reference reference, std::vector<Place> places, const Options& options)
      : reference_(std::move(reference)),
        repository_(reference_, std::move(places), options.logins, options.vault, options.proxy),
        partial_(options.partial) {}

  Result<image::Resolved> Resolve(const image::Platform& machine) override;
  Result<image::Blob> Open(const image::SourceLayer& layer) const override {
    return Transfer::Begin(repository_, *layer.digest, layer.size, partial_);
  }
  bool is_remote() const override { return true; }

 private:
  Result<std::string> Read(Kind kind, const Descriptor& descriptor, std::size_t most) override;
  std::string NameOf(const Digest& digest) const override { return digest.Text(); }
  std::string Name() const override { return repository_.name(); }

  image::Reference reference_;
  mutable Repository repository_;
  std::string partial_;
  Descriptor first_;  // what the tag means, and its text
  std::string first_text_;
};

Result<image::Resolved> RegistrySource::Resolve(const image::Platform& machine) {
  if (reference_.digest) {
    first_.digest = *reference_.digest;
  } else {
    AILERON_ASSIGN(auto document, repository_.Manifest(reference_.tag));
    // A tag means what the registry says that it means.
    first_.digest = image::DigestOf(document.text);
    first_.media_type = std::move(document.media_type);
    first_text_ = std::move(document.text);
  }
  return ResolveFrom(*this, first_, machine);
}

Result<std::string> RegistrySource::Read(Kind kind, const Descriptor& descriptor,
                                         std::size_t most) {
  const Digest& digest = descriptor.digest;
  if (!first_text_.empty() && digest == first_.digest) return first_text_;
  std::string text;
  if (kind == Kind::kManifest) {
    AILERON_ASSIGN(auto document, repository_.Manifest(digest.Text()));
    text = std::move(document.text);
  } else {
    AILERON_ASSIGN(text, repository_.Blob(digest, most));
  }
  const Digest got = image::DigestOf(text, digest.algorithm);
  if (got != digest) return image::FailLying(Name() + "@" + digest.Text(), digest, got);
  return text;
}

}  // namespace

Result<std::unique_ptr<image::Source>> OpenRegistry(const image::Reference& reference,
                                                    const Options& options) {
  net::PrepareTls();
  AILERON_ASSIGN(auto places, PlacesFor(options.settings, reference.domain));
  return std::make_unique<RegistrySource>(reference, std::move(places), options);
}

Result<Secret> EngineLogin(const image::Reference& reference, const Options& options,
                           Repository::Tokens tokens) {
  net::PrepareTls();
  AILERON_ASSIGN(auto places, PlacesFor(options.settings, reference.domain));
  // The engine has mirrors of its own.
  places.erase(places.begin(), places.end() - 1);
  Repository repository(reference, std::move(places), options.logins, options.vault, options.proxy);
  const std::string name = reference.digest ? reference.digest->Text() : reference.tag;
  const auto seen = repository.Look(name);
  if (!seen && seen.error().code == Code::kDenied) {
    // An answer to HEAD has no words.
    const auto told = repository.Manifest(name);
    return std::unexpected(told ? seen.error() : told.error());
  }
  if (!seen) {
    auto kept = repository.LookUpLogin();
    if (!kept) return std::unexpected(std::move(kept.error()));
  }
  return repository.EngineLogin(tokens);
}

}  // namespace aileron::registry
