// Tested by src/os/fd_test.cc.

#include "os/pipe.h"

#include <fcntl.h>
#include <unistd.h>

namespace aileron::os {

Result<Pipe> MakePipe() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return FailErrno("cannot make a pipe");
  return Pipe{Fd(ends[0]), Fd(ends[1])};
}

}  // namespace aileron::os
