// Decompressor: the two compressions of layers (OCI image-spec, media-types.md) in one shape: bytes
// in, bytes out, with no I/O and a bounded memory.
//
//   gzip  one member after another (RFC 1952 §2.2), each with its checksum
//   zstd  one frame after another, skippable ones too (RFC 8878 §3.1), a window of at most
//         limits::kZstdWindowLog
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "base/result.h"

namespace aileron::image {

enum class Compression : unsigned char { kNone, kGzip, kZstd };
std::string_view CompressionName(Compression compression);

// What the first bytes say. What is neither gzip nor zstd is taken for a tar.
inline constexpr std::size_t kMagicBytes = 4;
Compression CompressionOf(std::string_view first_bytes);

class Decompressor {
 public:
  struct Step {
    std::size_t taken = 0;  // bytes of the input
    std::size_t made = 0;   // bytes of the output
  };

  virtual ~Decompressor() = default;

  // Takes and makes as much as it can. Nothing of both means that it wants more input. kInvalid for
  // bytes that are damaged, or that stand behind the end and begin nothing.
  virtual Result<Step> Run(std::string_view input, std::span<char> output) = 0;
  // Whether the input may end here.
  virtual bool IsComplete() const = 0;
};

// Null for kNone.
std::unique_ptr<Decompressor> MakeDecompressor(Compression compression);

}  // namespace aileron::image
