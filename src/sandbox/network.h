// Network: the sandbox's side of the data plane. Runs inside the new network namespace.
#pragma once

#include <span>
#include <vector>

#include "base/result.h"
#include "os/fd.h"
#include "sandbox/spec.h"

namespace aileron::sandbox {

// Opens one socket a listener, in order. Every address must be local by now (os/capture.h).
Result<std::vector<os::Fd>> OpenListeners(std::span<const Listener> listeners);

}  // namespace aileron::sandbox
