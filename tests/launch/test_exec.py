"""`aileron exec`: a command of a person's beside an agent, behind all of its walls."""

import hashlib
import os
import re
import signal
import subprocess
import time

import pytest

from lib import binary, process, terminal

_ENV = ["--env", "ASIDE=agent"]


def _session(world, *flags, command=("sleep", "1000")) -> str:
    """A detached session whose agent runs."""
    return world.aileron("launch", "--detach", *flags, "--", *command).ok().out.strip()


def _exec(world, session, *command, flags=(), **keywords) -> process.Result:
    return world.aileron("exec", *flags, session, "--", *command, **keywords)


def _start(world, session, *command, flags=(), **keywords) -> subprocess.Popen:
    keywords.setdefault("stdout", subprocess.PIPE)
    keywords.setdefault("stderr", subprocess.PIPE)
    return world.start(binary.path(), "exec", *flags, session, "--", *command, **keywords)


def _stop(world, session) -> None:
    world.aileron("session", "stop", session).ok()
    process.eventually(lambda: os.path.exists(os.path.join(world.state, "aileron/kept", session, "exit")), "it has ended")


def _records(world, kind, session) -> list:
    """The details of the session's records of that kind."""
    return [one["detail"] for one in world.json("audit", "list", "--session", session) if one["kind"] == kind]


def _close(child) -> None:
    for stream in (child.stdin, child.stdout, child.stderr):
        if stream:
            stream.close()


def test_a_command_has_what_the_agent_has(any_world):
    """exec runs with another environment, folder, user or other walls than the agent."""
    session = _session(any_world, *_ENV, command=("sh", "-c", "id -u > ids; exec sleep 1000"))
    process.eventually(lambda: os.path.exists(os.path.join(any_world.workspace, "ids")), "the agent runs")
    script = 'echo "$ASIDE $AILERON_SESSION_ID $PWD"; id -u; grep -E "^(Seccomp|NoNewPrivs|CapEff|CapBnd):" /proc/self/status'
    said = _exec(any_world, session, "sh", "-c", script).ok().out.splitlines()
    assert said[0] == f"agent {session} {any_world.workspace}"
    assert said[1] == any_world.read("ids").strip()
    facts = dict(line.split(":\t") for line in said[2:])
    assert facts == {"Seccomp": "2", "NoNewPrivs": "1", "CapEff": "0" * 16, "CapBnd": "0" * 16}
    denied = _exec(any_world, session, "sh", "-c", "echo x > /etc/x; echo y > /usr/y; mount -t tmpfs t /mnt; true").ok()
    assert denied.err.count("Read-only") + denied.err.count("ermission denied") + denied.err.count("ermitted") >= 2
    _stop(any_world, session)


def test_variables_and_folder_are_set(world):
    """--env or --workdir does nothing, or the agent's own value wins."""
    session = _session(world, *_ENV)
    said = _exec(world, session, "sh", "-c", "echo $ASIDE $MINE $PASSED; pwd", env={"PASSED": "passed"},
                 flags=["-e", "ASIDE=other", "--env", "MINE=a=b", "-e", "PASSED", "-e", "ABSENT", "-w", "/usr"]).ok()
    assert said.out == "other a=b passed\n/usr\n"
    assert world.aileron("exec", "-w", "usr", session, "--", "true").rc == 64
    assert world.aileron("exec", "-e", "=x", session, "--", "true").rc == 64
    lost = _exec(world, session, "true", flags=["-w", "/no/such"])
    assert lost.rc == 127 and "/no/such" in lost.err, lost.describe()
    _stop(world, session)


@pytest.mark.parametrize("command,code,said", [
    (["sh", "-c", "exit 0"], 0, ""), (["sh", "-c", "exit 42"], 42, ""),
    (["sh", "-c", "kill -9 $$"], 137, ""), (["sh", "-c", "kill -TERM $$"], 143, ""),
    (["no-such-program"], 127, "no-such-program"), (["/etc/passwd"], 126, "/etc/passwd"),
])
def test_the_exit_code_is_the_commands(world, command, code, said):
    """The exit code is another one, or what cannot run is not told."""
    session = _session(world)
    result = _exec(world, session, *command)
    assert result.rc == code and said in result.err, result.describe()
    _stop(world, session)


