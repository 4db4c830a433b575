"""Launches that go on without a terminal: how they start, what they print, who comes and leaves."""

import os
import re
import subprocess
import time

import pytest

from lib import binary, process, terminal

_ID = re.compile(r"^[0-9A-Z]{26}$")


def _detach(world, *command, flags=()) -> str:
    """Launches; the session's id."""
    result = world.aileron("launch", "--detach", *flags, "--", *command).ok()
    session = result.out.strip()
    assert _ID.match(session), result.describe()
    return session


def _logs(world, session, *flags) -> str:
    return world.aileron("session", "logs", *flags, session).ok().out.replace("\r\n", "\n")


def _prints(world, session, text) -> None:
    process.eventually(lambda: text in _logs(world, session), f"{text!r} is printed")


def _runs(world, session) -> bool:
    return session in [one["id"] for one in world.json("session", "list")]


def _exit(world, session):
    path = os.path.join(world.state, "aileron/kept", session, "exit")
    if not os.path.exists(path):
        return None
    with open(path, encoding="ascii") as file:
        return int(file.read())


def _keepers(world) -> list:
    """The processes of this world that keep launches."""
    found = []
    for one in process.everyone().values():
        if one.command[1:2] == ("keeper",):
            with open(f"/proc/{one.pid}/environ", "rb") as file:
                if world.root.encode() in file.read():
                    found.append(one.pid)
    return found


def _stop(world, session) -> None:
    world.aileron("session", "stop", session).ok()
    process.eventually(lambda: _exit(world, session) is not None, "the keeper has ended")


def test_a_detached_agent_runs_on_and_its_output_is_kept(world):
    """launch --detach waits for the agent, its output is lost, or its exit code is."""
    session = _detach(world, "sh", "-c", "echo begun; while [ ! -e go ]; do sleep 0.05; done; echo done; exit 7")
    _prints(world, session, "begun\n")
    assert _runs(world, session) and _exit(world, session) is None
    assert "done" not in _logs(world, session)
    world.write("go", "")
    process.eventually(lambda: _exit(world, session) == 7, "the exit code is kept")
    assert "begun\ndone\n" in _logs(world, session) and not _runs(world, session)
    assert _logs(world, session, "--tail", "1") == "done\n"
    late = world.aileron("session", "attach", session)
    assert late.rc == 7 and "has ended" in late.err, late.describe()


def test_logs_follow_until_the_end(world):
    """--follow ends too early, repeats, or loses what is printed."""
    session = _detach(world, "sh", "-c", "for i in $(seq 200); do echo line$i; done; sleep 0.3; echo last")
    lines = _logs(world, session, "--follow").splitlines()
    assert [one for one in lines if one.startswith("line")] == [f"line{i}" for i in range(1, 201)]
    assert lines[-1] == "last"


@pytest.mark.parametrize("command,code,said", [
    (["no-such-program"], 127, "no-such-program"),
    (["/etc/passwd"], 126, "/etc/passwd"),
])
def test_what_cannot_start_is_told_at_once(world, command, code, said):
    """A launch that never ran gives an id and success."""
    result = world.aileron("launch", "--detach", "--", *command)
    assert result.rc == code and said in result.err and result.out == "", result.describe()


def test_a_bad_flag_is_told_as_ever(world):
    """A mistake in the command line starts a keeper."""
    result = world.aileron("launch", "--detach", "--profil", "open", "--", "true")
    assert result.rc == 64 and "--profile" in result.err, result.describe()
    result = world.aileron("launch", "--detach", "--mount", "/nowhere:/x", "--", "true")
    assert result.rc == 125 and "/nowhere" in result.err, result.describe()
    result = world.aileron("launch", "--detach", "--session-fd", "5", "--", "true")
    assert result.rc == 64 and "--session-fd" in result.err, result.describe()
    result = world.aileron("launch", "--session-fd", "77", "--", "true")
    assert result.rc == 64 and "not open for writing" in result.err, result.describe()
    result = world.aileron("launch", "--detach", "--report-fd", "5", "--unattended", "--", "true")
    assert result.rc == 64 and "--report-fd" in result.err, result.describe()


def _attach(world, session, *flags):
    return terminal.open_in(world, [binary.path(), "session", "attach", *flags, session])


def test_who_attaches_types_sees_and_leaves(world):
    """Keys do not reach the agent, its output does not reach who is attached, or leaving ends it."""
    session = _detach(world, "sh")
    _prints(world, session, "$ ")
    first = _attach(world, session)
    first.send("echo seen-$((40+2))\r")
    first.expect("seen-42")
    second = _attach(world, session)
    second.expect("seen-42")  # what was printed before
    second.send("echo both-$((1+1))\r")
    first.expect("both-2")
    second.expect("both-2")
    first.send("\x10\x11")
    first.expect("session attach")
    assert first.wait() == 0 and _runs(world, session)
    second.send("exit 5\r")
    assert second.wait() == 5
    process.eventually(lambda: _exit(world, session) == 5, "it has ended")


