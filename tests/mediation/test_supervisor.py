"""Who judges commands: that it cannot be removed, replaced, outlived or used against the host."""

import ctypes
import os
import signal
import subprocess
import time

import pytest

from lib import commands, process


def _mediator():
    found = [one for one in process.descendants() if one.command[:2] == ("aileron", "mediator")]
    return found[0].pid if found else None


class Runs:
    """A sandbox that runs each line written to it, and says how it ended."""

    def __init__(self, world, *flags):
        loop = "echo ready; while read line; do sh -c \"$line\"; echo code $?; done"
        self.child = world.launch_start("sh", "-c", loop, stdin=subprocess.PIPE,
                                        flags=[*commands.DENY, *flags])
        assert self.child.stdout.readline() == b"ready\n", self.child.stderr.read1()

    def send(self, line: str) -> None:
        self.child.stdin.write(line.encode() + b"\n")
        self.child.stdin.flush()

    def code(self) -> int:
        line = self.child.stdout.readline().decode()
        assert line.startswith("code "), line
        return int(line.split()[1])

    def run(self, line: str) -> int:
        self.send(line)
        return self.code()

    def end(self) -> None:
        self.child.communicate(timeout=process.PATIENCE)


def test_commands_go_on_after_the_daemon_was_killed(any_world):
    """After kill -9 of the daemon commands run unjudged, or none runs any more."""
    runs = Runs(any_world)
    assert runs.run("true") == 0
    first = any_world.daemon_pid()
    process.end(first)
    assert runs.run("touch forbidden") == 126
    assert runs.run("true") == 0
    assert any_world.daemon_pid() != first
    runs.end()
    assert not commands.breached(any_world)


def test_commands_go_on_after_the_mediator_was_killed(any_world):
    """After kill -9 of the mediator commands run unjudged, or none runs any more."""
    runs = Runs(any_world)
    for _ in range(3):
        pid = process.eventually(_mediator, "a mediator runs")
        os.kill(pid, signal.SIGKILL)
        assert runs.run("touch forbidden") == 126
        assert runs.run("true") == 0
    runs.end()
    assert not commands.breached(any_world)


def test_what_is_held_dies_with_the_mediator(world):
    """A command that waits for a person runs when who holds it is killed."""
    runs = Runs(world, "--command-ask", "touch asked", "--hold", "60s")
    runs.send("touch asked")
    process.eventually(lambda: world.json("approvals", "list"), "a question waits")
    os.kill(_mediator(), signal.SIGKILL)
    assert runs.code() == 137
    assert not os.path.exists(os.path.join(world.workspace, "asked"))
    runs.end()


def test_a_mediator_that_is_killed_in_the_middle_lets_nothing_pass(world):
    """Among many commands, one runs unjudged or hangs when the mediator is killed again and again."""
    program = ("import subprocess,sys\n"
               "for i in range(300):\n"
               "  ps=[subprocess.Popen(['touch','forbidden'],stderr=-3) for _ in range(4)]\n"
               "  [p.wait() for p in ps]\n"
               "print('done')\n")
    child = world.launch_start("python3", "-c", program, flags=commands.DENY)
    killed = 0
    for _ in range(4):
        time.sleep(0.3)
        pid = _mediator()
        if pid:
            os.kill(pid, signal.SIGKILL)
            killed += 1
    out, err = child.communicate(timeout=120)
    assert out == b"done\n", err
    assert killed, "no mediator was there to be killed"
    assert not commands.breached(world)


def test_without_a_daemon_a_command_fails_and_never_runs(world):
    """With no daemon for long a command hangs for ever, or runs."""
    runs = Runs(world)
    # A folder in the place of the socket's: no daemon can start.
    folder = os.path.join(world.runtime, "aileron")
    pid = world.daemon_pid()
    os.rename(folder, folder + "-away")
    world.write(folder, "in the way")
    process.end(pid)
    begun = time.monotonic()
    assert runs.run("touch forbidden") in (126, 127)
    assert time.monotonic() - begun < 60
    assert not commands.breached(world)
    os.unlink(folder)
    os.rename(folder + "-away", folder)
    process.eventually(lambda: runs.run("true") == 0, "commands run again")
    runs.end()


