"""An agent against `aileron exec`: it opens no way to the host, answers for nobody, and holds nobody."""

import os
import socket
import subprocess
import time

import pytest

from lib import binary, process

_CANARY = "canary-of-the-host"
# What a program finds behind its standard streams and its other descriptors.
_LOOK = """
import os, stat
for number in sorted(int(name) for name in os.listdir("/proc/self/fd")):
    try:
        mode = os.fstat(number).st_mode
    except OSError:
        continue
    print(number, "fifo" if stat.S_ISFIFO(mode) else "socket" if stat.S_ISSOCK(mode) else
          "folder" if stat.S_ISDIR(mode) else "chr" if stat.S_ISCHR(mode) else "file",
          os.readlink(f"/proc/self/fd/{number}"))
for number in range(3):
    try:
        print("below", number, os.listdir(f"/proc/self/fd/{number}/"))
    except OSError as error:
        print("held", number, error.errno)
"""

# Lets anyone trace it, as it is without Yama, and says who it is.
_TRACED = """
import ctypes, os, sys
ctypes.CDLL(None).prctl(0x59616d61, ctypes.c_ulong(-1), 0, 0, 0)
print(os.getpid(), flush=True)
sys.stdin.readline()
os._exit(7)
"""
# Traces the processes that are named, each with these options, and never waits for one.
_TRACER = """
import ctypes, sys, time
trace = ctypes.CDLL(None, use_errno=True).ptrace
trace.argtypes = [ctypes.c_long] * 4
for pid in sys.argv[2:]:
    print("seized", trace(0x4206, int(pid), 0, int(sys.argv[1])), flush=True)
time.sleep(1000)
"""
_AT_EXIT = 0x40  # PTRACE_O_TRACEEXIT: what was killed stops once more, and no second SIGKILL helps
# Prints more than is taken, ends, and leaves one who reads its output in the place of the client, and keeps it open.
_DRAIN = """
import fcntl, os, signal, time
fcntl.fcntl(1, fcntl.F_SETPIPE_SZ, 1 << 20)
os.write(1, b"x" * 1000000)
if os.fork() == 0:
    os.setsid()
    mine = os.open("/proc/self/fd/1", os.O_RDONLY | os.O_NONBLOCK)
    time.sleep(0.4)  # until the client knows how much is left
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            os.read(mine, 1 << 20)
        except BlockingIOError:
            pass
    os._exit(0)
os._exit(3)
"""


def _session(world, *flags, command=("sleep", "1000")) -> str:
    return world.aileron("launch", "--detach", *flags, "--", *command).ok().out.strip()


def _stop(world, session) -> None:
    world.aileron("session", "stop", session).ok()
    process.eventually(lambda: os.path.exists(os.path.join(world.state, "aileron/kept", session, "exit")), "it has ended")


def test_no_descriptor_of_the_host_comes_in(any_world):
    """A folder or socket that is a client's standard stream is one of the command's."""
    session = _session(any_world)
    folder = os.open(any_world.home, os.O_RDONLY)
    ours, theirs = socket.socketpair()
    line = [binary.path(), "exec", session, "--", "python3", "-c", _LOOK]
    options = any_world.options()
    child = subprocess.Popen(line, stdin=folder, stdout=subprocess.PIPE, stderr=theirs, **options)
    out = child.communicate(timeout=60)[0].decode()
    for one in (ours, theirs):
        one.close()
    os.close(folder)
    kinds = [row.split()[1] for row in out.splitlines() if row[0].isdigit() and "/proc/" not in row]
    assert kinds == ["fifo"] * 3 and out.count("held") == 3, out
    # The canary: given the folder itself a program sees what is in it.
    any_world.write(os.path.join(any_world.home, _CANARY), "")
    folder = os.open(any_world.home, os.O_RDONLY)
    direct = subprocess.run(["ls", "/proc/self/fd/0/"], stdin=folder, stdout=subprocess.PIPE, timeout=60, check=True, **options)
    os.close(folder)
    os.unlink(os.path.join(any_world.home, _CANARY))
    assert _CANARY in direct.stdout.decode()
    _stop(any_world, session)


def test_the_agent_runs_nothing_by_exec(any_world):
    """From inside, aileron exec reaches the daemon."""
    session = _session(any_world)
    inside = any_world.aileron("exec", session, "--", "/run/aileron/bin/aileron", "exec", session, "--", "id")
    assert inside.rc == 69 and "uid" not in inside.out, inside.describe()
    route = any_world.aileron("exec", session, "--", "sh", "-c",
                              "curl -s -o /dev/null -w '%{http_code}' -X POST -H \"Authorization: Bearer $AILERON_TOKEN\" "
                              "-d '{\"command\":[\"id\"]}' https://aileron.internal/v1/sessions/$AILERON_SESSION_ID/exec")
    assert route.out in ("404", "405"), route.describe()
    _stop(any_world, session)


