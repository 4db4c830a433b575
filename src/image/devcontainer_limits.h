// Bounds of what is read of devcontainer.json, and of the label that images carry in its place.
#pragma once

#include <cstddef>

namespace aileron::image::limits {

inline constexpr std::size_t kJsoncMax = 1 << 20;  // bytes of a file, or of a label
inline constexpr std::size_t kJsoncDepth = 32;
inline constexpr std::size_t kJsoncValues = 20'000;
inline constexpr std::size_t kJsoncKeyMax = 1'024;   // bytes of a key
inline constexpr std::size_t kJsoncNumberMax = 128;  // characters of a number

inline constexpr std::size_t kConfigFiles = 64;  // folders below .devcontainer that are looked at
inline constexpr std::size_t kListMax = 1'000;   // entries of any list or map
inline constexpr std::size_t kMetadataEntries = 200;  // of one label
inline constexpr std::size_t kSubstitutedMax =
    4 << 20;  // bytes that variables bring in, all together

// customizations.aileron
inline constexpr std::size_t kServices = 16;
inline constexpr std::size_t kServiceWords = 200;
inline constexpr std::size_t kServicePorts = 8;
inline constexpr std::size_t kServiceNameMax = 32;
inline constexpr std::size_t kAgents = 32;
inline constexpr std::size_t kBindings = 200;
inline constexpr std::size_t kCaches = 32;
inline constexpr std::size_t kCacheNameMax = 64;

}  // namespace aileron::image::limits
