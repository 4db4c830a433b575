"""What `aileron launch` returns, by how its agent ended."""

import os
import signal

import pytest

from lib import binary, process


@pytest.mark.parametrize("code", [0, 1, 42, 125, 255])
def test_the_agents_exit_code_comes_back_unchanged(world, code):
    """The launch returns another code than its agent."""
    assert world.shell(f"exit {code}").rc == code


@pytest.mark.parametrize("name", ["TERM", "KILL", "SEGV", "HUP", "USR1"])
def test_an_agent_killed_by_signal_n_gives_128_plus_n(world, name):
    """A signal that ends the agent is not told as 128+n."""
    number = getattr(signal, "SIG" + name)
    assert world.shell(f"kill -{name} $$").rc == 128 + number


def test_a_command_that_does_not_exist_gives_127(world):
    """A missing command is not told as 127."""
    result = world.launch("no-such-command-anywhere")
    assert result.rc == 127, result.describe()
    assert "no-such-command-anywhere" in result.err


@pytest.mark.parametrize("kind", ["file", "folder", "no-format"])
def test_a_command_that_cannot_be_executed_gives_126(world, kind):
    """A command that is no program is not told as 126."""
    path = os.path.join(world.workspace, "thing")
    if kind == "file":
        world.write("thing", "#!/bin/sh\n", 0o644)
    elif kind == "folder":
        world.write("thing/inner", "")
    else:
        world.write("thing", b"\x7fELF\x02\x01\x01" + b"\0" * 60, 0o755)
    result = world.launch(path)
    assert result.rc == 126, result.describe()


@pytest.mark.parametrize("flags", [
    ("--mount", "/does/not/exist:/mnt"),
    ("--workdir", "/does/not/exist"),
    ("--require", "no-such-wall"),
    ("--env-file", "/does/not/exist"),
])
def test_a_sandbox_that_cannot_be_built_is_not_started(world, flags):
    """A launch that cannot be carried out runs the agent, or returns an agent's code."""
    mark = os.path.join(world.workspace, "started")
    result = world.shell(f"touch {mark}", flags=flags)
    assert result.rc in (64, 78, 125, 126, 127), result.describe()
    assert not os.path.exists(mark) and result.err.strip()


@pytest.mark.parametrize("flags", [
    ("--no-such-flag",), ("--sandbox=spaceship",), ("--memory", "lots"), ("--pids", "-3"),
    ("--allow", "http://a b"), ("--connect-to", "nonsense"), ("--env", "=x"), ("--profile", "wild"),
    ("--cpus", "many"), ("--mount", "relative"), ("--tty", "maybe"),
])
def test_wrong_usage_gives_64_and_says_what_is_wrong(world, flags):
    """A wrong flag is not a usage error, or the message does not name it."""
    result = world.launch("true", flags=flags)
    assert result.rc == 64, result.describe()
    name = flags[0].split("=")[0].lstrip("-")
    assert name in result.err, result.describe()


def test_no_command_and_no_terminal_is_a_usage_error_or_a_shell(world):
    """A launch without a command hangs or crashes."""
    result = world.run(binary.path(), "launch", timeout=30)
    assert result.rc in (0, 64), result.describe()


@pytest.mark.parametrize("name", ["TERM", "INT", "HUP", "USR2"])
def test_a_signal_to_the_launcher_reaches_the_agent(world, name):
    """A signal that the launcher gets is not passed on to the agent."""
    script = f"trap 'echo caught; exit 7' {name}; echo ready; while :; do sleep 0.05; done"
    child = world.launch_start("sh", "-c", script)
    assert child.stdout.readline() == b"ready\n", child.stderr.read1()
    os.kill(child.pid, getattr(signal, "SIG" + name))
    assert child.stdout.readline() == b"caught\n"
    assert child.wait(process.PATIENCE) == 7


def test_a_launcher_told_to_end_ends_with_its_agent(world):
    """SIGTERM leaves the agent running or gives another code than 143."""
    child = world.launch_start("sh", "-c", "echo ready; exec sleep 1000")
    assert child.stdout.readline() == b"ready\n"
    os.kill(child.pid, signal.SIGTERM)
    assert child.wait(process.PATIENCE) == 143


def test_what_the_agent_leaves_in_the_background_ends_with_it(world):
    """A process that the agent left behind survives the launch."""
    result = world.shell("(setsid sleep 4242 &) ; nohup sleep 4242 >/dev/null 2>&1 & exit 3")
    assert result.rc == 3

    def none_left():
        return not [one for one in process.descendants() if "4242" in one.command]

    process.eventually(none_left, "the background processes have ended")


def test_orphans_in_the_sandbox_are_reaped(world):
    """PID 1 leaves zombies behind."""
    script = ("i=0; while [ $i -lt 50 ]; do (sh -c 'true' &) ; i=$((i+1)); done; sleep 0.5; "
              "grep -l 'State:.Z' /proc/[0-9]*/status 2>/dev/null | wc -l")
    assert world.shell(script).ok().out.strip() == "0"
