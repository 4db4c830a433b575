"""Attacker: makes one forbidden system call. Prints BREACH when the kernel let it in, or held.

usage: attack_syscalls.py NAME

A call counts as let in when it succeeds, or when it fails only for the nonsense in its arguments.
None of them can do harm when it is let in.
"""

import ctypes
import errno
import os
import socket
import struct
import sys

libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long


def call(number: int, *arguments, nonsense=()):
    """A raw system call; true when it was let in."""
    ctypes.set_errno(0)
    wide = [ctypes.c_long(one) if isinstance(one, int) else one for one in arguments]
    result = libc.syscall(ctypes.c_long(number), *wide)
    return result >= 0 or ctypes.get_errno() in nonsense


def opened(family: int, kind: int, protocol: int = 0) -> bool:
    """A socket that could be made."""
    try:
        socket.socket(family, kind, protocol).close()
        return True
    except OSError:
        return False


def in_child(action) -> bool:
    """Runs the action in a child, whose end tells."""
    pid = os.fork()
    if pid == 0:
        try:
            os._exit(0 if action() else 1)
        except OSError:
            os._exit(1)
    return os.waitpid(pid, 0)[1] == 0


def clone3_user() -> bool:
    """A user namespace by clone3, whose flags a filter on clone does not see."""
    arguments = struct.pack("QQQQQQQQ", 0x10000000, 0, 0, 0, 17, 0, 0, 0)
    buffer = ctypes.create_string_buffer(arguments)
    pid = libc.syscall(ctypes.c_long(435), buffer, ctypes.c_long(len(arguments)))
    if pid == 0:
        os._exit(0)
    if pid > 0:
        os.waitpid(pid, 0)
    return pid > 0


def mknod_disk() -> bool:
    """A block device of the host's disk."""
    path = f"/tmp/al-node-{os.getpid()}"
    try:
        os.mknod(path, 0o660 | 0o060000, os.makedev(254, 0))
        os.unlink(path)
        return True
    except OSError:
        return False


INVALID = (errno.EINVAL, errno.EFAULT, errno.EBADF, errno.ENOENT, errno.ENOEXEC, errno.ENOKEY,
           errno.E2BIG, errno.ENOTDIR, errno.ENODEV)
ATTACKS = {
    "keyctl": lambda: call(250, 0, -3, 0, nonsense=INVALID),
    "add_key": lambda: call(248, b"user", b"al-test", b"x", 1, -3, nonsense=INVALID),
    "request_key": lambda: call(249, b"user", b"al-none", 0, 0, nonsense=INVALID),
    "bpf": lambda: call(321, 0, 0, 0, nonsense=INVALID),
    "userfaultfd": lambda: call(323, 1, nonsense=INVALID) or call(323, 0),
    "perf_event_open": lambda: call(298, 0, 0, -1, -1, 0, nonsense=INVALID),
    "open_by_handle_at": lambda: call(304, -1, 0, 0, nonsense=INVALID),
    "mount": lambda: in_child(lambda: call(165, b"none", b"/al-none", b"tmpfs", 0, 0, nonsense=INVALID)),
    "umount": lambda: call(166, b"/al-none", 0, nonsense=INVALID),
    "pivot_root": lambda: call(155, b"/al-none", b"/al-none", nonsense=INVALID),
    "chroot": lambda: in_child(lambda: call(161, b"/tmp")),
    "fsopen": lambda: call(430, b"tmpfs", 0),
    "open_tree": lambda: call(428, -100, b"/", 1),
    "move_mount": lambda: call(429, -1, b"", -1, b"", 0, nonsense=INVALID),
    "mount_setattr": lambda: call(442, -1, b"", 0, 0, 0, nonsense=INVALID),
    "setns": lambda: call(308, -1, 0, nonsense=(errno.EBADF, errno.EINVAL)),
    "unshare-user": lambda: in_child(lambda: call(272, 0x10000000)),
    "unshare-mount": lambda: in_child(lambda: call(272, 0x00020000)),
    "unshare-net": lambda: in_child(lambda: call(272, 0x40000000)),
    "clone3-user": clone3_user,
    "swapon": lambda: call(167, b"/al-none", 0, nonsense=INVALID),
    "reboot": lambda: call(169, 1, 2, 3, 0, nonsense=INVALID),
    "settimeofday": lambda: call(164, 1, 1, nonsense=INVALID),
    "clock_settime": lambda: call(227, 0, 1, nonsense=INVALID),
    "sethostname": lambda: call(170, 1, 1, nonsense=INVALID),
    "acct": lambda: call(163, b"/al-none", nonsense=INVALID),
    "syslog": lambda: call(103, 10, 0, 0),
    "quotactl": lambda: call(179, 0x80000700, b"/dev/null", 0, 0, nonsense=(*INVALID, errno.ENOTBLK)),
    "io_uring": lambda: call(425, 1, ctypes.create_string_buffer(120), nonsense=INVALID),
    "mknod": mknod_disk,
    "raw": lambda: opened(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP),
    "raw6": lambda: opened(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6),
    "packet": lambda: opened(socket.AF_PACKET, socket.SOCK_RAW, 3),
    "packet-dgram": lambda: opened(socket.AF_PACKET, socket.SOCK_DGRAM, 0),
    "vsock": lambda: opened(40, socket.SOCK_STREAM),
}
print("BREACH" if ATTACKS[sys.argv[1]]() else "held")
