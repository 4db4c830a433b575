// Signals of a process that is held: proc_pid_status(5).
//
//   status = *(name ":" HTAB value newline), of which SigPnd, ShdPnd, SigBlk and SigIgn are masks
//   of
//            64 bits in hexadecimal, bit N-1 for signal N
#pragma once

#include <sys/types.h>

#include <string_view>

namespace aileron::mediation {

// Whether a signal waits that would end the process as soon as it ran: its program has not begun,
// and so has no handlers.
bool HasDeadlySignal(pid_t pid);
bool HasDeadlySignal(std::string_view status);

}  // namespace aileron::mediation
