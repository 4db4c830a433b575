// Confine: what a worker gives up before it reads a foreign byte.
//
// A seccomp filter lets through what moving bytes between sockets needs, and kills the process on
// anything else: no file is opened, no program started, no process made or signalled, no memory
// made executable, no socket of another family than IPv4 and IPv6. It cannot be taken back.
#pragma once

#include "base/result.h"

namespace aileron::proxy {

// The process dies with its parent, leaves no core dump, and cannot be traced.
Status HardenWorker();
// Installs the filter. Everything that opens files must have been done.
Status Confine();

}  // namespace aileron::proxy
