// Tested by tests/launch/test_terminal.py.

#include "os/pty.h"

#include <fcntl.h>

#include <cerrno>

namespace aileron::os {

Result<Pty> OpenPty() {
  Fd master(open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (!master) return FailErrno("cannot open /dev/ptmx");
  int unlocked = 0;
  if (ioctl(master.get(), TIOCSPTLCK, &unlocked) != 0) return FailErrno("cannot unlock a terminal");
  // By descriptor, not by name: the name would be looked up in somebody's /dev/pts.
  Fd slave(ioctl(master.get(), TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (!slave) return FailErrno("cannot open the terminal's other end");
  return Pty{std::move(master), std::move(slave)};
}

Status TakeTerminal(const Fd& slave) {
  if (ioctl(slave.get(), TIOCSCTTY, 0) != 0) return FailErrno("cannot take the terminal");
  return {};
}

WindowSize WindowSizeOf(int descriptor) {
  WindowSize size{};
  if (ioctl(descriptor, TIOCGWINSZ, &size) != 0) size = {};
  return size;
}

void SetWindowSize(int descriptor, const WindowSize& size) {
  if (size.ws_row != 0) ioctl(descriptor, TIOCSWINSZ, &size);
}

RawTerminal::RawTerminal(int descriptor) : descriptor_(descriptor) {
  if (tcgetattr(descriptor, &before_) != 0) return;
  termios raw = before_;
  cfmakeraw(&raw);
  active_ = tcsetattr(descriptor, TCSADRAIN, &raw) == 0;
}

RawTerminal::~RawTerminal() {
  if (active_) tcsetattr(descriptor_, TCSADRAIN, &before_);
}

}  // namespace aileron::os
