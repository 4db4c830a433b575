// What the store remembers of an image, of a name and of a layer, as text in its files.
//
//   an image   {"version":1, "digest", "config", "added"}
//   a name     {"version":1, "reference", "digest", "stamp"}
//   a layer    {"version":1, "bytes", "root_opaque"}
//
// They are ours, and read as a stranger's all the same: a damaged one is an error, and is made
// anew.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "image/config.h"
#include "image/digest.h"

namespace aileron::image {

struct ImageRecord {
  Digest digest;            // of the manifest
  std::string config_text;  // as it was verified
  Config config;            // the same, read; has the diff ids
  Time added{};
};

struct NameRecord {
  std::string reference;  // normalised
  Digest digest;          // of the manifest that it means
  std::string stamp;  // of the source when it meant it (source.h); empty where it means it always
};

struct LayerRecord {
  std::uint64_t bytes = 0;
  bool root_opaque = false;
};

std::string Write(const ImageRecord& record);
std::string Write(const NameRecord& record);
std::string Write(const LayerRecord& record);

// `file` is for messages.
Result<ImageRecord> ParseImageRecord(std::string_view text, std::string_view file);
Result<NameRecord> ParseNameRecord(std::string_view text, std::string_view file);
Result<LayerRecord> ParseLayerRecord(std::string_view text, std::string_view file);

}  // namespace aileron::image
