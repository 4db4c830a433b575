// Pipe: both ends of a new pipe, closed in what is started.
#pragma once

#include "base/result.h"
#include "os/fd.h"

namespace aileron::os {

struct Pipe {
  Fd reader, writer;
};
Result<Pipe> MakePipe();

}  // namespace aileron::os
