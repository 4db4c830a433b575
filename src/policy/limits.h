// Bounds of the policy room.
#pragma once

#include <cstddef>

namespace aileron::policy::limits {

inline constexpr std::size_t kRules = 20'000;     // of one session
inline constexpr std::size_t kRuleTextMax = 300;  // one rule as it is written
inline constexpr std::size_t kProfileFileMax = 1 << 20;
inline constexpr std::size_t kExtraPorts = 64;  // ports besides 80 and 443 that rules name

}  // namespace aileron::policy::limits
