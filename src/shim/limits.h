// The bounds of what runs inside the sandbox and talks to its API.
#pragma once

#include <cstddef>

#include "base/time.h"

namespace aileron::shim::limits {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

constexpr std::size_t kAnswerMax = 8 << 20;      // the body of one answer
constexpr std::size_t kInputBuffer = 128 << 10;  // a head and what comes with it
constexpr std::size_t kReadPiece = 32 << 10;
constexpr std::size_t kCertificatesMax = 8 << 20;
constexpr std::size_t kTokenMax = 8 << 10;
constexpr std::size_t kDepthMax = 100;  // of JSON that others wrote: printing it is recursive
constexpr std::size_t kArgumentsMax = 8 << 20;           // JSON from standard input
constexpr std::size_t kCredentialRequestMax = 64 << 10;  // of git, docker and their like
constexpr std::size_t kResultsPage = 50;
constexpr std::size_t kSearchHits = 20;

constexpr int kTries = 3;  // of one request
constexpr Duration kPauses[kTries - 1] = {200ms, 1s};
constexpr Duration kReachWait = 10s;   // to resolve, connect and shake hands
constexpr Duration kAnswerWait = 30s;  // beyond what the daemon was asked to wait itself
// So long a run may take before its first answer; then a person is told that it waits.
constexpr Duration kFirstWait = 1s;
constexpr Duration kWaitMax = 60s;   // in one request; the daemon waits no longer
constexpr Duration kBeginMax = 10s;  // that one is waited for which does not know the run yet
constexpr Duration kAwayMax = 120s;  // that a daemon is waited for which knows the run
// A daemon that answers at once, though it was asked to wait, is not asked again at once.
constexpr Duration kAskAgain = 500ms;

// Init: services, and connections into the sandbox.
constexpr std::size_t kPipeMax = 1 << 20;  // what a pipe holds at most
constexpr std::size_t kDials = 64;         // at a time
constexpr Duration kDialWait = 5s;
constexpr std::size_t kClients = 32;         // of the socket for services
constexpr std::size_t kFollowers = 16;       // of them, which follow a log
constexpr Duration kRequestWait = 10s;       // for a request to be there
constexpr Duration kDoneWait = 30s;          // for what was asked to be done
constexpr Duration kAcceptAgain = 200ms;     // after descriptors have run out
constexpr int kPiecesAtOnce = 8;             // of a log, to one client; then others have a turn
constexpr std::size_t kLauncherQueue = 256;  // messages that the launcher has not taken
constexpr int kLauncherBurst = 64;           // messages of its, then others have a turn
constexpr Duration kInitConnectWait = 10s;   // of a command, for init to answer
constexpr Duration kInitAnswerWait = 45s;
constexpr std::size_t kExecs = 32;   // commands that run beside the agent
constexpr Duration kExecGrace = 2s;  // for one whose client has gone, and for one that was killed

}  // namespace aileron::shim::limits
