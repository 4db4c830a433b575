// Source: where an image is read from, whatever form it has there.
//
//   oci          a layout folder: oci-layout, index.json, blobs/ALGORITHM/HEX (image-layout.md)
//   oci-archive  the same in a tar, read in place
//   docker-archive  what "docker save" writes (docker_archive.h), read in place
//
// First it says what the image consists of (Resolve), then it opens its layers. Manifests and
// configs are verified here; a layer's bytes by who reads them.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "image/config.h"
#include "image/digest.h"
#include "image/manifest.h"
#include "image/reference.h"
#include "image/source_files.h"

namespace aileron::image {

struct SourceLayer {
  std::string name;                        // what messages call it, and where it is in the source
  std::optional<Digest> digest;            // of the blob as it lies there; docker-archive has none
  std::uint64_t size = 0;                  // of the blob, bytes
  std::optional<Compression> compression;  // what its media type says
  Digest diff_id;                          // of the tar in it, sha256
};

struct Resolved {
  Digest digest;  // of the manifest; of docker-archive, which has none, of the config
  Config config;
  std::string config_text;
  std::vector<SourceLayer> layers;  // lowest first, as many as the config has diff ids
};

class Source {
 public:
  virtual ~Source() = default;
  // kNotFound when the name or the platform is not there; kInvalid and kUnsupported say what of it
  // is wrong, or cannot be taken.
  virtual Result<Resolved> Resolve(const Platform& machine) = 0;
  // kInvalid when it has another size than was promised. May be called from several threads.
  virtual Result<Blob> Open(const SourceLayer& layer) const = 0;
  // Whether reading a layer is mostly waiting.
  virtual bool is_remote() const { return false; }
  // Of an engine's: its id there, the same as long as the name means the same image.
  virtual std::string stamp() const { return {}; }
};

// Of a file or folder. Registries are in a room of their own (registry/registry_source.h).
Result<std::unique_ptr<Source>> OpenSource(const Reference& reference);
// A docker-archive that has one image and no name, such as an engine exports it. `name` is for
// messages.
Result<std::unique_ptr<Source>> OpenExport(os::Fd archive, const std::string& name,
                                           std::string stamp);

// What is the same as long as the reference means the same image: of a layout what its index.json
// says, of an archive its file's identity and times. Cheap. Same errors as OpenSource.
Result<std::string> StampOf(const Reference& reference, const Platform& machine);

}  // namespace aileron::image
