// LayerStream: a layer read from a descriptor as the tar that is in it, in large pieces. Hashes
// what it reads and what comes out of it on the way, and holds the bounds of a bomb.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "crypto/hash.h"
#include "image/decompressor.h"
#include "image/layer_limits.h"
#include "os/fd.h"

namespace aileron::image {

// Where a layer comes from. Borrowed for the call that it is handed to.
struct LayerSource {
  const os::Fd& descriptor;  // a file, a pipe or a socket, read from where it stands
  std::string name;          // what errors call it: its digest, or its file
  // How many bytes of the descriptor are the layer; without, all until its end.
  std::optional<std::uint64_t> size;
  // What its media type says. Without, its first bytes say it alone.
  std::optional<Compression> compression;
};

// Called with the compressed bytes that have been read so far, about every limits::kChunk of them,
// on the thread that unpacks. An error ends the work and is its result: so it is given up.
using Progress = std::function<Status(std::uint64_t read)>;

class LayerStream {
 public:
  // All three live as long as the stream.
  LayerStream(const LayerSource& source, const LayerLimits& limits, const Progress& progress);

  // The next piece of the tar, good until the next call: limits::kChunk bytes, and less only at the
  // end, empty behind it. kInvalid when the layer is damaged, cut, of another compression than it
  // was said to be, or beyond a bound.
  Result<std::string_view> Next();

  struct Totals {
    crypto::Digest digest;   // of the bytes as they were read (descriptor.md)
    crypto::Digest diff_id;  // of the tar (config.md)
    std::uint64_t compressed_bytes = 0;
    std::uint64_t tar_bytes = 0;
  };
  // Once, after the end.
  Totals Finish();

 private:
  Status Fill();
  Status Begin();
  Status Decompress();
  Status CheckBounds() const;

  const LayerSource& source_;
  const LayerLimits& limits_;
  const Progress& progress_;
  std::vector<char> input_, output_;
  std::string_view rest_;  // of input_, not decompressed yet
  std::size_t made_ = 0;   // bytes in output_
  std::unique_ptr<Decompressor> decompressor_;
  crypto::Sha256 compressed_hash_, tar_hash_;
  std::uint64_t read_ = 0, tar_bytes_ = 0;
  bool begun_ = false, at_end_ = false;
};

}  // namespace aileron::image
