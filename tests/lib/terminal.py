"""A terminal of the test: runs a command on a pty and talks to it as a person would."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time

from lib import process


class Terminal:
    """A child whose controlling terminal is a new pty of `rows` × `columns`."""

    is_launcher = True  # may be one: a world ends it before its daemon

    def __init__(self, argv, rows: int = 24, columns: int = 80, **options):
        self.master, slave = pty.openpty()
        self.resize(rows, columns, announce=False)
        self.before = termios.tcgetattr(slave)
        self.text = ""

        def take_terminal():
            os.setsid()
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)
            signal.signal(signal.SIGINT, signal.SIG_DFL)  # a run in the background ignores it

        self.child = subprocess.Popen(argv, stdin=slave, stdout=slave, stderr=slave,
                                      preexec_fn=take_terminal, **options)
        self._slave = slave

    def settings(self) -> list:
        """The terminal's modes as they are now."""
        return termios.tcgetattr(self._slave)

    def resize(self, rows: int, columns: int, announce: bool = True) -> None:
        """Gives the terminal another size; the kernel tells the foreground job."""
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        if announce:
            os.kill(self.child.pid, signal.SIGWINCH)

    def send(self, text: str) -> None:
        """Types `text`."""
        os.write(self.master, text.encode())

    def expect(self, pattern: str, patience: float = process.PATIENCE) -> re.Match:
        """Reads until `pattern` stands in what was read since the last match."""
        deadline = time.monotonic() + patience
        while True:
            match = re.search(pattern, self.text)
            if match:
                self.text = self.text[match.end():]
                return match
            left = deadline - time.monotonic()
            assert left > 0, f"the terminal never showed {pattern!r}, but: {self.text[-2000:]!r}"
            if select.select([self.master], [], [], min(left, 0.5))[0]:
                try:
                    self.text += os.read(self.master, 65536).decode("utf-8", "replace")
                except OSError:
                    raise AssertionError(f"the terminal closed before {pattern!r}: "
                                         f"{self.text[-2000:]!r}") from None

    def read(self, seconds: float) -> None:
        """Takes in what is printed meanwhile, until the child ends."""
        deadline = time.monotonic() + seconds
        while self.child.poll() is None and time.monotonic() < deadline:
            if select.select([self.master], [], [], 0.05)[0]:
                self.text += os.read(self.master, 65536).decode("utf-8", "replace")
        while self.child.poll() is not None and select.select([self.master], [], [], 0)[0]:
            self.text += os.read(self.master, 65536).decode("utf-8", "replace")

    def wait(self, patience: float = process.PATIENCE) -> int:
        """The exit code of the child; drains what it prints."""
        self.read(patience)
        assert self.child.poll() is not None, f"still running: {self.text[-2000:]!r}"
        return self.child.returncode

    def close(self) -> None:
        """Ends the child if it runs and closes the pty."""
        if self.child.poll() is None:
            self.child.terminate()
            try:
                self.child.wait(5)
            except subprocess.TimeoutExpired:
                self.child.kill()
                self.child.wait(10)
        for descriptor in (self.master, self._slave):
            try:
                os.close(descriptor)
            except OSError:
                pass
        self.master = self._slave = -1


def open_in(world, argv, **size) -> Terminal:
    """A terminal for `argv` as the world's user, closed with the world."""
    terminal = Terminal(world.arguments(argv), **size, **world.options())
    world.servers.insert(0, terminal)
    return terminal