_SECOND = """
import ctypes, struct, os, sys
libc = ctypes.CDLL(None, use_errno=True)
libc.prctl(38, 1, 0, 0, 0)
def install(verdict, flags):
    code = struct.pack('HBBI', 0x20, 0, 0, 0) + struct.pack('HBBI', 0x15, 0, 1, 59) + \\
           struct.pack('HBBI', 6, 0, 0, verdict) + struct.pack('HBBI', 6, 0, 0, 0x7fff0000)
    buffer = ctypes.create_string_buffer(code)
    program = struct.pack('HxxxxxxQ', 4, ctypes.addressof(buffer))
    return libc.syscall(ctypes.c_long(317), 1, flags, program)
"""


def test_no_second_supervisor_and_no_filter_takes_the_place(any_world):
    """A program puts a filter or a supervisor of its own before ours, and a forbidden command runs."""
    listener = _SECOND + "r = install(0x7fc00000, 8)\nprint('BREACH' if r >= 0 else 'held')\n"
    assert any_world.launch("python3", "-c", listener, flags=commands.DENY).ok().out == "held\n"
    for verdict in (0x7fff0000, 0x7ffc0000, 0x7ff00000, 0x7fc00000):
        program = _SECOND + f"install({verdict}, 0)\nos.execv('/usr/bin/touch', ['touch', 'forbidden'])\n"
        any_world.launch("python3", "-c", program, flags=commands.DENY)
        assert not commands.breached(any_world), hex(verdict)


def test_canary_a_second_supervisor_can_be_made_without_rules(world):
    """The attempt is none: nobody can be a supervisor anyway, or the filters let nothing run."""
    listener = _SECOND + "r = install(0x7fc00000, 8)\nprint('made' if r >= 0 else 'held')\n"
    assert world.launch("python3", "-c", listener).ok().out == "made\n"
    for verdict in (0x7fff0000, 0x7ffc0000):
        program = _SECOND + f"install({verdict}, 0)\nos.execv('/usr/bin/touch', ['touch', 'forbidden'])\n"
        world.launch("python3", "-c", program)
        assert commands.breached(world), hex(verdict)


def test_who_is_traced_cannot_execute(any_world):
    """A program whose tracer changes its arguments after the look runs something else."""
    result = any_world.launch("strace", "-f", "-o", "/dev/null", "touch", "forbidden", flags=commands.DENY)
    assert result.rc != 0
    assert not commands.breached(any_world)
    assert any_world.launch("strace", "-o", "/dev/null", "touch", "forbidden").rc == 0
    assert commands.breached(any_world)


def _executes(number: int, offset: int) -> str:
    """A program that executes what is forbidden by a call of that number."""
    return ("import ctypes\nlibc=ctypes.CDLL(None,use_errno=True)\n"
            "a=(ctypes.c_char_p*3)(b'touch',b'forbidden',None)\n"
            f"libc.syscall(ctypes.c_long({number}),*([-100]*{offset}),b'/usr/bin/touch',a,None,0)\n")


def test_other_call_conventions_execute_nothing(any_world):
    """execve by the 32-bit or x32 numbers is not seen."""
    for number, offset in ((0x40000000 | 520, 0), (0x40000000 | 59, 0), (0x40000000 | 545, 1)):
        any_world.launch("python3", "-c", _executes(number, offset), flags=commands.DENY)
        assert not commands.breached(any_world)
    for number, offset in ((59, 0), (322, 1)):
        any_world.launch("python3", "-c", _executes(number, offset))
        assert commands.breached(any_world), "the canary: the same program by the usual numbers"


def _elf32(code: bytes) -> bytes:
    """A 32-bit program of nothing but `code`."""
    base, head = 0x08048000, 52 + 32
    size = head + len(code)
    elf = b"\x7fELF\1\1\1" + bytes(9)
    elf += (2).to_bytes(2, "little") + (3).to_bytes(2, "little") + (1).to_bytes(4, "little")
    elf += (base + head).to_bytes(4, "little") + (52).to_bytes(4, "little") + bytes(8)
    elf += b"".join(n.to_bytes(2, "little") for n in (52, 32, 1, 0, 0, 0))
    elf += b"".join(n.to_bytes(4, "little") for n in (1, 0, base, base, size, size, 5, 4096))
    return elf + code


def test_a_32_bit_program_is_killed_and_recorded(any_world):
    """A 32-bit program goes on, or nobody is told."""
    # mov $1,%eax; mov $7,%ebx; int $0x80
    code = b"\xb8\1\0\0\0\xbb\7\0\0\0\xcd\x80"
    path = any_world.write("old", _elf32(code), 0o755)
    result = any_world.launch("sh", "-c", f"{path}; echo code $?", flags=commands.DENY)
    assert result.out == "code 137\n", result.describe()
    process.eventually(lambda: commands.records(any_world, "kill"), "it is recorded")
    assert any_world.run(path).rc == 7, "the canary: this machine runs no 32-bit programs"