def test_bytes_pass_both_ways_as_they_are(any_world):
    """A megabyte is changed, cut, or its end is not heard of; standard error is mixed in."""
    session = _session(any_world)
    data = bytes(range(256)) * 4096 + b"end"
    copied = any_world.run(binary.path(), "exec", "-i", session, "--", "sh", "-c", "cat; echo over >&2", data=data).ok()
    assert hashlib.sha256(copied.stdout).digest() == hashlib.sha256(data).digest()
    assert copied.err == "over\n"
    silent = any_world.run(binary.path(), "exec", "--no-stdin", session, "--", "cat", data=data).ok()
    assert silent.stdout == b""
    _stop(any_world, session)


def test_who_reads_no_more_ends_the_command(world):
    """`exec … | head` hangs, or its command runs on."""
    session = _session(world)
    out = world.run("sh", "-c", f"{binary.path()} exec {session} -- sh -c 'while echo y; do :; done' | head -n 2", timeout=30).ok()
    assert out.out == "y\ny\n"
    process.eventually(lambda: "while echo" not in _exec(world, session, "ps", "ax").out, "the writer has ended")
    _stop(world, session)


def test_a_terminal_is_one_with_size_keys_and_jobs(world):
    """A shell by exec has no terminal, no job control, another size, or its exit code is lost."""
    session = _session(world)
    shell = terminal.open_in(world, [binary.path(), "exec", "-it", session, "--", "bash", "--norc"], rows=31, columns=97)
    shell.send("PS1='pro''mpt> '; stty size; tty\r")
    shell.expect("31 97")
    shell.expect("/dev/pts/")
    shell.resize(20, 70)
    shell.send("stty size\r")
    shell.expect("20 70")
    shell.send("cat\r")
    shell.send("seen\r")
    shell.expect("seen")
    shell.send("\x03")
    shell.expect("prompt> ")
    shell.send("sleep 100\r")
    time.sleep(0.3)
    shell.send("\x1a")
    shell.expect("Stopped")
    shell.send("exit 5\r")
    shell.expect("stopped jobs")
    shell.send("exit 5\r")
    assert shell.wait() == 5
    _stop(world, session)


def test_tmux_works_with_a_shell_in_the_sandbox(world):
    """In a real terminal program the shell of an exec does not work, or leaves the terminal raw."""
    session = _session(world)
    socket = os.path.join(world.temporary, "tmux")
    tmux = lambda *words: world.run("tmux", "-S", socket, "-f", "/dev/null", *words)
    tmux("new-session", "-d", "-x", "90", "-y", "20", "sh").ok()
    screen = lambda: tmux("capture-pane", "-p").ok().out
    tmux("send-keys", f"{binary.path()} exec {session} -- sh -c 'stty size; exec sh'", "Enter").ok()
    process.eventually(lambda: re.search(r"\b\d+ 90$", screen(), re.M), "the shell runs")
    tmux("send-keys", "echo in-$((20+3))-$AILERON_SESSION_ID", "Enter").ok()
    process.eventually(lambda: f"in-23-{session}" in screen(), "it answers")
    tmux("send-keys", "exit 3", "Enter").ok()
    tmux("send-keys", "echo back-$?-$((1+1)); stty -a", "Enter").ok()
    process.eventually(lambda: "back-3-2" in screen() and " icanon" in screen(), "the terminal is as before")
    tmux("kill-server").ok()
    if os.path.exists(socket):
        os.unlink(socket)
    _stop(world, session)


def test_standard_error_goes_its_own_way(world):
    """With a terminal, 2>file is not the file."""
    session = _session(world)
    path = os.path.join(world.temporary, "err")
    line = f"{binary.path()} exec {session} -- sh -c 'test -t 1 && echo out; test -t 2 || echo err >&2' 2>{path}"
    shell = terminal.open_in(world, ["sh", "-c", line])
    shell.expect("out")
    assert shell.wait() == 0
    with open(path, encoding="utf-8") as file:
        assert file.read() == "err\n"
    os.unlink(path)
    _stop(world, session)


def test_signals_are_passed_on(world):
    """SIGTERM or SIGINT of the client does not reach the command."""
    session = _session(world)
    for number, name in ((signal.SIGTERM, "TERM"), (signal.SIGINT, "INT"), (signal.SIGUSR1, "USR1")):
        child = _start(world, session, "sh", "-c", f"trap 'echo got; exit 9' {name}; echo ready; while :; do sleep 0.05; done")
        assert child.stdout.readline() == b"ready\n"
        child.send_signal(number)
        assert child.wait(process.PATIENCE) == 9 and child.stdout.read() == b"got\n"
        _close(child)
    _stop(world, session)


