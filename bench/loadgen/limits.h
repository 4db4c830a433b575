// Every bound of the load generator, by name.
#pragma once

#include <cstddef>

#include "clock.h"

namespace loadgen::limits {

constexpr std::size_t head_max = 64 * 1024;      // a response's head, or the proxy's answer
constexpr std::size_t read_buffer = 256 * 1024;  // one per thread
constexpr std::size_t upload_chunk = 64 * 1024;  // one write of an upload's body
constexpr int tls_read_buffer = 64 * 1024;
constexpr unsigned h2_window = 1 << 20;          // of a stream, and of the connection
constexpr int streams_max = 1000;                // of one HTTP/2 connection
constexpr int websocket_bytes_max = 65'535;      // a frame with a 16-bit length
constexpr Nanos wait_max = 50'000'000;           // a worker looks at the stop flag this often
constexpr Nanos sweep_interval = 1'000'000'000;  // how often operations are checked for timeouts
constexpr Nanos retry_pause = 10'000'000;        // a failed connection does not spin

}  // namespace loadgen::limits
