"""Attacker: gets at another process. Prints BREACH when the kernel let it, or held.

usage: attack_process.py HOW PID|child (child: one of its own, which it may reach: the canary)
"""

import ctypes
import os
import signal
import sys
import time

libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
_ATTACH, _DETACH, _SEIZE = 16, 17, 0x4206


class Vector(ctypes.Structure):
    """struct iovec."""

    _fields_ = [("base", ctypes.c_void_p), ("size", ctypes.c_size_t)]


def traced(request: int, pid: int) -> bool:
    """The process is this one's tracee now."""
    if libc.ptrace(request, pid, None, None) != 0:
        return False
    if request == _ATTACH:
        os.waitpid(pid, 0x40000000)
        libc.ptrace(_DETACH, pid, None, None)
    return True


def read_by_call(pid: int) -> bool:
    """Memory by process_vm_readv; EFAULT means that only the address was wrong."""
    buffer = ctypes.create_string_buffer(8)
    local, remote = Vector(ctypes.addressof(buffer), 8), Vector(0x400000, 8)
    got = libc.process_vm_readv(pid, ctypes.byref(local), 1, ctypes.byref(remote), 1, 0)
    return got >= 0 or ctypes.get_errno() == 14


def descriptor_taken(pid: int) -> bool:
    """A descriptor of it by pidfd_getfd."""
    handle = os.pidfd_open(pid)
    return any(libc.syscall(438, handle, number, 0) >= 0 for number in range(8))


def opened(path: str) -> bool:
    """The file opens."""
    with open(path, "rb"):
        return True


HOW = {
    "attach": lambda pid: traced(_ATTACH, pid),
    "seize": lambda pid: traced(_SEIZE, pid),
    "process_vm_readv": read_by_call,
    "pidfd_getfd": descriptor_taken,
    "mem": lambda pid: opened(f"/proc/{pid}/mem"),
    "maps": lambda pid: opened(f"/proc/{pid}/maps") and open(f"/proc/{pid}/maps", "rb").read() != b"",
    "environ": lambda pid: opened(f"/proc/{pid}/environ"),
    "root": lambda pid: bool(os.listdir(f"/proc/{pid}/root/")),
    "cwd": lambda pid: os.readlink(f"/proc/{pid}/cwd") != "",
    "fd": lambda pid: bool(os.listdir(f"/proc/{pid}/fd")),
    "ns": lambda pid: os.readlink(f"/proc/{pid}/ns/mnt") != "",
}


def attack(how: str, target: str) -> bool:
    """Tries it on a process that is left as it was."""
    child = os.fork() if target == "child" else None
    if child == 0:
        time.sleep(60)
        os._exit(0)
    try:
        return HOW[how](child or int(target))
    except OSError:
        return False
    finally:
        if child:
            os.kill(child, signal.SIGKILL)


print("BREACH" if attack(sys.argv[1], sys.argv[2]) else "held")
