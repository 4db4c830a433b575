"""An agent against `aileron exec`: it opens no way to the host, answers for nobody, and holds nobody."""

import os
import socket
import subprocess

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
