"""Runs a command, static or not, for which the real-time clock is SECONDS off (x86-64 Linux).

usage: with_clock.py SECONDS|@FILE COMMAND…

With @FILE the seconds are read from it each time, so that a test can set the clock while it runs.
Each new program image loses its vDSO (the auxiliary vector's entry is made void), so it asks the
kernel for the time; a seccomp filter stops these calls and the answer is shifted. Other clocks and
everything else run at full speed.
"""

import ctypes
import os
import signal
import struct
import sys

_SHIFT = sys.argv[1]
_libc = ctypes.CDLL(None, use_errno=True)
_libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
_libc.ptrace.restype = ctypes.c_long

TRACEME, CONT, GETREGS, SETOPTIONS, SYSCALL, GETEVENTMSG = 0, 7, 12, 0x4200, 24, 0x4201
# SYSGOOD, FORK, VFORK, CLONE, EXEC, SECCOMP, EXITKILL
OPTIONS = 1 | 2 | 4 | 8 | 16 | 128 | 0x100000
EVENT_EXEC, EVENT_SECCOMP, EVENT_STOP = 4, 7, 128
NR_CLOCK_GETTIME, NR_GETTIMEOFDAY, NR_TIME = 228, 96, 201
RAX, RDI, RSI, RSP = 10, 14, 13, 19
AT_SYSINFO_EHDR, AT_IGNORE = 33, 1


def filter_program() -> bytes:
    """Stops time, gettimeofday and clock_gettime of the real-time clocks; lets all else run."""
    trace, allow = 0x7FF00000, 0x7FFF0000
    lines = [(0x20, 0, 0, 0), (0x15, 5, 0, NR_GETTIMEOFDAY), (0x15, 4, 0, NR_TIME),
             (0x15, 0, 4, NR_CLOCK_GETTIME), (0x20, 0, 0, 16), (0x15, 1, 0, 0), (0x15, 0, 1, 5),
             (0x06, 0, 0, trace), (0x06, 0, 0, allow)]
    return b"".join(struct.pack("HBBI", *line) for line in lines)


def child() -> None:
    """Becomes the command, traced and filtered."""
    program = filter_program()
    buffer = ctypes.create_string_buffer(program)
    header = struct.pack("HxxxxxxQ", len(program) // 8, ctypes.addressof(buffer))
    _libc.ptrace(TRACEME, 0, None, None)
    os.kill(os.getpid(), signal.SIGSTOP)
    _libc.prctl(38, 1, 0, 0, 0)
    if _libc.prctl(22, 2, ctypes.c_char_p(header), 0, 0) != 0:
        os._exit(99)
    os.execvp(sys.argv[2], sys.argv[2:])


def seconds_off() -> int:
    """How many seconds the clock is off now."""
    if not _SHIFT.startswith("@"):
        return int(_SHIFT)
    with open(_SHIFT[1:], encoding="ascii") as file:
        return int(file.read() or "0")


def registers(pid: int) -> list:
    """The user registers of a stopped thread."""
    buffer = ctypes.create_string_buffer(27 * 8)
    _libc.ptrace(GETREGS, pid, None, ctypes.addressof(buffer))
    return list(struct.unpack("27Q", buffer.raw))


def void_vdso(pid: int) -> None:
    """Makes the new image believe that there is no vDSO."""
    with open(f"/proc/{pid}/mem", "r+b", buffering=0) as memory:
        address = registers(pid)[RSP]
        memory.seek(address)
        words = memory.read(1 << 16)
        values = struct.unpack(f"{len(words) // 8}Q", words[:len(words) // 8 * 8])
        at = 1 + values[0] + 1                      # argc, argv, NULL
        while values[at]:
            at += 1                                 # environment
        at += 1
        while values[at]:
            if values[at] == AT_SYSINFO_EHDR:
                memory.seek(address + at * 8)
                memory.write(struct.pack("Q", AT_IGNORE))
            at += 2


def shift(pid: int, regs: list, number: int) -> None:
    """Moves the seconds of an answered call."""
    target = regs[RSI] if number == NR_CLOCK_GETTIME else regs[RDI]
    if target:
        with open(f"/proc/{pid}/mem", "r+b", buffering=0) as memory:
            memory.seek(target)
            seconds, = struct.unpack("q", memory.read(8))
            memory.seek(target)
            memory.write(struct.pack("q", seconds + seconds_off()))


def main() -> int:
    """Traces until the command has ended; returns its exit code."""
    first = os.fork()
    if first == 0:
        child()
    os.waitpid(first, 0)
    _libc.ptrace(SETOPTIONS, first, None, OPTIONS)
    signal.signal(signal.SIGTERM, lambda *_: os.kill(first, signal.SIGTERM))
    _libc.ptrace(CONT, first, None, None)
    pending, known = {}, {first}
    while True:
        try:
            pid, status = os.waitpid(-1, 0x40000000)  # __WALL
        except ChildProcessError:
            return 0
        if os.WIFEXITED(status) or os.WIFSIGNALED(status):
            if pid == first:
                return os.waitstatus_to_exitcode(status) & 0xFF
            continue
        stop, event = os.WSTOPSIG(status), status >> 16
        request, deliver = CONT, 0
        if event == EVENT_EXEC:
            void_vdso(pid)
        elif event == EVENT_SECCOMP:
            pending[pid] = registers(pid)[15]        # the call's number
            request = SYSCALL
        elif stop == signal.SIGTRAP | 0x80 and pid in pending:
            regs = registers(pid)
            if regs[RAX] < 1 << 63:
                shift(pid, regs, pending[pid])
            del pending[pid]
        elif event == 0 and stop not in (signal.SIGTRAP, signal.SIGTRAP | 0x80):
            # A new thread's first stop is no signal of its own.
            deliver = 0 if stop == signal.SIGSTOP and pid not in known else stop
        known.add(pid)
        _libc.ptrace(request, pid, None, deliver)


sys.exit(main())