def test_the_command_dies_with_its_client(world):
    """After kill -9 of the client the command runs on, also one that does not mind."""
    session = _session(world)
    child = _start(world, session, "sh", "-c", "trap '' HUP PIPE; echo ready; sleep 777 & while :; do sleep 0.05; done")
    assert child.stdout.readline() == b"ready\n"
    child.kill()
    child.wait()
    _close(child)
    process.eventually(lambda: "777" not in _exec(world, session, "ps", "ax").ok().out, "it has ended")
    process.eventually(lambda: any("137" in one for one in _records(world, "session.exec_end", session)), "that is recorded")
    _stop(world, session)


def test_a_closed_terminal_ends_the_command(world):
    """When a person's window is closed its exec runs on."""
    session = _session(world)
    shell = terminal.open_in(world, [binary.path(), "exec", session, "--", "sh", "-c", "trap '' HUP; echo ready; sleep 778"])
    shell.expect("ready")
    os.close(shell.master)
    os.close(shell._slave)
    shell.master = shell._slave = -1
    shell.child.wait(process.PATIENCE)
    process.eventually(lambda: "778" not in _exec(world, session, "ps", "ax").ok().out, "it has ended")
    _stop(world, session)


def test_a_hangup_ends_the_client_at_once(world):
    """SIGHUP to a client whose output is a pipe leaves it, with a command that does not mind."""
    session = _session(world)
    child = _start(world, session, "sh", "-c", "trap '' HUP; echo ready; sleep 780")
    assert child.stdout.readline() == b"ready\n"
    child.send_signal(signal.SIGHUP)
    assert child.wait(process.PATIENCE) == 129
    _close(child)
    process.eventually(lambda: "780" not in _exec(world, session, "ps", "ax").ok().out, "it has ended")
    _stop(world, session)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_who_still_prints(world, number):
    """Where the command has ended and nobody takes what it printed, SIGTERM and SIGINT do nothing."""
    session = _session(world)
    child = _start(world, session, "sh", "-c", "head -c 100000 /dev/zero; exit 4", stderr=subprocess.DEVNULL)
    process.eventually(lambda: any(one.endswith("exit code 4") for one in _records(world, "session.exec_end", session)), "it has ended")
    time.sleep(0.3)
    assert child.poll() is None
    child.send_signal(number)
    assert child.wait(process.PATIENCE) == 128 + number
    _close(child)
    _stop(world, session)


def test_who_reads_no_more_of_a_terminal_ends_the_command(world):
    """`exec -t … | head` hangs."""
    session = _session(world)
    script = f"{binary.path()} exec -t {session} -- yes </dev/null | head -n 1"
    assert world.run("sh", "-c", script, timeout=30).ok().out.strip() == "y"
    process.eventually(lambda: "yes" not in _exec(world, session, "ps", "ax").ok().out, "the writer has ended")
    _stop(world, session)


def test_what_a_signal_ends_leaves_nothing(world):
    """SIGTERM of the client ends a shell and leaves what it was waiting for."""
    session = _session(world)
    child = _start(world, session, "sh", "-c", "echo ready; sleep 779; echo after")
    assert child.stdout.readline() == b"ready\n"
    child.terminate()
    assert child.wait(process.PATIENCE) == 143
    _close(child)
    process.eventually(lambda: "779" not in _exec(world, session, "ps", "ax").ok().out, "it has ended")
    _stop(world, session)


def test_a_session_that_ends_takes_its_commands_along(world):
    """The client hangs when the session ends, or reports success."""
    session = _session(world)
    child = _start(world, session, "sh", "-c", "echo ready; sleep 1000")
    assert child.stdout.readline() == b"ready\n"
    _stop(world, session)
    assert child.wait(process.PATIENCE) == 137
    assert b"session is over" in child.stderr.read()
    _close(child)
    late = _exec(world, session, "true")
    assert late.rc == 69 and "not running" in late.err, late.describe()


def test_what_is_left_behind_holds_nobody(world):
    """A process in the background keeps exec from ending, or what was printed is lost."""
    session = _session(world)
    began = time.monotonic()
    result = _exec(world, session, "sh", "-c", "setsid sleep 100 & head -c 60000 /dev/zero; echo done; exit 4")
    assert result.rc == 4 and result.stdout == b"\0" * 60000 + b"done\n" and time.monotonic() - began < 20
    held = terminal.open_in(world, [binary.path(), "exec", session, "--", "sh", "-c", "setsid sh -c 'trap \"\" HUP; sleep 100' & echo there; exit 6"])
    held.expect("there")
    assert held.wait() == 6
    _stop(world, session)


