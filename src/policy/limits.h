// Bounds of the policy room.
#pragma once

#include <chrono>
#include <cstddef>

#include "base/time.h"

namespace aileron::policy::limits {

inline constexpr std::size_t kRules = 20'000;     // of one session
inline constexpr std::size_t kRuleTextMax = 300;  // one rule as it is written
// Rules about requests.
inline constexpr std::size_t kRequestRules = 20'000;       // of one session
inline constexpr std::size_t kRequestRuleTextMax = 2'000;  // one as a flag
inline constexpr std::size_t kRuleMethods = 16;            // of one rule
inline constexpr std::size_t kRulePaths = 32;              // of one rule
inline constexpr std::size_t kExtraPorts = 64;  // ports besides 80 and 443 that rules name

// A policy file. Two of them go into a session's resume text.
inline constexpr std::size_t kPolicyFileMax = 192 << 10;
inline constexpr std::size_t kYamlNodes = 50'000;
inline constexpr std::size_t kYamlDepth = 12;
inline constexpr std::size_t kYamlKeyMax = 200;
inline constexpr std::size_t kRuleHosts = 10'000;    // of one entry
inline constexpr std::size_t kRuleCredentials = 16;  // of one entry
inline constexpr std::size_t kWordMax = 4'096;       // any word of a file
inline constexpr std::size_t kEntries = 10'000;      // of a list of rules
inline constexpr std::size_t kSpreadMax = 1 << 20;   // of one entry, said of all that it names
inline constexpr std::size_t kRedirectWords = 64;
inline constexpr std::size_t kFileRules = 200;
inline constexpr std::size_t kVariables = 200;
inline constexpr std::size_t kServices = 16;
inline constexpr std::size_t kServiceWords = 200;
inline constexpr std::size_t kServicePorts = 8;
inline constexpr std::size_t kAgents = 32;
inline constexpr std::size_t kCases = 5'000;

inline constexpr Duration kHoldMax = std::chrono::minutes(10);
inline constexpr Duration kExpiresLeast = std::chrono::seconds(10);
inline constexpr Duration kExpiresMost =
    std::chrono::hours(1);  // what every question waits at most

}  // namespace aileron::policy::limits
