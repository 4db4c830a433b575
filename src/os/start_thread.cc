#include "os/start_thread.h"

#include <system_error>

namespace aileron::os {

Result<std::thread> StartThread(std::function<void()> work) {
  try {
    return std::thread(std::move(work));
  } catch (const std::system_error&) {
    return Fail(Code::kUnavailable, "cannot start a thread: too many processes run");
  }
}

}  // namespace aileron::os
