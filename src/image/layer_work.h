// LayerWork: several layers of an image are unpacked at once, and each is compared with what was
// promised of it.
//
// A layer whose bytes or whose tar have another digest is removed, and the error names it. The
// first that fails gives the others up.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>

#include "base/result.h"
#include "image/source.h"

namespace aileron::image {

// What unpacking a layer found out.
struct LayerResult {
  Digest digest;                // sha256 of the bytes as they lie in the source
  Digest diff_id;               // sha256 of the tar
  std::uint64_t bytes = 0;      // of the files
  bool is_root_opaque = false;  // it hides all that is below it
};

// Unpacks `blob`, which is `layer`, into `folder`, which it makes, and which it removes when it
// fails. It tells how many bytes it has read, and gives up with the error that it is told then.
using LayerUnpacker = std::function<Result<LayerResult>(
    const Blob& blob, const SourceLayer& layer, const std::string& folder,
    const std::function<Status(std::uint64_t read)>& told)>;

struct LayerJob {
  const SourceLayer* layer = nullptr;
  std::string folder;  // absolute; its parent exists
  LayerResult result;  // when it was done
};

// Bytes that have been read of all that there are to read. Called on the caller's thread.
using ImageProgress = std::function<void(std::uint64_t read, std::uint64_t all)>;

// On at most limits::kThreadsMax threads; of a source on this machine no more than this process may
// use processors. After
// an error none of the folders is there.
Status UnpackAll(const Source& source, std::span<LayerJob> jobs, const LayerUnpacker& unpack,
                 const ImageProgress& progress);

}  // namespace aileron::image
