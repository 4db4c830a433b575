"""Processes as /proc shows them: who descends from whom, processor time, memory."""

import os
import signal
import subprocess
import time

_TICKS = os.sysconf("SC_CLK_TCK")
_MIB = 1024 * 1024


def _stat(pid: int) -> list:
    """The fields of /proc/PID/stat from the state on (field 3 of the manual is [0] here)."""
    with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
        return file.read().rpartition(")")[2].split()


def tree(root: int) -> list:
    """`root` and all that descends from it."""
    children = {}
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            children.setdefault(int(_stat(int(name))[1]), []).append(int(name))
        except (FileNotFoundError, ProcessLookupError):
            continue
    found = [root]
    for pid in found:
        found += children.get(pid, [])
    return found


def cpu_seconds(root: int) -> float:
    """Processor time of `root`'s tree, user and system, with children that have ended."""
    ticks = 0
    for pid in tree(root):
        try:
            ticks += sum(map(int, _stat(pid)[11:15]))
        except (FileNotFoundError, ProcessLookupError):
            continue
    return ticks / _TICKS


def name(pid: int) -> str:
    """The command's short name; empty when the process has ended."""
    try:
        with open(f"/proc/{pid}/comm", encoding="utf-8", errors="replace") as file:
            return file.read().strip()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def rss(pid: int) -> float:
    """Resident memory in MiB."""
    with open(f"/proc/{pid}/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / _MIB


def pss(pid: int) -> float:
    """Resident memory in MiB, shared pages divided among those who share them; NaN when the
    kernel does not tell this user (the processes of aileron cannot be inspected by their owner)."""
    try:
        with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
            for line in file:
                if line.startswith("Pss:"):
                    return int(line.split()[1]) / 1024
    except PermissionError:
        pass
    return float("nan")


def await_true(condition, what: str, seconds: float = 20) -> None:
    """Waits until `condition()` holds; an error that names `what` when it does not."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise SystemExit(f"bench: {what} after {seconds:.0f} s")
        time.sleep(0.02)


def end(child: subprocess.Popen) -> None:
    """Ends a process that was started here."""
    if child.poll() is None:
        child.terminate()
        try:
            child.wait(5)
        except subprocess.TimeoutExpired:
            os.kill(child.pid, signal.SIGKILL)
            child.wait()
