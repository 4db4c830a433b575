// The bounds of the control client. The daemon is ours, but a client that trusts it to end its
// answers would hang or grow with the first bug in it.
#pragma once

#include <cstddef>

#include "base/time.h"

namespace aileron::control::limits {

inline constexpr std::size_t head_bytes = 64 << 10;   // status line and header fields
inline constexpr std::size_t body_bytes = 64u << 20;  // of an answer that is held whole
inline constexpr std::size_t read_bytes = 64 << 10;   // one read
inline constexpr std::size_t event_bytes = 1 << 20;   // one server-sent event
inline constexpr std::size_t descriptors = 16;        // passed with one request
inline constexpr std::size_t ready_bytes = 8 << 10;   // what a daemon says that cannot start
inline constexpr std::size_t log_tail_bytes = 16 << 10;
inline constexpr Duration request_wait = std::chrono::seconds(60);
inline constexpr Duration start_wait = std::chrono::seconds(5);
inline constexpr Duration stop_wait = std::chrono::seconds(10);
// A drain without a time of its own: longer than an operation may take.
inline constexpr Duration drain_wait = std::chrono::minutes(10);
inline constexpr Duration drain_look = std::chrono::milliseconds(200);  // at how it goes on
// How often a starter looks whether another one is done. Only seen when two start at once.
inline constexpr Duration contended_pause = std::chrono::milliseconds(2);

}  // namespace aileron::control::limits
