// Every bound of the mediation room, by name.
#pragma once

#include <chrono>
#include <cstddef>

namespace aileron::mediation::limits {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

// One execution.
constexpr std::size_t kWords = 256 << 10;             // arguments
constexpr std::size_t kWordBytes = (2 << 20) + 4096;  // of all of them
constexpr std::size_t kPointers = 1 << 20;    // on a new stack: arguments, environment, the rest
constexpr std::size_t kStackRead = 12 << 10;  // of a new stack at first; most fit in it
constexpr std::size_t kPath = 4096;
constexpr std::size_t kScriptHead = 256;    // of a file, in which the kernel looks for "#!"
constexpr int kInterpreters = 5;            // of a script, as the kernel has it
constexpr int kLinks = 40;                  // on the way of a name
constexpr std::size_t kParts = 256;         // of a name
constexpr std::size_t kNamesKept = 4096;    // that lead to the same file whoever asks
constexpr int kParents = 16;                // of a process, that are looked at
constexpr std::size_t kParentBytes = 4096;  // of each one's arguments

// Who holds a connection.
constexpr std::size_t kProcessesLooked = 4096;
constexpr std::size_t kDescriptorsLooked = 100'000;  // of all of them
constexpr std::size_t kAddress = 45;
constexpr std::size_t kFamily = 4096;       // processes of which it is known what they were
constexpr std::size_t kProgramsKept = 256;  // as they were compiled
constexpr auto kFindAgain = 50ms;           // while a holder is about to be another program
constexpr auto kFindStep = 2ms;             // between two looks

// What is told of it to the daemon, which shows and records it.
constexpr std::size_t kToldWords = 64;
constexpr std::size_t kToldBytes = 2048;  // of all of them
constexpr std::size_t kToldText = 1024;   // of a reason or a hint
constexpr std::size_t kToldPath = 512;
constexpr std::size_t kToldParent = 256;
constexpr std::size_t kRecordsBytes = 32 << 10;  // of records in one packet, about
constexpr std::size_t kStartBytes = 32 << 20;    // all rules, in a file in memory

// The mediator.
constexpr std::size_t kCases = 4096;       // threads that are between a call and its end
constexpr std::size_t kHeld = 512;         // that wait for a person
constexpr int kCallsHere = 64;             // taken on one processor before it is left
constexpr std::size_t kRecords = 64;       // that many do not wait for company
constexpr auto kRecordWait = 20ms;         // nor a single one longer
constexpr std::size_t kPacket = 64 << 10;  // of the daemon
constexpr auto kFailedCall = 20ms;    // a call that has started nothing after so long is looked at
constexpr auto kSignalsLook = 200ms;  // between two looks for signals of what is held
constexpr std::size_t kRefusalText = 4096;  // what an agent is told

}  // namespace aileron::mediation::limits