def test_other_keys_leave_where_they_are_named(world):
    """--detach-keys does nothing, or the usual ones leave still."""
    session = _detach(world, "cat")
    seen = _attach(world, session, "--detach-keys", "ctrl-]")
    seen.send("\x10\x11on\r")
    seen.expect("on")
    seen.send("\x1d")
    assert seen.wait() == 0
    wrong = world.aileron("session", "attach", "--detach-keys", "ctrl-1", session)
    assert wrong.rc == 64 and "ctrl-p,ctrl-q" in wrong.err
    _stop(world, session)


def test_the_size_of_the_terminal_reaches_the_agent(world):
    """A program draws for another terminal than the one that is attached."""
    session = _detach(world, "sh", "-c", "trap 'stty size' WINCH; stty size; while :; do sleep 0.05; done")
    _prints(world, session, "24 80\n")
    seen = terminal.open_in(world, [binary.path(), "session", "attach", session], rows=33, columns=101)
    seen.expect("33 101")
    seen.resize(40, 90)
    seen.expect("40 90")
    seen.close()
    _stop(world, session)


def test_who_takes_nothing_does_not_stop_the_agent(world):
    """An attached terminal that hangs makes the agent hang for ever."""
    session = _detach(world, "sh", "-c", "while [ ! -e go ]; do sleep 0.05; done; "
                                         "for i in $(seq 60000); do echo 0123456789012345678901234567890123456789; done; echo over")
    stuck = world.start(binary.path(), "session", "attach", "--no-stdin", session, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
    time.sleep(0.3)
    world.write("go", "")
    process.eventually(lambda: _exit(world, session) == 0, "the agent has ended", 60)
    assert _logs(world, session, "--tail", "1") == "over\n"
    process.end(stuck.pid)
    stuck.stdout.close()
    stuck.wait()


def test_what_is_pasted_comes_whole(world):
    """Of many keys at once some are lost."""
    session = _detach(world, "sh", "-c", "stty raw -echo; echo ready; head -c 60000 | cksum > got")
    _prints(world, session, "ready")
    typed = bytes(33 + number % 90 for number in range(60_000))
    world.run(binary.path(), "session", "attach", session, data=typed).ok()
    assert world.read("got") == process.run(["cksum"], data=typed).ok().out


def test_without_a_terminal_the_agent_has_none(world):
    """--tty=never gives a terminal, or mixes in its line ends."""
    session = _detach(world, "sh", "-c", "[ -t 0 ] || [ -t 1 ] || echo none; cat; echo end", flags=["--tty=never"])
    process.eventually(lambda: _exit(world, session) == 0, "it has ended")
    out = world.aileron("session", "logs", session).ok().out
    assert "none\nend\n" in out and "\r" not in out


def test_a_killed_keeper_takes_the_sandbox_with_it(world):
    """After kill -9 of the keeper an agent runs that nobody can reach."""
    session = _detach(world, "sleep", "1000")
    keepers = _keepers(world)
    assert len(keepers) == 1
    process.end(keepers[0])
    process.eventually(lambda: not _runs(world, session), "the session has ended")
    for _ in range(2):
        lost = world.aileron("session", "attach", session)
        assert lost.rc == 69 and "killed" in lost.err, lost.describe()
    world.aileron("session", "logs", "--follow", session, timeout=20).ok()
    assert not os.path.exists(os.path.join(world.runtime, "aileron/kept", session))


def test_a_session_is_stopped(world):
    """session stop leaves the keeper or its socket."""
    session = _detach(world, "sleep", "1000")
    _stop(world, session)
    assert not os.path.exists(os.path.join(world.runtime, "aileron/kept", session))


def test_the_agent_reaches_no_keeper(world):
    """From inside, the socket or the log of a detached launch is to be seen."""
    session = _detach(world, "sleep", "1000")
    socket = os.path.join(world.runtime, "aileron/kept", session)
    log = os.path.join(world.state, "aileron/kept", session, "output")
    assert os.path.exists(socket) and os.path.exists(log)  # on the host they are
    inside = world.shell(f"ls {socket} {log} 2>&1; true").ok()
    assert inside.out.count("No such file") + inside.out.count("Permission denied") == 2, inside.describe()
    _stop(world, session)


def test_an_id_names_no_file(world):
    """A session's name leads out of the folder."""
    for name in ("../../x", "", "no-id"):
        result = world.aileron("session", "logs", "--", name)
        assert result.rc == 64, result.describe()