def test_a_killed_daemon_ends_no_command(world):
    """kill -9 of the daemon ends an exec, or its end is recorded nowhere."""
    session = _session(world)
    child = _start(world, session, "sh", "-c", "echo ready; read line; echo \"$line\"; exit 8", stdin=subprocess.PIPE)
    assert child.stdout.readline() == b"ready\n"
    process.end(world.json("daemon", "status")["pid"])
    child.stdin.write(b"on\n")
    child.stdin.flush()
    assert child.wait(process.PATIENCE) == 8 and child.stdout.read() == b"on\n"
    _close(child)
    process.eventually(lambda: any(one.endswith("exit code 8") for one in _records(world, "session.exec_end", session)),
                       "the next daemon is told")
    process.eventually(lambda: _exec(world, session, "true").rc == 0, "the next daemon passes commands on")
    _stop(world, session)


def test_each_run_is_recorded_without_secrets(world):
    """Who ran what is not recorded, its exit code is missing, or a password is in the log."""
    session = _session(world)
    secret = "hunter2-and-more-0123456789"
    _exec(world, session, "sh", "-c", "exit 3", "x", "--password", secret)
    assert any("exit 3" in one for one in _records(world, "session.exec", session))
    process.eventually(lambda: any(one.endswith("exit code 3") for one in _records(world, "session.exec_end", session)), "its end")
    assert secret not in world.aileron("audit", "export").ok().out
    _stop(world, session)


def test_commands_are_mediated(world):
    """A command that a rule denies runs by exec."""
    session = _session(world, "--command-deny", "curl")
    refused = _exec(world, session, "sh", "-c", "curl --version; echo $?").ok()
    assert refused.out == "126\n" and "denied" in refused.err, refused.describe()
    assert _exec(world, session, "curl", "--version").rc == 126
    _stop(world, session)


def test_an_attached_launch_takes_commands_too(world):
    """exec works with detached sessions alone."""
    child = world.launch_start("sh", "-c", "echo $AILERON_SESSION_ID; read end; exit 0", stdin=subprocess.PIPE)
    session = child.stdout.readline().decode().strip()
    assert _exec(world, session, "echo", "beside").ok().out == "beside\n"
    assert world.aileron("session", "exec", session, "echo", "--flag").ok().out == "--flag\n"
    child.stdin.close()
    assert child.wait(process.PATIENCE) == 0
    _close(child)


def test_many_at_once_and_one_too_many(world):
    """Commands at once disturb each other, or there is no bound."""
    session = _session(world)
    children = [_start(world, session, "sh", "-c", f"echo ready; read line; echo $line; exit {number}", stdin=subprocess.PIPE)
                for number in range(32)]
    for child in children:
        assert child.stdout.readline() == b"ready\n"
    more = _exec(world, session, "true")
    assert more.rc == 69 and "already" in more.err, more.describe()
    for number, child in enumerate(children):
        child.stdin.write(f"line {number}\n".encode())
        child.stdin.close()
    for number, child in enumerate(children):
        assert child.stdout.read() == f"line {number}\n".encode()
        assert child.wait(process.PATIENCE) == number
        child.stdin = None
        _close(child)
    process.eventually(lambda: _exec(world, session, "true").rc == 0, "there is room again")
    _stop(world, session)


def test_mistakes_are_told(world):
    """A mistake in the command line does something."""
    assert world.aileron("exec").rc == 64
    assert world.aileron("exec", "01KB0S5C8T3V9PAHD0QW6KFZ3M").rc == 64
    unknown = world.aileron("exec", "01KB0S5C8T3V9PAHD0QW6KFZ3M", "true")
    assert unknown.rc != 0 and "01KB0S5C8T3V9PAHD0QW6KFZ3M" in unknown.err, unknown.describe()
    assert world.aileron("exec", "-t", "-T", "01KB0S5C8T3V9PAHD0QW6KFZ3M", "true").rc == 64
    session = _session(world)
    bad = world.aileron("exec", session, "--", "echo", b"\xff")
    assert bad.rc == 64 and "UTF-8" in bad.err
    _stop(world, session)
