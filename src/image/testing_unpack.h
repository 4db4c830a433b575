// For tests of who has layers unpacked: a layer becomes a folder with one file, its bytes.
#pragma once

#include <sys/stat.h>

#include <string>

#include "image/layer_work.h"

namespace aileron::image {

// What is found out about a layer that is what was promised.
inline LayerResult UnpackResult(const SourceLayer& layer) {
  return {.digest = layer.diff_id, .diff_id = layer.diff_id, .bytes = layer.size};
}

inline Result<LayerResult> UnpackAsFile(const Blob& blob, const SourceLayer& layer,
                                        const std::string& folder,
                                        const std::function<Status(std::uint64_t)>& told) {
  std::string bytes(blob.size, '\0');
  if (read(blob.file.get(), bytes.data(), bytes.size()) != ssize_t(bytes.size())) {
    return Fail(Code::kInvalid, "{} was cut", layer.name);
  }
  AILERON_TRY(os::MakeFolders(folder, 0755));
  AILERON_TRY(os::ReplaceFile(folder + "/content", bytes, 0644));
  AILERON_TRY(told(bytes.size()));
  return LayerResult{.digest = DigestOf(bytes), .diff_id = DigestOf(bytes), .bytes = bytes.size()};
}

}  // namespace aileron::image
