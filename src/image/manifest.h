// Manifests: what an image consists of, and which of several images is meant.
//
// Read are the OCI image index and image manifest (image-spec, image-index.md and manifest.md) and
// docker's manifest list and schema 2, which have the same form. A document that is both an index
// and a manifest, or whose own media type is another than it is offered as, is refused: two readers
// would take it for two images (CVE-2021-41190). Text in, values out.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "image/decompressor.h"
#include "image/digest.h"
#include "image/platform.h"

namespace aileron::image {

struct Descriptor {
  std::string media_type;
  Digest digest;
  std::uint64_t size = 0;            // bytes of the blob, at most limits::kBlobMax
  std::optional<Platform> platform;  // in an index
  std::string name;                  // org.opencontainers.image.ref.name, in a layout's index
  bool operator==(const Descriptor&) const = default;
};

struct Layer {
  Descriptor blob;
  Compression compression = Compression::kNone;
};

struct Index {
  std::vector<Descriptor> manifests;  // images and indexes; other kinds are left out
};

struct Manifest {
  Descriptor config;
  std::vector<Layer> layers;  // lowest first
};

using Document = std::variant<Index, Manifest>;

// A manifest of something else than an image (image-spec, "Guidelines for Artifact Usage").
struct Artifact {
  std::string type;  // artifactType, or else what its config is
  std::vector<Descriptor> layers;
};

// `media_type` is what it was offered as, or empty where nobody said; `what` is its name for
// messages. kUnsupported for schema 1, for artifacts that are no image, and for layers that would
// come from elsewhere, or are encrypted.
Result<Document> ParseManifest(std::string_view text, std::string_view media_type,
                               std::string_view what);

// A manifest, whatever it is of, in OCI's form. What it is of is the caller's to check.
Result<Artifact> ParseArtifact(std::string_view text, std::string_view media_type,
                               std::string_view what);

// A layout's index.json, whose descriptors may lack a media type that we know.
Result<Index> ParseIndex(std::string_view text, std::string_view what);

// The best of `index` for `machine`: by how well it fits, then the first. One without a platform is
// taken when nothing else can be. kNotFound lists what there is.
Result<Descriptor> Choose(const Index& index, const Platform& machine, std::string_view what);

bool IsIndexType(std::string_view media_type);

}  // namespace aileron::image
