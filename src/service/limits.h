// The bounds of services: what an agent may keep running, say and print.
#pragma once

#include <cstddef>

#include "base/time.h"

namespace aileron::service::limits {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

constexpr std::size_t kServices = 16;            // of one session
constexpr std::size_t kNameMax = 32;             // bytes
constexpr std::size_t kPorts = 8;                // that one service asks to publish
constexpr std::size_t kWords = 4096;             // of a command, and variables of its environment
constexpr std::size_t kTextMax = 1000;           // of an address or a reason
constexpr std::size_t kHealthMax = 4096;         // a health command
constexpr std::size_t kMessageMax = 256u << 10;  // with command and environment
constexpr std::size_t kKeyMax = 8u << 10;
constexpr std::size_t kLogBytes = 256u << 10;  // kept of what a service prints
constexpr std::size_t kLogPiece = 16u << 10;   // in one message

constexpr int kRestarts = 10;            // in a row, none of which ran kSettled
constexpr Duration kFirstPause = 200ms;  // doubles with every further one
constexpr Duration kLongestPause = 10s;
constexpr Duration kSettled = 10s;        // who ran that long begins to count again
constexpr Duration kStopWait = 5s;        // from SIGTERM to SIGKILL
constexpr Duration kFirstChecks = 500ms;  // between checks until the first that succeeds
constexpr Duration kChecks = 5s;          // between two checks
constexpr Duration kCheckWait = 5s;       // for one check
constexpr int kFirstFailures = 20;        // in a row: unhealthy before it was ever healthy
constexpr int kFailures = 3;              // in a row: unhealthy afterwards

}  // namespace aileron::service::limits
