// Bounds of the keep room.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/time.h"

namespace aileron::keep::limits {

inline constexpr std::size_t kFrame = 64 << 10;     // a frame's bytes
inline constexpr std::size_t kPending = 256 << 10;  // for a client that does not take them yet
inline constexpr std::size_t kClients = 16;         // at a time
inline constexpr std::size_t kShown = 16 << 10;     // of what was printed, to who attaches
inline constexpr std::uint64_t kLog = 16 << 20;     // of each of a log's two files
inline constexpr std::size_t kLine = 4 << 10;       // of what begins a kept launch
inline constexpr Duration kClientWait = std::chrono::seconds(5);  // for one that takes nothing
inline constexpr Duration kKeptFor = std::chrono::hours(24 * 7);
inline constexpr Duration kFlushWait = std::chrono::seconds(2);  // for clients, in the end

}  // namespace aileron::keep::limits
