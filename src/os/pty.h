// Pseudo-terminals, and the caller's terminal put into raw mode and back.
#pragma once

#include <sys/ioctl.h>
#include <termios.h>

#include "base/result.h"
#include "os/fd.h"

namespace aileron::os {

struct Pty {
  Fd master;
  Fd slave;
};
// From this mount namespace's /dev/ptmx.
Result<Pty> OpenPty();

// Makes `slave` the controlling terminal of this process, which must lead a session without one.
Status TakeTerminal(const Fd& slave);

using WindowSize = winsize;
// Zeros for what is no terminal; errors do not matter to anybody.
WindowSize WindowSizeOf(int descriptor);
// Does nothing for a size without rows.
void SetWindowSize(int descriptor, const WindowSize& size);

// Raw mode while it lives. Restores on destruction.
class RawTerminal {
 public:
  explicit RawTerminal(int descriptor);
  ~RawTerminal();
  RawTerminal(const RawTerminal&) = delete;
  RawTerminal& operator=(const RawTerminal&) = delete;

 private:
  int descriptor_;
  termios before_{};
  bool active_ = false;
};

}  // namespace aileron::os
