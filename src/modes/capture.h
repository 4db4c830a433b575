// RunCaptured: runs this binary in another mode, or any program, and keeps what it says.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace aileron::modes {

struct Captured {
  int exit_code = 0;  // as a shell has it
  std::string output;
  std::string errors;
  Duration took{0};
};

struct CaptureOptions {
  std::string program;  // a path
  std::vector<std::string> argv;
  std::vector<std::string> environment;
  std::size_t output_limit = 0;  // of each of the two; what goes beyond is dropped
  Duration deadline{0};
  int interrupt = -1;  // becomes readable when the caller wants to stop
};

// kUnavailable at the deadline, kDenied when interrupted; the program has been ended then.
Result<Captured> RunCaptured(const CaptureOptions& options);

}  // namespace aileron::modes
