// Bounds of the command room.
#pragma once

#include <cstddef>

namespace aileron::command::limits {

// Rules.
inline constexpr std::size_t kRules = 20'000;        // of one session
inline constexpr std::size_t kPatternTextMax = 500;  // one pattern as it is written
inline constexpr std::size_t kPatternWords = 32;
inline constexpr std::size_t kRuleTextMax = 1'024;    // any text of a rule that is passed on
inline constexpr std::size_t kRedirectWords = 64;     // of the command that runs instead
inline constexpr std::size_t kPrograms = 64;          // that rules about the network name ("by")
inline constexpr std::size_t kByMax = 256;            // one of them, as it is written
inline constexpr std::size_t kRegexMemory = 1 << 20;  // of one regular expression, in bytes

// What one execution is read into. Past any of them it is not understood, and asked.
inline constexpr std::size_t kCommands = 2'000;        // found in one execution
inline constexpr std::size_t kUnknownPrograms = 64;    // of them, whose program is not known
inline constexpr int kWrapperDepth = 16;               // sh -c "env nice sh -c …"
inline constexpr std::size_t kWords = 150'000;         // of one argv
inline constexpr std::size_t kWrapperWords = 1 << 20;  // that wrappers pass on, all together

// Shell text.
inline constexpr std::size_t kShellTextMax = 256 << 10;
inline constexpr int kShellDepth = 40;         // $( ( { [ … inside of each other
inline constexpr std::size_t kShellWork = 16;  // times the text's size, in bytes looked at
inline constexpr std::size_t kShellWorkMin = 4'096;
inline constexpr std::size_t kHereDocuments = 64;  // that wait for their text at a time

// Words.
inline constexpr std::size_t kFormMax = 4'096;   // a longer word with holes could be anything
inline constexpr std::size_t kShownMax = 2'000;  // of a command line in a message

}  // namespace aileron::command::limits
