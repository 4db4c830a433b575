// Bounds of the audit room.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace aileron::audit::limits {

inline constexpr std::size_t kBatchMax = 10'000;  // records of one Append
inline constexpr std::size_t kQueryMax = 1'000;   // records of one Query
inline constexpr std::size_t kTextMax = 2'048;    // bytes of one text field; longer ones are cut
inline constexpr std::uint64_t kCheckpointEvery = 1'000;  // records
inline constexpr std::size_t kProblemsMax = 100;          // problems that one report names
// Workers hand records in a little late; only a clock that goes back further is flagged.
inline constexpr std::chrono::seconds kClockSlack{2};

}  // namespace aileron::audit::limits
