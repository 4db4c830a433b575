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

// HTTP/2 (RFC 9113). Streams of one connection at a time, and what each may send before it is read:
// windows are opened again as bytes are read out, so they bound the memory of a connection.
inline constexpr std::uint32_t h2_streams_max = 128;
inline constexpr std::size_t h2_client_window = 64 * 1024;     // a stream of an agent's connection
inline constexpr std::size_t h2_upstream_window = 256 * 1024;  // a stream of a connection to a site
// What all streams of a connection may send together: more than all their windows, so that those
// which nobody reads never hold up the others.
inline constexpr std::size_t h2_client_connection_window = 2 * h2_streams_max * h2_client_window;
inline constexpr std::size_t h2_upstream_connection_window =
    2 * h2_streams_max * h2_upstream_window;
inline constexpr std::size_t h2_heads_unread_max = 2 * head_bytes;  // interim and final heads
inline constexpr std::size_t h2_head_sent_max = 2 * head_bytes;     // as nghttp2 counts it
inline constexpr std::size_t h2_output_max = 64 * 1024;             // of one stream, to be framed
// Of a request that was answered before its end: so much more is read and thrown away before the
// stream is reset, since clients (curl 7.88) take that for a failure of the answer.
inline constexpr std::size_t h2_needless_max = 1 << 20;
// Streams that a peer may reset at once, and then in a second, before the connection ends
// (CVE-2023-44487).
inline constexpr std::uint64_t h2_reset_burst = 500;
inline constexpr std::uint64_t h2_reset_rate = 33;
// Streams that we had to reset for what a client sent, before the connection ends; and more than
// half of all are (CVE-2025-8671).
inline constexpr std::size_t h2_broken_streams_max = 500;
inline constexpr std::size_t h2_empty_frames_max =
    1000;                                               // of DATA, in a connection (CVE-2019-9518)
inline constexpr std::size_t h2_continuations_max = 8;  // frames of one head (CVE-2024-28182)
inline constexpr std::size_t h2_settings_max = 32;      // parameters in a SETTINGS frame
inline constexpr std::size_t h2_acks_max =
    256;  // answers to PING and SETTINGS that wait to be sent

inline constexpr std::size_t h2_queue_max = 512;  // frames to be sent, before reading stops

}  // namespace aileron::http::limits
