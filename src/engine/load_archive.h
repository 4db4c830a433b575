// LoadArchive: an image as an engine loads it, made while it is sent: a tar of what "docker save"
// writes (image/docker_archive.h), with the layers as their source has them.
//
//   0.tar 1.tar …   the layers
//   HEX.json        the config, with one label more, called by its digest
//   manifest.json   [{"Config": …, "RepoTags": [TAG], "Layers": […]}]
//
// What is in it is compared by the engine: a layer by the config's diff id.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "image/source.h"

namespace aileron::engine {

// What a load is called by, and who cleans up finds it by: the value is its build's key.
inline constexpr std::string_view kImageLabel = "dev.aileron.built";

class LoadArchive {
 public:
  // `source` outlives it, and has been resolved.
  static Result<LoadArchive> Make(const image::Source& source, const image::Resolved& image,
                                  std::string tag, std::string_view label);

  // Of all of it, bytes.
  std::uint64_t size() const { return size_; }
  const std::string& tag() const { return tag_; }
  // The digest of the config: what engines call the image that they have loaded, but those that
  // call images by their manifests.
  const std::string& id() const { return id_; }
  // Some of the next bytes; 0 behind the last one.
  Result<std::size_t> Read(std::span<char> to);

 private:
  // Bytes, or those of a layer.
  struct Part {
    std::string text;
    const image::SourceLayer* layer = nullptr;
  };

  LoadArchive(const image::Source& source, std::string tag)
      : source_(&source), tag_(std::move(tag)) {}
  void Add(std::string_view name, std::string_view content);
  void Add(Part part, std::uint64_t bytes);

  const image::Source* source_;
  std::string tag_, id_;
  std::vector<image::SourceLayer> layers_;
  std::vector<Part> parts_;
  std::uint64_t size_ = 0;
  std::size_t at_ = 0;      // the part that is read
  std::uint64_t done_ = 0;  // of it
  image::Blob blob_;        // of a layer
};

// A config with a label. kInvalid for what is no JSON object.
Result<std::string> WithLabel(std::string_view config, std::string_view name,
                              std::string_view value);

}  // namespace aileron::engine
