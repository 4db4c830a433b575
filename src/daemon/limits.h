// Every bound of the daemon, by name.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "base/time.h"

namespace aileron::daemon::limits {

using std::chrono_literals::operator""h;
using std::chrono_literals::operator""min;
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

// The control socket.
constexpr std::size_t kConnections = 128;
constexpr std::size_t kHeadBuffer = 32 << 10;     // a head and what comes with it
constexpr std::size_t kBodyMax = 1 << 20;         // a JSON body
constexpr std::size_t kBodyDepth = 64;            // levels of its JSON
constexpr int kStepsAtOnce = 64;                  // of one connection, then others have a turn
constexpr std::size_t kSecretBodyMax = 64 << 10;  // a secret's value, or passphrases
constexpr std::size_t kDescriptors = 16;          // with one request
constexpr std::size_t kStreamPiece = 64 << 10;  // of a streamed body, before the peer has taken it
constexpr auto kHeadWait = 10s;                 // from a head's first byte to its end
constexpr auto kBodyWait = 30s;                 // between two reads of a body
constexpr auto kHandlerWait = 120s;             // for an answer to be ready
constexpr auto kWriteWait = 30s;                // a peer that takes nothing that long is dropped
constexpr auto kKeepAliveWait = 10min;          // between two requests
constexpr auto kEventsKeepAlive = 15s;          // a comment in a stream without events

// The sandbox's API.
constexpr std::size_t kSandboxConnections = 64;  // of one session
constexpr auto kRefusalsLogged = 10s;            // between two lines about refused connections

// Sessions.
constexpr std::size_t kSessions = 256;  // running at a time
constexpr std::size_t kCommandBytes = 64 << 10;
constexpr std::size_t kPathBytes = 4096;
constexpr std::size_t kNetworkRules = 5'000;  // --allow and --deny of one session
constexpr std::size_t kConnectTo = 256;
constexpr std::size_t kUpstreamCa = 96 << 10;  // must fit in a Start packet with the rest
constexpr std::size_t kListeners = 128;
constexpr std::size_t kChannelMessage = 64 << 10;
constexpr std::size_t kDenialsTold = 1'000;  // things that one session was denied unasked
constexpr std::size_t kChannelWords = kDenialsTold + 8;  // that a launcher has not taken yet
constexpr auto kLeftoversPause = 50ms;  // between two looks at what a killed launcher left
constexpr auto kLeftoversWait = 30s;    // for the last process of its control groups
constexpr std::size_t kCgroups = 16;
constexpr std::size_t kReserved = 1024;
constexpr std::size_t kPublished = 64;  // ports of one session
constexpr std::size_t kWishes = 32;     // of people, that its launcher has not answered
constexpr auto kWishWait = 10s;
// A command of a person's beside an agent.
constexpr std::size_t kExecWords = 4'096;     // of its line, and as many variables
constexpr std::size_t kExecBytes = 96 << 10;  // of all of either
constexpr std::size_t kExecFolder = 4 << 10;
constexpr std::size_t kExecWord = 120 << 10;  // as the launcher is told of it
constexpr auto kListenersWait = 60s;          // for a launcher to hand its listeners over
constexpr auto kResumeGrace = 10s;            // after a start, for launchers to come back

// Workers.
constexpr auto kWorkerAnyway = 100ms;  // after the listeners have come, though nobody used them
constexpr int kWorkerRestarts = 5;     // within kWorkerRestartWindow; then its network is down
constexpr auto kWorkerRestartWindow = 10s;
constexpr auto kWorkerStopWait = 2s;           // from Stop to SIGKILL
constexpr std::size_t kWorkerQueue = 4096;     // packets a worker has not taken
constexpr int kWorkerBurst = 64;               // packets read before others have a turn
constexpr std::size_t kVerdictHosts = 16'384;  // a worker's permit table: hosts
constexpr std::size_t kGrants = 16'384;        // and bindings granted
constexpr std::size_t kAsksWaiting = 8'192;    // of one worker, for credentials being opened
constexpr std::size_t kLooks = 1'024;          // of one worker, for who holds a connection
constexpr double kLeavesPerSecond = 200;       // signed for one worker
constexpr double kLeafBurst = 1'000;

// Mediators.
constexpr auto kMediatorReady = 10s;          // from its start
constexpr auto kLookWait = 2s;                // for who holds a connection
constexpr std::size_t kRecordedLine = 1'500;  // bytes of a command's words in its record
constexpr std::size_t kCommandRules = 5'000;  // of the flags of one session

// The vault.
constexpr int kFreeAttempts = 3;    // wrong passphrases before each one costs time
constexpr auto kFirstPenalty = 1s;  // doubles with every further one
constexpr auto kLongestPenalty = 60s;
constexpr auto kAutoLockMax = 30 * 24h;

// Audit.
constexpr auto kAuditFlush = 50ms;           // a record waits so long for company
constexpr std::size_t kAuditBatch = 1'000;   // that many do not wait
constexpr std::size_t kAuditQueue = 50'000;  // not yet on the disk; then workers wait
constexpr auto kAuditRetry = 1s;             // after the disk refused a batch
constexpr std::size_t kAuditPage = 200;      // read at a time for a stream or an export
constexpr std::size_t kAuditLimit = 1'000;   // records in one list
constexpr std::chrono::milliseconds kAuditLateness{1'500};  // of a worker's record

// Operations.
constexpr auto kOperationWait = 5min;           // for the whole of an answer
constexpr auto kDrainLinger = 500ms;            // from the last one's end to the daemon's
constexpr std::int64_t kResults = 50;           // in one answer
constexpr std::size_t kHits = 100;              // of one search
constexpr std::size_t kFlights = 32;            // of one session at a time
constexpr std::size_t kFlightsInAll = 64;       // each may hold a body up and one down, of 1 MiB
constexpr auto kSiteWait = 20s;                 // for an answer, of who named no time
constexpr std::size_t kJoined = 256;            // that wait for one call
constexpr std::size_t kToolName = 64;           // of a name that nobody knows, looked for
constexpr std::size_t kLandedKept = 32;         // of a session: how calls ended, for who asks again
constexpr std::size_t kLandedBytes = 32 << 20;  // of their bodies, of all sessions

// Connectors, and the keys that sign them.
constexpr std::size_t kKeys = 128;
constexpr std::size_t kKeyName = 64;
constexpr std::size_t kSpecsAtOnce = 64;          // installed by one request
constexpr std::size_t kSpecsBytes = 64 << 20;     // of all of them
constexpr std::size_t kConnectors = 1'000;        // installed
constexpr std::size_t kConnectorList = 32 << 20;  // the file that says which are

// Approvals.
constexpr auto kYesOnce = 30s;            // "once": what waited, and what its client does next
constexpr auto kQuestionLife = 1h;        // then it is answered with no
constexpr std::size_t kAsksHeld = 1'000;  // requests of one session that wait for one answer
constexpr std::size_t kPasses =
    4'096;  // requests of one worker that may go on, and their credentials
constexpr std::size_t kAwaiting = 64;     // clients of the API that wait for one approval
constexpr std::size_t kWatchers = 512;    // and for any change
constexpr auto kApiWait = 60s;            // a client of the API waits for an answer at a time
constexpr std::size_t kEventsPage = 200;  // read at a time for a stream

// Where people see what waits, besides the terminal.
constexpr std::size_t kSurfacesFile = 64 << 10;
constexpr std::size_t kWebhooks = 8;
constexpr std::size_t kWebhookBody = 192 << 10;  // the fields of a question, escaped, fit
constexpr auto kWebhookWait = 15s;               // for an answer
constexpr auto kWebhookPause = 1s;               // after a failure; doubles with every further one
constexpr auto kWebhookLongestPause = 5min;
constexpr int kWebhookTries = 12;  // of one message, about 20 minutes; then it is given up
constexpr std::size_t kRegistryTokens = 16;  // being fetched
constexpr std::size_t kWebhookTests = 4;     // at a time
constexpr int kNoticesAtOnce = 3;            // on the desktop, then one for all that waits
constexpr auto kNoticePause = 10s;           // until there may be another
constexpr auto kNoticeWait = 5s;             // for notify-send to end
constexpr std::size_t kNoticeTitle = 200;    // bytes of it
constexpr std::size_t kBrowserLinks = 8;     // that wait to be opened
constexpr std::size_t kBrowserSignIns = 16;  // the oldest goes
constexpr auto kBrowserLinkLife = 60s;
constexpr auto kBrowserSignInLife = 12h;
constexpr auto kBrowserIdle = 30min;             // nobody asked anything: the port closes
constexpr std::size_t kBrowserConnections = 32;  // at a time
constexpr std::size_t kBrowserCookies = 8;       // of our name in one request, looked at
constexpr auto kBrowserCheck = 1s;

// Credentials from elsewhere than the vault.
constexpr auto kCredentialWait = 75s;   // for any of them; each source has its own, shorter
constexpr auto kFailureKept = 1s;       // a source that failed is not asked again before
constexpr auto kRenewAgain = 5s;        // after renewing what still serves has failed
constexpr auto kWorkerKeep = 60s;       // a worker asks again: the host may have slept meanwhile
constexpr auto kOAuth2Wait = 20s;       // for a token endpoint
constexpr auto kOAuth2Ahead = 60s;      // an access token is renewed so long before its end
constexpr auto kOAuth2Lifetime = 5min;  // of one whose server does not say
constexpr auto kOAuth2Longest = 24h;
constexpr std::size_t kOpenings = 64;  // at a time
constexpr std::size_t kKept = 1'000;
constexpr auto kFileWait = 10s;                   // a file system may hang
constexpr std::size_t kCommandError = 4 << 10;    // of what a command says on standard error
constexpr std::size_t kHintText = 200;            // of others' text in a hint
constexpr std::size_t kPasswordMax = 4096;        // of an upstream proxy, by a launcher's pipe
constexpr std::size_t kCredentialMax = 60 << 10;  // fits in a packet with the fields beside it

constexpr auto kPolicyCheck = 250ms;  // whether a policy file changed; twice before it counts
constexpr auto kIdleCheck = 1s;

}  // namespace aileron::daemon::limits
