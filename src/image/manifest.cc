#include "image/manifest.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "image/json_fields.h"
#include "image/limits.h"
#include "image/quoted.h"

namespace aileron::image {
namespace {

constexpr std::array<std::string_view, 2> kIndexTypes = {
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json"};
constexpr std::array<std::string_view, 2> kManifestTypes = {
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json"};
constexpr std::array<std::string_view, 2> kConfigTypes = {
    "application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json"};
constexpr std::string_view kSchema1 = "application/vnd.docker.distribution.manifest.v1+";

struct LayerType {
  std::string_view name;
  Compression compression;
};
constexpr std::array<LayerType, 6> kLayerTypes = {{
    {"application/vnd.oci.image.layer.v1.tar", Compression::kNone},
    {"application/vnd.oci.image.layer.v1.tar+gzip", Compression::kGzip},
    {"application/vnd.oci.image.layer.v1.tar+zstd", Compression::kZstd},
    {"application/vnd.docker.image.rootfs.diff.tar", Compression::kNone},
    {"application/vnd.docker.image.rootfs.diff.tar.gzip", Compression::kGzip},
    {"application/vnd.docker.image.rootfs.diff.tar.zstd", Compression::kZstd},
}};
constexpr std::string_view kNameAnnotation = "org.opencontainers.image.ref.name";

bool IsOneOf(std::string_view word, std::span<const std::string_view> words) {
  return std::ranges::find(words, word) != words.end();
}

Result<Platform> ReadPlatform(const Fields& fields) {
  Platform platform;
  AILERON_ASSIGN(platform.os, fields.Text("os", limits::kMediaTypeMax));
  AILERON_ASSIGN(platform.architecture, fields.Text("architecture", limits::kMediaTypeMax));
  AILERON_ASSIGN(platform.variant, fields.Text("variant", limits::kMediaTypeMax));
  return platform;
}

Result<Descriptor> ReadDescriptor(const Fields& fields) {
  Descriptor descriptor;
  AILERON_ASSIGN(descriptor.media_type, fields.Text("mediaType", limits::kMediaTypeMax));
  AILERON_ASSIGN(const std::string digest, fields.Text("digest", limits::kDigestMax));
  auto parsed = ParseDigest(digest);
  if (!parsed) {
    parsed.error().message = fields.Wrong("digest", parsed.error().message).error().message;
    return std::unexpected(std::move(parsed.error()));
  }
  descriptor.digest = std::move(*parsed);
  if (!fields.Has("size")) return fields.Wrong("size", "is missing");
  AILERON_ASSIGN(descriptor.size, fields.Number("size", limits::kBlobMax));
  if (fields.Has("platform")) {
    AILERON_ASSIGN(const Fields platform, fields.Object("platform"));
    AILERON_ASSIGN(descriptor.platform, ReadPlatform(platform));
  }
  AILERON_ASSIGN(const Fields annotations, fields.Object("annotations"));
  AILERON_ASSIGN(descriptor.name, annotations.Text(kNameAnnotation, limits::kReferenceMax));
  return descriptor;
}

Result<Layer> ReadLayer(const Fields& fields) {
  Layer layer;
  AILERON_ASSIGN(layer.blob, ReadDescriptor(fields));
  const std::string& type = layer.blob.media_type;
  AILERON_ASSIGN(const auto urls, fields.Texts("urls", limits::kReferenceMax));
  if (!urls.empty() || type.contains("nondistributable") || type.contains("rootfs.foreign")) {
    return Fail(Code::kUnsupported,
                "{} has to be fetched from elsewhere ({}); such layers are not taken",
                fields.PlaceOf("urls"), Quoted(urls.empty() ? type : urls.front()));
  }
  const auto known = std::ranges::find(kLayerTypes, type, &LayerType::name);
  if (known == kLayerTypes.end()) {
    return Fail(Code::kUnsupported, "{} is {}{}", fields.PlaceOf("mediaType"), Quoted(type),
                type.ends_with("+encrypted") ? "; decrypt the image first, with \"skopeo copy\""
                                             : ", not a tar, plain or packed by gzip or zstd");
  }
  layer.compression = known->compression;
  return layer;
}

Result<Index> ReadIndex(const Fields& fields, std::string_view what) {
  Index index;
  AILERON_ASSIGN(const auto items, fields.List("manifests", limits::kIndexEntriesMax));
  for (std::size_t i = 0; i < items.size(); ++i) {
    AILERON_ASSIGN(const Fields item, Fields::Of(*items[i], what, fmt::format("manifests[{}]", i)));
    AILERON_ASSIGN(Descriptor descriptor, ReadDescriptor(item));
    if (IsIndexType(descriptor.media_type) || IsOneOf(descriptor.media_type, kManifestTypes)) {
      index.manifests.push_back(std::move(descriptor));
    }
  }
  return index;
}

Result<Manifest> ReadManifest(const Fields& fields, std::string_view what) {
  Manifest manifest;
  AILERON_ASSIGN(const Fields config, fields.Object("config"));
  AILERON_ASSIGN(manifest.config, ReadDescriptor(config));
  if (!IsOneOf(manifest.config.media_type, kConfigTypes)) {
    return Fail(Code::kUnsupported,
                "{} is no image of a container: its config is {}. It may be an artifact of another "
                "kind",
                what, Quoted(manifest.config.media_type));
  }
  if (manifest.config.size > limits::kConfigMax) {
    return config.Wrong("size", fmt::format("is more than {}", limits::kConfigMax));
  }
  AILERON_ASSIGN(const auto items, fields.List("layers", limits::kLayersMax));
  for (std::size_t i = 0; i < items.size(); ++i) {
    AILERON_ASSIGN(const Fields item, Fields::Of(*items[i], what, fmt::format("layers[{}]", i)));
    auto layer = ReadLayer(item);
    if (!layer && layer.error().code == Code::kUnsupported) {
      return Wrap(std::move(layer.error()), "{}", what);
    }
    if (!layer) return std::unexpected(std::move(layer.error()));
    manifest.layers.push_back(std::move(*layer));
  }
  return manifest;
}

// The version, and that it is what it is offered as. Returns its media type, or what it must be.
Result<std::string> CheckKind(const Fields& fields, std::string_view offered,
                              std::string_view what) {
  AILERON_ASSIGN(const std::string own, fields.Text("mediaType", limits::kMediaTypeMax));
  AILERON_ASSIGN(const std::uint64_t version, fields.Number("schemaVersion", UINT64_MAX));
  if (version == 1 || own.starts_with(kSchema1) || offered.starts_with(kSchema1)) {
    return Fail(Code::kUnsupported,
                "{} is a manifest of schema 1, which docker gave up in 2016; \"skopeo copy\" or a "
                "push by a current docker makes a new one",
                what);
  }
  if (version != 2) return fields.Wrong("schemaVersion", fmt::format("is {}, not 2", version));
  if (fields.Has("manifests") && (fields.Has("layers") || fields.Has("config"))) {
    return Fail(Code::kInvalid,
                "{} is an index and a manifest at once, so that it may be read in "
                "two ways",
                what);
  }
  if (!own.empty() && !offered.empty() && own != offered) {
    return Fail(Code::kInvalid, "{} says that it is {}, and is offered as {}", what, Quoted(own),
                Quoted(offered));
  }
  if (!own.empty() || !offered.empty()) return own.empty() ? std::string(offered) : own;
  return std::string(fields.Has("manifests") ? kIndexTypes[0] : kManifestTypes[0]);
}

}  // namespace

bool IsIndexType(std::string_view media_type) { return IsOneOf(media_type, kIndexTypes); }

Result<Document> ParseManifest(std::string_view text, std::string_view media_type,
                               std::string_view what) {
  AILERON_ASSIGN(const Json json, ParseJson(text, limits::kManifestMax, what));
  AILERON_ASSIGN(const Fields fields, Fields::Of(json, what));
  AILERON_ASSIGN(const std::string kind, CheckKind(fields, media_type, what));
  if (IsIndexType(kind)) {
    if (!fields.Has("manifests")) return fields.Wrong("manifests", "is missing");
    AILERON_ASSIGN(Index index, ReadIndex(fields, what));
    return Document(std::move(index));
  }
  if (!IsOneOf(kind, kManifestTypes)) {
    return Fail(Code::kUnsupported, "{} is {}, neither a manifest nor an index", what,
                Quoted(kind));
  }
  if (!fields.Has("config")) return fields.Wrong("config", "is missing");
  AILERON_ASSIGN(Manifest manifest, ReadManifest(fields, what));
  return Document(std::move(manifest));
}

Result<Artifact> ParseArtifact(std::string_view text, std::string_view media_type,
                               std::string_view what) {
  AILERON_ASSIGN(const Json json, ParseJson(text, limits::kManifestMax, what));
  AILERON_ASSIGN(const Fields fields, Fields::Of(json, what));
  AILERON_ASSIGN(const std::string kind, CheckKind(fields, media_type, what));
  if (kind != kManifestTypes[0]) {
    return Fail(Code::kUnsupported, "{} is {}, no manifest of OCI", what, Quoted(kind));
  }
  Artifact artifact;
  AILERON_ASSIGN(artifact.type, fields.Text("artifactType", limits::kMediaTypeMax));
  if (artifact.type.empty()) {
    if (!fields.Has("config")) return fields.Wrong("config", "is missing");
    AILERON_ASSIGN(const Fields config, fields.Object("config"));
    AILERON_ASSIGN(const Descriptor descriptor, ReadDescriptor(config));
    artifact.type = descriptor.media_type;
  }
  AILERON_ASSIGN(const auto items, fields.List("layers", limits::kLayersMax));
  for (std::size_t i = 0; i < items.size(); ++i) {
    AILERON_ASSIGN(const Fields item, Fields::Of(*items[i], what, fmt::format("layers[{}]", i)));
    AILERON_ASSIGN(artifact.layers.emplace_back(), ReadDescriptor(item));
  }
  return artifact;
}

Result<Index> ParseIndex(std::string_view text, std::string_view what) {
  AILERON_ASSIGN(Document document, ParseManifest(text, {}, what));
  if (Index* index = std::get_if<Index>(&document)) return std::move(*index);
  return Fail(Code::kInvalid, "{} is a manifest, not an index", what);
}

Result<Descriptor> Choose(const Index& index, const Platform& machine, std::string_view what) {
  const Descriptor* best = nullptr;
  const Descriptor* without = nullptr;
  int best_fit = -1;
  std::string there;
  for (const Descriptor& one : index.manifests) {
    if (!one.platform) {
      if (without == nullptr) without = &one;
      continue;
    }
    const auto fit = Fit(machine, *one.platform);
    if (fit && *fit > best_fit) {
      best = &one;
      best_fit = *fit;
    }
    const std::string name = Printable(BeginningOf(one.platform->Text(), limits::kQuotedMax));
    // An attestation beside an image says so.
    if (name != "unknown/unknown" && there.size() < limits::kQuotedMax * 2) {
      there += (there.empty() ? "" : ", ") + name;
    }
  }
  if (best == nullptr) best = without;
  if (best != nullptr) return *best;
  if (there.empty()) return Fail(Code::kNotFound, "{} has no image in it", what);
  return Fail(Code::kNotFound, "{} has no image for {}; it has {}", what, machine.Text(), there);
}

}  // namespace aileron::image
