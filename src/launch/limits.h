// Bounds of the launcher.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "base/time.h"

namespace aileron::launch::limits {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

// A command waits so long for a daemon that is gone, then it fails.
constexpr Duration kCommandWait = 10s;

// What devcontainers keep.
constexpr Duration kKeptWait = 60s;                  // for whoever removes it
constexpr std::size_t kProjectMax = 8 << 10;         // bytes of a note
constexpr std::size_t kVolumeDepth = 128;            // folders within each other that are counted
constexpr std::uint64_t kVolumeEntries = 5'000'000;  // of one volume, that are

constexpr std::size_t kHostFolders = 200;  // that devcontainers may have
constexpr std::size_t kHostFoldersFile = 256 << 10;

// Published ports.
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

// Commands of a person's beside the agent.
constexpr std::size_t kExecs = 32;
constexpr std::size_t kExecPacket = 16u << 10;  // between launcher and client
constexpr std::size_t kExecsUntold = 256;       // ends that no daemon has taken
constexpr int kSignalMax = 64;
constexpr Duration kExecEarly = 5s;  // that one waits for the agent to run; the daemon waits longer

// A report.
constexpr std::size_t kReportPiece = 4096;     // one write that a pipe takes whole (PIPE_BUF)
constexpr std::size_t kReportQueue = 8 << 20;  // not written yet; the daemon tells of less
constexpr auto kReportRest = 10s;              // for the daemon's last words

// What an agent prints, where the terminal's last row is kept from it.
constexpr std::size_t kTextPiece = 4096;       // of text told at once
constexpr std::size_t kSequenceMax = 256;      // bytes of one sequence
constexpr std::size_t kStringMax = 128 << 10;  // of one string, such as a clipboard's text
constexpr int kParameterMax = 9'999;           // a larger number is this one
constexpr std::size_t kParameters = 32;        // of one sequence
// A smaller terminal has no status line.
constexpr int kStatusRows = 4;
constexpr int kStatusColumns = 20;

}  // namespace aileron::launch::limits
