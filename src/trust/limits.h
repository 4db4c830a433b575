// Bounds of the trust room.
#pragma once

#include <cstddef>

namespace aileron::trust::limits {

inline constexpr std::size_t kTrusted = 1'000;     // files that are trusted
inline constexpr std::size_t kPathMax = 4'096;     // of one
inline constexpr std::size_t kStoreMax = 8 << 20;  // bytes of the file that lists them
inline constexpr std::size_t kProjectFiles = 16;   // that hold for one workspace

}  // namespace aileron::trust::limits
