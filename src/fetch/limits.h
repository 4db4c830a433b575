// Bounds of the fetch room. Who answers is a stranger.
#pragma once

#include <cstddef>

#include "base/time.h"

namespace aileron::fetch::limits {

inline constexpr std::size_t kHead = 80 << 10;       // of a request; a credential fits
inline constexpr std::size_t kBody = 128 << 10;      // of an answer
inline constexpr std::size_t kReasonShown = 200;     // of a proxy's words
inline constexpr std::size_t kRead = 16 << 10;       // at once
inline constexpr std::size_t kSinkRead = 128 << 10;  // at once, of what a sink takes
inline constexpr std::size_t kSinkLeast = 64 << 10;  // within each timeout
inline constexpr Duration kStopCheck = std::chrono::milliseconds(100);
inline constexpr Duration kTokenWait = std::chrono::seconds(30);
inline constexpr Duration kTokenLeast = std::chrono::seconds(60);  // and of one that does not say
inline constexpr Duration kTokenLongest = std::chrono::hours(1);
inline constexpr std::size_t kCaFile = 1 << 20;
inline constexpr std::size_t kUrl = 8 << 10;
inline constexpr int kRedirects = 5;
inline constexpr Duration kDownload = std::chrono::seconds(60);  // with all redirects

}  // namespace aileron::fetch::limits
