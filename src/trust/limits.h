// Bounds of the trust room.
#pragma once

#include <cstddef>

namespace aileron::trust::limits {

inline constexpr std::size_t kTrusted = 1'000;     // files that are trusted
inline constexpr std::size_t kPathMax = 4'096;     // of one
inline constexpr std::size_t kStoreMax = 8 << 20;  // bytes of the file that lists them
inline constexpr int kFoldersUp = 64;              // in which a project's file is looked for

}  // namespace aileron::trust::limits
