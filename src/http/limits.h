// What the HTTP room accepts at most. A message beyond one of these is refused with a Flaw of its
// own.
#pragma once

#include <cstddef>
#include <cstdint>

namespace aileron::http::limits {

// A head from its first byte to the empty line, both included.
inline constexpr std::size_t head_bytes = 64 * 1024;
inline constexpr std::size_t header_count = 200;
inline constexpr std::size_t method_bytes = 32;
inline constexpr std::size_t target_bytes = 32 * 1024;
inline constexpr std::size_t host_bytes = 255;

// One chunk's size line beside its digits: extensions nobody uses, and attackers do.
inline constexpr std::size_t chunk_extension_bytes = 1024;
// All extensions of one body together.
inline constexpr std::size_t chunk_extension_total = 16 * 1024;
// Hexadecimal digits of a chunk size, leading zeros included.
inline constexpr std::size_t chunk_size_digits = 16;
inline constexpr std::size_t trailer_bytes = 16 * 1024;
inline constexpr std::size_t trailer_count = 64;
// No body is longer: 2^60, so that sums of lengths cannot overflow.
inline constexpr std::uint64_t body_bytes = std::uint64_t{1} << 60;

// The longest framing BodyWriter puts around one chunk: 16 digits and two line ends.
inline constexpr std::size_t chunk_overhead = 20;
// What a line of ours that quotes a stranger's text may take of it.
inline constexpr std::size_t reason_phrase_bytes = 200;

}  // namespace aileron::http::limits
