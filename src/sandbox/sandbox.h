// Sandbox: one that has been started, as its launcher holds it, whoever made it.
#pragma once

#include "os/fd.h"
#include "os/process.h"
#include "sandbox/cover.h"
#include "sandbox/limits.h"

namespace aileron::sandbox {

struct Sandbox {
  os::Child init;         // its first process
  os::Fd channel;         // see channel.h: Listeners come; Covers, Files and Program are waited for
  CoverWatch covers;      // from the message Covered
  ResourceLimits limits;  // removes its control groups when it goes
  // The first process is no child of the launcher's, and how it ended is told by Ended alone.
  bool in_container = false;
};

}  // namespace aileron::sandbox
