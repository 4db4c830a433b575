// StartThread: a thread, or why there is none.
#pragma once

#include <functional>
#include <thread>

#include "base/result.h"

namespace aileron::os {

// kUnavailable when too many processes run. Whoever calls joins it.
Result<std::thread> StartThread(std::function<void()> work);

}  // namespace aileron::os