def test_the_agent_does_not_hold_the_client(any_world):
    """An agent that keeps the streams of a command open, or fills them, keeps the person's program."""
    session = _session(any_world)
    script = ("for n in 1 2 3; do setsid sh -c 'trap \"\" HUP PIPE TERM; while :; do echo held; sleep 0.01; done' & done; "
              "setsid sleep 500 </dev/null & exit 3")
    result = any_world.aileron("exec", session, "--", "sh", "-c", script, timeout=30)
    assert result.rc == 3, result.describe()
    _stop(any_world, session)


def _traced(world, session, count: int, options: int):
    """Commands, of which a program of the agent's has become the tracer, and that program."""
    line = [binary.path(), "exec", session, "--", "python3", "-c"]
    start = lambda *more: world.start(*line, *more, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    children = [start(_TRACED) for _ in range(count)]
    pids = [child.stdout.readline().decode().strip() for child in children]
    tracer = start(_TRACER, str(options), *pids)
    for _ in pids:
        assert tracer.stdout.readline() == b"seized 0\n"
    return children, pids, tracer


def _close(*children) -> None:
    for child in children:
        child.stdin.close()
        child.stdout.close()


def test_a_command_that_is_traced_holds_nobody(any_world):
    """A tracer that never waits for a command keeps the client, or its exit code from it."""
    session = _session(any_world)
    children, pids, tracer = _traced(any_world, session, 2, 0)
    children[0].stdin.write(b"end\n")
    children[0].stdin.flush()
    assert children[0].wait(process.PATIENCE) == 7
    any_world.aileron("exec", session, "--", "sh", "-c", f"kill -9 {pids[1]}").ok()
    assert children[1].wait(process.PATIENCE) == 137
    _stop(any_world, session)
    tracer.wait(process.PATIENCE)
    _close(*children, tracer)


@pytest.mark.parametrize("options", [0, _AT_EXIT])
def test_traced_commands_leave_room_for_others(any_world, options):
    """Commands whose clients have gone are held by a tracer, and count among those that run."""
    session = _session(any_world)
    children, _, tracer = _traced(any_world, session, 3, options)
    for child in children:
        child.kill()
        child.wait()
    ends = lambda: [one for one in any_world.json("audit", "list", "--session", session) if one["kind"] == "session.exec_end"]
    process.eventually(lambda: len(ends()) == len(children), "all ends are told")
    assert tracer.poll() is None
    _stop(any_world, session)
    tracer.wait(process.PATIENCE)
    _close(*children, tracer)


def test_output_that_the_agent_takes_holds_nobody(any_world):
    """What a command has printed is read by another in the client's place, and the client waits for it."""
    session = _session(any_world)
    child = any_world.start(binary.path(), "exec", session, "--", "python3", "-c", _DRAIN, stdout=subprocess.PIPE)
    time.sleep(1)  # in which the command ends, and is told to have left what another then takes
    taken = len(child.stdout.read())
    child.stdout.close()
    assert child.wait(process.PATIENCE) == 3 and taken < 1000000
    _stop(any_world, session)


def test_the_agent_does_not_reach_the_ends_of_the_host(any_world):
    """A process beside a command takes what init holds, traces init, or answers in its place."""
    session = _session(any_world)
    attack = ("ls /proc/1/fd/ 2>&1; cat /proc/1/mem 2>&1 | head -c 1; "
              "python3 -c \"import ctypes; l = ctypes.CDLL(None, use_errno=True); print('trace', l.ptrace(16, 1, 0, 0), ctypes.get_errno())\"; "
              "python3 -c \"import os; print('pidfd'); p = os.pidfd_open(1); import ctypes; "
              "l = ctypes.CDLL(None, use_errno=True); print('get', l.syscall(438, p, 3, 0), ctypes.get_errno())\"")
    said = any_world.aileron("exec", session, "--", "sh", "-c", attack)
    assert "trace -1" in said.out and "get -1" in said.out, said.describe()
    assert said.out.count("ermission denied") >= 1, said.describe()
    # The canary: of its own child it gets all of that.
    own = any_world.aileron("exec", session, "--", "python3", "-c",
                            "import subprocess, os; c = subprocess.Popen(['sleep', '5']); print(os.listdir(f'/proc/{c.pid}/fd')); c.kill()").ok()
    assert "'0'" in own.out
    _stop(any_world, session)


@pytest.mark.parametrize("reply", ['{"type":"ended","code":0}', "garbage", '{"type":"begun"}'])
def test_a_command_that_prints_an_answer_is_believed_in_nothing(any_world, reply):
    """What a command prints is taken for what the launcher says."""
    session = _session(any_world)
    result = any_world.aileron("exec", session, "--", "sh", "-c", f"echo '{reply}'; echo '{reply}' >&2; exit 9")
    assert result.rc == 9 and result.out == reply + "\n" and result.err == reply + "\n"
    _stop(any_world, session)
