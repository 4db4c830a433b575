"""Runs a command behind a filter that refuses namespaces, as the engines of containers set it up.

usage: without_namespaces.py COMMAND…

clone3 is answered as on a kernel that has none, since its flags cannot be looked at; unshare is denied.
"""

import ctypes
import os
import struct
import sys

_UNSHARE, _CLONE3 = 272, 435
_EPERM, _ENOSYS = 1, 38
program = b"".join(struct.pack("HBBI", *line) for line in (
    (0x20, 0, 0, 0),                       # the number of the call
    (0x15, 0, 1, _CLONE3),
    (0x06, 0, 0, 0x00050000 | _ENOSYS),    # SECCOMP_RET_ERRNO
    (0x15, 0, 1, _UNSHARE),
    (0x06, 0, 0, 0x00050000 | _EPERM),
    (0x06, 0, 0, 0x7FFF0000),              # SECCOMP_RET_ALLOW
))
buffer = ctypes.create_string_buffer(program)
header = struct.pack("HxxxxxxQ", len(program) // 8, ctypes.addressof(buffer))
libc = ctypes.CDLL(None, use_errno=True)
assert libc.prctl(38, 1, 0, 0, 0) == 0
assert libc.prctl(22, 2, header, 0, 0) == 0, os.strerror(ctypes.get_errno())
os.execvp(sys.argv[1], sys.argv[1:])
