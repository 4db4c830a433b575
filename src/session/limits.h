// Bounds of the session room.
#pragma once

#include <cstddef>

namespace aileron::session::limits {

inline constexpr std::size_t kTokenMax = 1024;    // a token as text
inline constexpr std::size_t kCapabilities = 16;  // of one token
inline constexpr std::size_t kCapabilityMax = 64;
inline constexpr std::size_t kCommandWords = 4096;    // words of a command that are kept
inline constexpr std::size_t kCommandMax = 64 << 10;  // bytes of a command that are kept
inline constexpr std::size_t kResumeMax = 640 << 10;  // a resume blob, sealed
inline constexpr std::size_t kRulesMax = 20'000;      // rules of each kind in a resume blob
inline constexpr std::size_t kSentinelsMax = 1'000;
inline constexpr std::size_t kConnectToMax = 256;
inline constexpr std::size_t kTimeoutsMax = 32;
inline constexpr std::size_t kOpaqueMax = 256;
inline constexpr std::size_t kPolicyFilesMax = 16;  // of a project
inline constexpr std::size_t kListMax = 1'000;      // sessions in one list
inline constexpr std::size_t kKept = 10'000;        // ended sessions remembered; older ones go

}  // namespace aileron::session::limits
