// The bounds of what a launcher does for published ports.
#pragma once

#include <cstddef>

#include "base/time.h"

namespace aileron::launch::limits {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

constexpr std::size_t kPublished = 64;         // ports of one session
constexpr std::size_t kPublishedByAgent = 16;  // of them, without a person having named them
constexpr std::size_t kConnections = 256;      // of all published ports; each needs two descriptors
constexpr std::size_t kConnecting = 32;        // of them, for which init has not answered
constexpr Duration kConnectWait = 10s;         // for init's answer
constexpr Duration kAcceptAgain = 200ms;       // after descriptors have run out
constexpr std::size_t kRelayBuffer = 64u << 10;  // each way of a connection
constexpr std::size_t kRelayPiece = 32u << 10;   // read at a time
constexpr std::size_t kRelayTurn = 256u << 10;   // bytes of one way; then others have a turn
constexpr Duration kTellAgain = 200ms;  // between two messages to the daemon about services

}  // namespace aileron::launch::limits
