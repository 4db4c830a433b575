// Bounds of one layer of an image. Each holds against a stranger: what is beyond is refused with
// the bound's name, before it costs more than the bound.
#pragma once

#include <cstddef>
#include <cstdint>

namespace aileron::image {

struct LayerLimits {
  std::uint64_t entries = 2'000'000;
  // Of the tar that comes out of the compression, and of the files' sizes, their holes counted.
  std::uint64_t bytes = std::uint64_t{64} << 30;
  // A tar of more than `ratio_from` bytes is at most `ratio` times as large as what was read of the
  // compressed layer. Text and programs shrink to a tenth.
  std::uint64_t ratio = 200;
  std::uint64_t ratio_from = std::uint64_t{1} << 30;
  // Of headers before one entry: names, attributes and the map of a sparse file.
  std::uint64_t header_bytes = 4 << 20;
  std::size_t path = 4'095;          // bytes of a path or of a link's target
  std::size_t depth = 200;           // folders above an entry
  std::size_t xattr_bytes = 65'536;  // of one entry: names and values
};

namespace limits {

inline constexpr std::size_t kNameMax = 255;      // bytes of one name, as on the disk
inline constexpr int kLinksFollowed = 40;         // on the way to one entry, as the kernel's
inline constexpr std::size_t kChunk = 256 << 10;  // bytes that are read and decompressed at once
inline constexpr int kZstdWindowLog = 27;         // 128 MiB of memory; what zstd itself allows
inline constexpr std::size_t kFoldersHeld = 8;    // descriptors of folders last used, per layer

}  // namespace limits

}  // namespace aileron::image
