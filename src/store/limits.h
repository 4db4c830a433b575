// Bounds of the store room.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace aileron::store::limits {

// How long a statement waits for another process's lock.
inline constexpr std::chrono::milliseconds kBusyTimeout{5000};
// Files up to this size are checked page by page when they are opened; larger ones would hold up
// the start, and their damage shows when a damaged page is read.
inline constexpr std::int64_t kQuickCheckMax = 16 << 20;
// One value, one statement.
inline constexpr int kValueMax = 4 << 20;
inline constexpr int kStatementMax = 64 << 10;
// The write-ahead log is cut back to this after a checkpoint.
inline constexpr std::int64_t kWalKept = 4 << 20;

}  // namespace aileron::store::limits
