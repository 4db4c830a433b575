// Bounds of the policy room.
#pragma once

#include <cstddef>

namespace aileron::policy::limits {

inline constexpr std::size_t kRules = 20'000;     // of one session
inline constexpr std::size_t kRuleTextMax = 300;  // one rule as it is written
inline constexpr std::size_t kProfileFileMax = 1 << 20;
// Rules about requests.
inline constexpr std::size_t kRequestRules = 5'000;        // of one session
inline constexpr std::size_t kRequestRuleTextMax = 2'000;  // one as a flag
inline constexpr std::size_t kRuleMethods = 16;            // of one rule
inline constexpr std::size_t kRulePaths = 32;              // of one rule
inline constexpr std::size_t kRulesFileMax = 64 << 10;     // goes into a session's resume text
inline constexpr std::size_t kExtraPorts = 64;  // ports besides 80 and 443 that rules name

}  // namespace aileron::policy::limits
