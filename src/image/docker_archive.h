// The list of images in what "docker save" writes: manifest.json, in moby's own words
// (image/tarexport):
//
//   [{"Config": PATH, "RepoTags": [REFERENCE…] or null, "Layers": [PATH…]}…]
//
// Paths are names in the archive. A layer has no digest of its own there: it is verified by its
// config's diff id. Text in, values out.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace aileron::image {

struct ArchiveImage {
  std::string config;               // a name in the archive
  std::vector<std::string> tags;    // normalised; what is no reference is left out
  std::vector<std::string> layers;  // lowest first
  bool operator==(const ArchiveImage&) const = default;
};

// `what` is the file's name for messages. kInvalid for what is no such list.
Result<std::vector<ArchiveImage>> ParseArchiveImages(std::string_view text, std::string_view what);

// The image of that tag, or the only one where `tag` is empty. kNotFound lists the tags.
Result<ArchiveImage> ChooseArchiveImage(const std::vector<ArchiveImage>& images,
                                        std::string_view tag, std::string_view what);

}  // namespace aileron::image
