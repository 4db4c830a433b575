// Bounds of the registry room. All that a registry says was said by a stranger.
#pragma once

#include <cstddef>

#include "base/time.h"

namespace aileron::registry::limits {

inline constexpr std::size_t kChallengeMax = 16 << 10;  // a WWW-Authenticate field
inline constexpr std::size_t kParametersMax = 32;       // of one challenge
inline constexpr std::size_t kLoginFileMax = 1 << 20;   // config.json, auth.json
inline constexpr std::size_t kLoginMax = 16 << 10;      // a name, a password, a token
inline constexpr std::size_t kSettingsMax = 256 << 10;  // registries.yaml
inline constexpr std::size_t kHostsMax = 1'000;
inline constexpr std::size_t kMirrorsMax = 16;
inline constexpr std::size_t kErrorShown = 200;  // of what a registry says went wrong

inline constexpr Duration kHelperWait = std::chrono::seconds(60);  // it may ask a person
inline constexpr Duration kAnswerWait = std::chrono::seconds(30);  // and between pieces of a layer
inline constexpr Duration kLookWait = std::chrono::seconds(5);  // before an engine asks by itself
inline constexpr Duration kRetryFirst = std::chrono::milliseconds(500);  // doubled each time
inline constexpr Duration kRetryLongest = std::chrono::seconds(30);
inline constexpr int kRetries = 5;             // without a byte of progress
inline constexpr std::size_t kPipe = 1 << 20;  // a layer's bytes between network and disk

}  // namespace aileron::registry::limits
