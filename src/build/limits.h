// Bounds of the build room. What it reads was written by strangers.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/time.h"

namespace aileron::build::limits {

inline constexpr std::size_t kDockerfileMax = 1 << 20;  // bytes
inline constexpr std::size_t kIgnoreFileMax = 1 << 20;
inline constexpr std::size_t kPatterns = 2'000;    // of an ignore file
inline constexpr std::size_t kPatternMax = 1'024;  // bytes of one

inline constexpr std::size_t kContextEntries = 500'000;  // that are sent
inline constexpr std::size_t kContextDepth = 128;        // folders within each other
inline constexpr std::size_t kStatCacheMax = 128 << 20;  // bytes of the file
// Files changed so shortly before they were read may change again within the clock's grain.
inline constexpr Duration kSettled = std::chrono::seconds(2);

inline constexpr std::size_t kFeatures = 100;
inline constexpr std::size_t kFeatureFileMax = 1 << 20;
inline constexpr std::size_t kFeatureNameMax = 2'048;  // bytes
inline constexpr std::size_t kFormerNames = 100;
inline constexpr std::size_t kDependencyDepth = 32;  // features that need each other in a row
// Of one that is fetched: packed, unpacked, files, and how much larger it may become.
inline constexpr std::uint64_t kFeatureArchiveMax = 64 << 20;
inline constexpr std::uint64_t kFeatureBytesMax = 1 << 30;
inline constexpr std::uint64_t kFeatureEntries = 50'000;
inline constexpr std::uint64_t kFeatureRatioFrom = 16 << 20;
inline constexpr std::size_t kFeatureRecordMax = 1'024;
inline constexpr Duration kOtherFetch = std::chrono::minutes(10);  // of another process

inline constexpr std::size_t kLineMax = 4'096;  // bytes of a line that a builder prints
inline constexpr std::size_t kLastLines = 20;
inline constexpr std::size_t kLastReads = 64;  // of what a builder left in the pipe
inline constexpr int kPollMilliseconds = 1'000;
inline constexpr Duration kBuildLongest = std::chrono::hours(6);
inline constexpr Duration kExportLongest = std::chrono::hours(1);
inline constexpr Duration kInspectLongest = std::chrono::minutes(5);
inline constexpr std::size_t kInspectMax = 32 << 20;  // bytes of what a builder says of an image
inline constexpr Duration kOtherBuild = std::chrono::hours(7);  // of another process, of the same

}  // namespace aileron::build::limits
