// Manifests, configs and the list in a docker-archive: what is accepted keeps every bound, names
// blobs by digests that can be verified, and is read the same again; what is refused is shown
// safely.
#include "base/text.h"
#include "fuzz/pieces.h"
#include "image/config.h"
#include "image/docker_archive.h"
#include "image/limits.h"
#include "image/manifest.h"

using aileron::fuzz::AsText;
using aileron::fuzz::Expect;
using namespace aileron::image;

namespace {

constexpr std::string_view kWhat = "the document";

void ExpectShown(const aileron::Error& error) {
  Expect(aileron::Printable(error.message) == error.message);
}

void CheckDescriptor(const Descriptor& descriptor) {
  Expect(ParseDigest(descriptor.digest.Text()).value() == descriptor.digest);
  Expect(descriptor.size <= limits::kBlobMax);
}

void CheckManifest(std::string_view text) {
  const auto document = ParseManifest(text, {}, kWhat);
  if (!document) return ExpectShown(document.error());
  if (const auto* index = std::get_if<Index>(&*document)) {
    Expect(index->manifests.size() <= limits::kIndexEntriesMax);
    for (const Descriptor& one : index->manifests) CheckDescriptor(one);
    const Platform machine{"linux", "amd64", "v3"};
    const auto chosen = Choose(*index, machine, kWhat);
    if (!chosen) return ExpectShown(chosen.error());
    Expect(!chosen->platform || Fit(machine, *chosen->platform));
    Expect(ParseIndex(text, kWhat).value().manifests == index->manifests);
    return;
  }
  const auto& manifest = std::get<Manifest>(*document);
  Expect(manifest.layers.size() <= limits::kLayersMax);
  CheckDescriptor(manifest.config);
  for (const Layer& layer : manifest.layers) CheckDescriptor(layer.blob);
  // Offered as an index, it is none.
  Expect(!ParseIndex(text, kWhat));
}

void CheckArtifact(std::string_view text) {
  const auto artifact = ParseArtifact(text, {}, kWhat);
  if (!artifact) return ExpectShown(artifact.error());
  Expect(artifact->layers.size() <= limits::kLayersMax);
  for (const Descriptor& layer : artifact->layers) CheckDescriptor(layer);
  Expect(!ParseIndex(text, kWhat));
}

void CheckConfig(std::string_view text) {
  const auto config = ParseConfig(text, kWhat);
  if (!config) return ExpectShown(config.error());
  Expect(ParseConfig(text, kWhat).value() == *config);
  Expect(config->diff_ids.size() <= limits::kLayersMax);
  Expect(config->working_dir.empty() || config->working_dir[0] == '/');
  for (const std::string& variable : config->env) {
    Expect(variable.find('=') > 0 && variable.contains('=') && !variable.contains('\0'));
  }
}

void CheckArchive(std::string_view text) {
  const auto images = ParseArchiveImages(text, kWhat);
  if (!images) return ExpectShown(images.error());
  Expect(images->size() <= limits::kArchiveImagesMax);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input = AsText(data, size);
  CheckManifest(input);
  CheckArtifact(input);
  CheckConfig(input);
  CheckArchive(input);
  return 0;
}
