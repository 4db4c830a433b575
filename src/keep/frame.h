// Frame: what a keeper and those who attach to it say to each other over a stream.
//
//   frame = u32 length, u8 kind, bytes        little-endian; the length is that of the bytes
//
//   client → keeper   kKeys     what was typed
//                     kSize     u32 rows, u32 columns of the client's terminal
//   keeper → client   kOutput   what was printed
//                     kEnded    u8, the exit code of the agent
//
// Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace aileron::keep {

enum class FrameKind : std::uint8_t { kKeys = 1, kSize, kOutput, kEnded };

struct Frame {
  FrameKind kind = FrameKind::kKeys;
  std::string_view bytes;
};

// `bytes` of at most limits::kFrame.
std::string Encode(FrameKind kind, std::string_view bytes);

// The frame at the front of `stream`, which is taken off it; nothing while it is not all there.
// kInvalid for one that is too long or of no kind.
Result<std::optional<Frame>> NextFrame(std::string_view& stream);

struct Size {
  std::uint16_t rows = 0, columns = 0;
};
std::string EncodeSize(Size size);
// Nothing for what is none, or has no rows or columns.
std::optional<Size> DecodeSize(std::string_view bytes);

}  // namespace aileron::keep
