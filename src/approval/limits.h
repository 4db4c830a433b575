// Bounds of the approval room.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace aileron::approval::limits {

// Questions that wait, and results that wait to be collected.
inline constexpr std::int64_t kPendingOfSession = 100;
inline constexpr std::int64_t kPendingInAll = 2'000;
inline constexpr std::int64_t kUncollectedOfSession = 100;  // results of operations

// A question. What is longer is cut where a person would see the cut, and refused elsewhere.
inline constexpr std::size_t kSessionMax = 64;
inline constexpr std::size_t kKeyMax = 64 << 10;  // bytes that are compared
inline constexpr std::size_t kKeyShownMax = 300;  // … and shown
inline constexpr std::size_t kCallMax = 64;
inline constexpr std::int64_t kCallsOfQuestion = 64;  // how many may ask the same while it waits
inline constexpr std::size_t kTitleMax = 200;         // a line for a person
inline constexpr std::size_t kLineMax = 500;          // any other line: opens, reason, message
inline constexpr std::size_t kPathMax = 4'096;        // a project
inline constexpr std::size_t kFields = 64;            // of one question
inline constexpr std::size_t kFieldsMax = 64 << 10;   // bytes, as they are shown
inline constexpr std::size_t kFieldNameMax = 64;
inline constexpr std::size_t kFieldValueMax = 4'000;
inline constexpr std::size_t kBodyFields = 40;                // of the body of a request
inline constexpr std::size_t kBodyFieldsMax = 40 << 10;       // bytes, as they are shown
inline constexpr std::size_t kEditable = 64;                  // names of arguments
inline constexpr std::size_t kArgumentsMax = 1 << 20;         // JSON text
inline constexpr std::int64_t kArgumentsOfSession = 8 << 20;  // of all that waits
inline constexpr int kArgumentsDepth = 64;
inline constexpr std::size_t kPreviewMax = 32 << 10;

// A result.
inline constexpr std::size_t kBodyMax = 1 << 20;
inline constexpr std::size_t kContentTypeMax = 200;

// A yes that nobody used: an operation that was not begun, a request that was not repeated.
inline constexpr std::chrono::minutes kYesLife{15};
inline constexpr std::int64_t kTimesMax = 1'000;      // "N times"
inline constexpr std::int64_t kGrantsInAll = 10'000;  // denials that are remembered too

// What is kept of the past.
inline constexpr std::int64_t kFinishedKept = 2'000;  // approvals; results not collected besides
inline constexpr std::int64_t kLargeKept = 100;       // of those: arguments, preview and body, too
inline constexpr std::chrono::days kUncollectedKept{7};
inline constexpr int kPruneEvery = 64;  // approvals that came to an end
inline constexpr std::int64_t kEventsKept = 10'000;

// One answer.
inline constexpr std::size_t kListMax = 2'000;
inline constexpr std::size_t kCollectMax = 50;
inline constexpr std::size_t kCollectBytes = 4 << 20;  // of bodies, or one that is larger
inline constexpr std::size_t kEventsMax = 1'000;

}  // namespace aileron::approval::limits