def test_io_uring_is_refused(any_world):
    """A ring makes calls that no filter sees."""
    program = ("import ctypes\nlibc=ctypes.CDLL(None,use_errno=True)\n"
               "print(libc.syscall(ctypes.c_long(425),8,ctypes.create_string_buffer(120)),ctypes.get_errno())")
    assert any_world.launch("python3", "-c", program, flags=commands.DENY).ok().out == "-1 1\n"


def test_nobody_writes_the_memory_that_is_judged(any_world):
    """A process writes another's memory by its proc file or by a call."""
    program = ("import os,ctypes\nlibc=ctypes.CDLL(None,use_errno=True)\n"
               "pid=os.fork()\n"
               "if pid==0:\n import time; time.sleep(5); os._exit(0)\n"
               "try:\n open(f'/proc/{pid}/mem','r+b'); print('BREACH')\n"
               "except OSError: print('held')\n"
               "r=libc.syscall(ctypes.c_long(311),pid,None,0,None,0,0); print(r, ctypes.get_errno())\n"
               "os.kill(pid,9)\n")
    assert any_world.launch("python3", "-c", program, flags=commands.DENY).ok().out == "held\n-1 1\n"
    assert any_world.launch("python3", "-c", program).ok().out == "BREACH\n0 0\n"


def test_the_mediator_has_given_up_the_host(any_world):
    """The mediator sees the host's files, has capabilities on the host, or lacks its filter."""
    runs = Runs(any_world)
    pid = process.eventually(_mediator, "a mediator runs")
    assert runs.run("true") == 0
    root = f"/proc/{pid}/root"
    assert sorted(os.listdir(root)) == ["proc"]
    status = dict(line.split(":\t", 1) for line in open(f"/proc/{pid}/status", encoding="utf-8"))
    assert int(status["CapEff"], 16) == 1 << 19 and int(status["CapBnd"], 16) == 0
    assert status["Seccomp"].strip() == "2" and status["NoNewPrivs"].strip() == "1"
    assert os.stat(f"/proc/{pid}/ns/user").st_ino != os.stat("/proc/self/ns/user").st_ino
    mounts = open(f"/proc/{pid}/mountinfo", encoding="utf-8").read()
    assert mounts and all(line.split()[5].startswith("ro") for line in mounts.splitlines())
    runs.end()


def test_the_agent_cannot_reach_the_mediator(any_world):
    """The agent sees or ends who judges it."""
    look = "cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' ' | grep -q '[a]ileron mediator'"
    runs = Runs(any_world)
    pid = process.eventually(_mediator, "a mediator runs")
    assert runs.run("true") == 0
    assert runs.run(look) == 1
    assert any_world.run("sh", "-c", look).rc == 0, "the canary: outside it is seen"
    runs.run(f"kill -9 {pid}")
    assert _mediator() == pid and runs.run("true") == 0
    runs.send("kill -9 -1")
    runs.end()
    assert process.eventually(lambda: _mediator() is None, "the mediator ended with its session")


def test_nested_namespaces_are_judged_too(any_world):
    """Inside namespaces of its own a program executes what is forbidden, or names lead astray."""
    flags = ["--allow-nested", *commands.DENY]
    any_world.shell("unshare -Ur sh -c 'touch forbidden'", flags=flags)
    assert not commands.breached(any_world)
    any_world.shell("unshare -Ur sh -c 'touch forbidden'", flags=["--allow-nested"])
    assert commands.breached(any_world)


def test_a_program_mounted_over_one_that_is_allowed_is_not_that_one(any_world):
    """In a mount namespace of its own a program runs under the path of one that is allowed."""
    script = "unshare -Urm sh -c 'mount --bind /usr/bin/touch /usr/bin/true; /usr/bin/true forbidden'"
    allowed = [flag for name in ("sh", "unshare", "mount", "/usr/bin/true") for flag in ("--command-allow", f"{name} **")]
    any_world.shell(script, flags=["--allow-nested", "--command-default", "deny", *allowed])
    assert not commands.breached(any_world)
    any_world.shell(script, flags=["--allow-nested"])
    assert commands.breached(any_world)
