"""Attacker: searches the memory of a process. Prints BREACH when it finds the mark, or held.

usage: attack_memory.py PID|all MARK… (the parts of the mark are joined, so that this program's own
command line does not hold it). Its own memory is not searched.
"""

import ctypes
import os
import sys

mark = "".join(sys.argv[2:]).encode()
libc = ctypes.CDLL(None, use_errno=True)


def through_file(pid: str) -> bool:
    """By /proc/PID/mem."""
    try:
        with open(f"/proc/{pid}/maps", encoding="ascii", errors="replace") as maps, \
                open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
            for line in maps:
                ends, rights = line.split()[:2]
                first, last = (int(part, 16) for part in ends.split("-"))
                if "r" not in rights or last - first > 1 << 30:
                    continue
                try:
                    memory.seek(first)
                    if mark in (memory.read(last - first) or b""):
                        return True
                except (OSError, ValueError, OverflowError):
                    continue
    except OSError:
        pass
    return False


def through_call(pid: str) -> bool:
    """By process_vm_readv and by PTRACE_ATTACH: success alone is a breach for a foreign process."""
    buffer = ctypes.create_string_buffer(8)

    class Vector(ctypes.Structure):
        """struct iovec."""

        _fields_ = [("base", ctypes.c_void_p), ("size", ctypes.c_size_t)]

    local = Vector(ctypes.addressof(buffer), 8)
    remote = Vector(0x400000, 8)
    got = libc.process_vm_readv(int(pid), ctypes.byref(local), 1, ctypes.byref(remote), 1, 0)
    # EFAULT (14) means that the kernel looked: the permission was there.
    if got >= 0 or ctypes.get_errno() == 14:
        return True
    if libc.ptrace(16, int(pid), 0, 0) == 0:
        os.waitpid(int(pid), 0x40000000)
        libc.ptrace(17, int(pid), 0, 0)
        return True
    return False


if sys.argv[1] == "all":
    own = str(os.getpid())
    found = any(through_file(pid) for pid in os.listdir("/proc") if pid.isdigit() and pid != own)
else:
    found = through_file(sys.argv[1]) or through_call(sys.argv[1])
print("BREACH" if found else "held")
