"""Standard input, output and error of the agent, without a terminal."""

import hashlib
import os
import subprocess

from lib import process

DATA = bytes(range(256)) * 20_000


def test_input_and_output_pass_through_byte_for_byte(world):
    """A byte of a pipe is lost or changed on its way through the sandbox."""
    result = world.launch("cat", data=DATA).ok()
    assert hashlib.sha256(result.stdout).digest() == hashlib.sha256(DATA).digest()


def test_output_and_error_stay_apart(world):
    """Standard error lands in standard output or the other way round."""
    result = world.shell("echo out; echo err >&2").ok()
    assert (result.out, result.err) == ("out\n", "err\n")


def test_the_end_of_input_is_seen(world):
    """The agent waits for ever for an input that has ended."""
    assert world.launch("wc", "-c", data=b"12345").ok().out.strip() == "5"
    assert world.launch("cat").ok().stdout == b""


def test_a_file_as_input_and_output(world):
    """Descriptors that are files do not work as they do for any command."""
    source = world.write("source", DATA)
    target = os.path.join(world.root, "target")
    with open(source, "rb") as stdin, open(target, "wb") as stdout:
        world.launch("cat", stdin=stdin, stdout=stdout).ok()
    with open(target, "rb") as file:
        assert file.read() == DATA


def test_pipes_are_no_terminal(world):
    """A launch in a pipe gives its agent a terminal."""
    result = world.shell("for d in 0 1 2; do [ -t $d ] && echo terminal; done; true", data=b"")
    assert result.ok().out == ""


def test_a_reader_that_leaves_ends_the_agent(world):
    """`aileron launch -- yes | head -1` never ends."""
    line = " ".join(f"'{part}'" for part in world.launch_line(["yes"]))
    result = world.run("bash", "-c", f"{line} | head -1; exit ${{PIPESTATUS[0]}}", timeout=30)
    assert result.out == "y\n"
    assert result.rc == 141, result.describe()


def test_output_arrives_while_the_agent_runs(world):
    """The agent's output is held back until it ends."""
    child = world.launch_start("sh", "-c", "echo first; read line; echo got $line",
                               stdin=subprocess.PIPE)
    assert child.stdout.readline() == b"first\n"
    child.stdin.write(b"answer\n")
    child.stdin.flush()
    assert child.stdout.readline() == b"got answer\n"
    assert child.wait(process.PATIENCE) == 0


def test_arguments_arrive_as_they_were_given(world):
    """An argument is changed, split or dropped on its way."""
    odd = ["", " ", "a b", "*", "$HOME", "\\", "'", '"', "--flag", "-x", "ä€𝄞", "line\nbreak", "--"]
    program = "import sys; sys.stdout.write('\\0'.join(sys.argv[1:]))"
    result = world.launch("/usr/bin/python3", "-c", program, *odd).ok()
    assert result.out.split("\0") == odd


def test_the_launcher_prints_nothing_of_its_own_to_output(world):
    """A quiet agent's standard output is not empty."""
    assert world.launch("true").ok().stdout == b""
