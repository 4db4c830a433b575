// Bounds of the vault room.
#pragma once

#include <chrono>
#include <cstddef>

namespace aileron::vault::limits {

inline constexpr std::size_t kSecretMax = 64 << 10;
inline constexpr std::size_t kPassphraseMin = 8;
inline constexpr std::size_t kPassphraseMax = 1024;
inline constexpr std::size_t kEntriesMax = 10'000;
// A clock that goes back behind the moment of unlocking by more than this locks the vault: the
// deadline means nothing any more.
inline constexpr std::chrono::minutes kClockSlack{1};

inline constexpr std::size_t kBindingFileMax = 1 << 20;
inline constexpr std::size_t kBindingsMax = 1'000;
inline constexpr std::size_t kTemplateMax = 256;
inline constexpr std::size_t kSentinelFileMax = 4 << 10;  // its template
inline constexpr std::size_t kSentinelPathMax = 255;
inline constexpr std::size_t kFieldMax = 128;
inline constexpr std::size_t kMethodsMax = 16;  // of one binding
inline constexpr std::size_t kPathsMax = 32;

// Sources besides the vault.
inline constexpr std::size_t kSettingMax = 1'024;  // a value below "from" or "oauth2"
inline constexpr std::chrono::seconds kSourceTimeout{20};
inline constexpr std::chrono::seconds kSourceTimeoutMax{60};
inline constexpr std::chrono::seconds kSourceCache{30};
inline constexpr std::chrono::hours kSourceCacheMax{24};

}  // namespace aileron::vault::limits
