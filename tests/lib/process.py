"""Processes of the test: run with a deadline, look at them in /proc, and find the ones left over.

The test process makes itself the subreaper of everything it starts, so a daemon that detaches
itself stays a descendant: what is left at the end of a test is found exactly, and nobody else's
process is ever looked at or ended.
"""

import ctypes
import dataclasses
import os
import select
import signal
import subprocess
import time

PR_SET_CHILD_SUBREAPER = 36
_libc = ctypes.CDLL(None, use_errno=True)

# How long anything that should happen "at once" may take on a loaded machine.
PATIENCE = 30.0


def become_subreaper() -> None:
    """Makes orphans below this process its children."""
    assert _libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0


@dataclasses.dataclass(frozen=True)
class Process:
    """One line of /proc, read once."""

    pid: int
    ppid: int
    state: str
    command: tuple

    def __str__(self) -> str:
        return f"{self.pid} ({self.state}, parent {self.ppid}): {' '.join(self.command) or '?'}"


def look(pid: int):
    """The process `pid` as it is now, or None when it is gone."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            text = file.read()
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            command = file.read().decode("utf-8", "replace").split("\0")
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return None
    after = text[text.rindex(")") + 2:].split()
    return Process(pid, int(after[1]), after[0], tuple(part for part in command if part))


def everyone() -> dict:
    """All processes by pid."""
    found = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            process = look(int(name))
            if process:
                found[process.pid] = process
    return found


def descendants(of: int | None = None) -> list:
    """All processes below `of` (this process when not given), children first."""
    of = of or os.getpid()
    children = {}
    for process in everyone().values():
        children.setdefault(process.ppid, []).append(process)
    result, queue = [], [of]
    while queue:
        for process in children.get(queue.pop(0), []):
            result.append(process)
            queue.append(process.pid)
    return result


def reap(known) -> None:
    """Collects dead children that were handed to this process; `known` ones belong to a Popen."""
    for process in descendants():
        if process.state == "Z" and process.ppid == os.getpid() and process.pid not in known:
            try:
                os.waitpid(process.pid, os.WNOHANG)
            except ChildProcessError:
                pass


def eventually(check, what: str, patience: float = PATIENCE):
    """Returns the first true value of `check()`, or fails with `what` after `patience` seconds."""
    deadline = time.monotonic() + patience
    delay = 0.002
    while True:
        value = check()
        if value:
            return value
        assert time.monotonic() < deadline, f"not after {patience:.0f} s: {what}"
        time.sleep(delay)
        delay = min(delay * 1.5, 0.1)


@dataclasses.dataclass(frozen=True)
class Result:
    """How a command ended."""

    argv: tuple
    rc: int
    stdout: bytes
    stderr: bytes
    seconds: float

    @property
    def out(self) -> str:
        """Standard output as text."""
        return self.stdout.decode("utf-8", "replace")

    @property
    def err(self) -> str:
        """Standard error as text."""
        return self.stderr.decode("utf-8", "replace")

    def ok(self) -> "Result":
        """The result itself, when the command ended well."""
        assert self.rc == 0, self.describe()
        return self

    def describe(self) -> str:
        """Everything a person needs to see about a failure."""
        return (f"{' '.join(map(str, self.argv))[:2000]}\nexit {self.rc} after {self.seconds:.1f} s\n"
                f"--- stdout\n{self.out[-6000:]}\n--- stderr\n{self.err[-6000:]}")


def run(argv, *, data: bytes | None = None, timeout: float = 60.0, **options) -> Result:
    """Runs `argv` to its end; past `timeout` its process group is ended and the test fails."""
    begin = time.monotonic()
    stdin = options.pop("stdin", subprocess.PIPE if data is not None else subprocess.DEVNULL)
    child = subprocess.Popen(argv, stdin=stdin, stdout=options.pop("stdout", subprocess.PIPE),
                             stderr=options.pop("stderr", subprocess.PIPE),
                             start_new_session=True, **options)
    try:
        out, err = child.communicate(data, timeout=timeout)
    except subprocess.TimeoutExpired:
        end_group(child)
        out, err = child.communicate(timeout=10)
        late = Result(tuple(argv), child.returncode, out or b"", err or b"", time.monotonic() - begin)
        raise AssertionError(f"no end within {timeout:.0f} s: {late.describe()}") from None
    return Result(tuple(argv), child.returncode, out or b"", err or b"", time.monotonic() - begin)


def end_group(child: subprocess.Popen) -> None:
    """Ends a child that leads its own process group, and the group with it."""
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def end(pid: int) -> None:
    """kill -9 of one process that the test knows by its id; it has let go of its files afterwards."""
    try:
        held = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        signal.pidfd_send_signal(held, signal.SIGKILL)
        assert select.select([held], [], [], PATIENCE)[0], f"process {pid} does not die"
    except ProcessLookupError:
        pass
    finally:
        os.close(held)


def freeze(pid: int) -> None:
    """Stops one process that the test knows by its id, and waits until it stands still."""
    os.kill(pid, signal.SIGSTOP)
    eventually(lambda: look(pid).state == "T", f"process {pid} stands still")


def thaw(pid: int) -> None:
    """Lets a process that was frozen go on."""
    os.kill(pid, signal.SIGCONT)


def gone(pid: int) -> bool:
    """True when `pid` is dead (a zombie counts as dead)."""
    process = look(pid)
    return process is None or process.state == "Z"


def status(pid: int) -> dict:
    """The fields of /proc/PID/status."""
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        return dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
