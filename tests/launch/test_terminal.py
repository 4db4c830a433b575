"""The agent on a terminal behaves as in a normal one."""

import signal
import time

from lib import process, terminal


def _open(world, *command, flags=(), **size):
    return terminal.open_in(world, world.launch_line(command, flags), **size)


def test_the_agent_has_a_controlling_terminal_of_the_right_size(any_world):
    """The agent's terminal is missing or has another size than the person's."""
    screen = _open(any_world, "sh", "-c", "[ -t 0 ] && [ -t 1 ] && [ -t 2 ] && stty size </dev/tty",
                   rows=31, columns=117)
    screen.expect(r"31 117\r\n")
    assert screen.wait() == 0


def test_nothing_is_lost_of_a_command_that_ends_at_once(world):
    """What a command printed is lost when it has ended before the launcher heard of its terminal."""
    for turn in range(10):
        screen = _open(world, "echo", "the whole line")
        time.sleep(0.002 * turn)
        screen.child.send_signal(signal.SIGSTOP)
        time.sleep(0.1)
        screen.child.send_signal(signal.SIGCONT)
        assert screen.wait() == 0
        assert "the whole line" in screen.text, (turn, screen.text)


def test_a_resize_reaches_the_agent(world):
    """A change of the window's size is not passed on, or without SIGWINCH."""
    screen = _open(world, "bash", "-c",
                   "trap 'stty size; exit 5' WINCH; echo ready; while :; do sleep 0.05; done")
    screen.expect("ready")
    screen.resize(40, 101)
    screen.expect(r"40 101\r\n")
    assert screen.wait() == 5


def test_control_c_interrupts_the_agent_and_not_the_launcher(world):
    """Ctrl-C does not interrupt the agent's foreground job."""
    screen = _open(world, "bash", "-c", "trap 'echo caught; exit 9' INT; echo ready; "
                                        "while :; do sleep 0.05; done")
    screen.expect("ready")
    screen.send("\x03")
    screen.expect("caught")
    assert screen.wait() == 9


def test_an_agent_that_control_c_ends_gives_130(world):
    """The exit code after Ctrl-C is not 128+2."""
    screen = _open(world, "sh", "-c", "echo ready; exec sleep 1000")
    screen.expect("ready")
    screen.send("\x03")
    assert screen.wait() == 128 + signal.SIGINT


def test_an_interactive_shell_has_job_control(any_world):
    """A shell in the sandbox cannot stop, list and continue jobs."""
    screen = _open(any_world, "bash", "--norc", "-i")
    screen.send("PS1='pro''mpt> '\n")
    screen.expect("prompt> ")
    # The job tells when it is in the foreground: keys before that would be the shell's.
    screen.send("sh -c 'echo job-$((1+1)); exec sleep 1000'\n")
    screen.expect("job-2")
    screen.send("\x1a")
    screen.expect("Stopped")
    # The shell does not leave before it has seen the end of its job.
    screen.send("jobs; kill %1; while kill -0 %1; do sleep 0.05; done 2>/dev/null; echo done-$((1+1))\n")
    screen.expect("done-2")
    screen.send("exit 6\n")
    assert screen.wait() == 6
    assert "no job control" not in screen.text


def test_control_d_ends_a_shell(world):
    """The end-of-file key does not end a shell."""
    screen = _open(world, "bash", "--norc", "-i")
    screen.send("PS1='pro''mpt> '\n")
    screen.expect("prompt> ")
    screen.send("\x04")
    assert screen.wait() == 0


def test_a_full_screen_program_works(world):
    """A program that switches the terminal to raw mode gets changed or no keys."""
    program = ("import os,sys,termios,tty\n"
               "tty.setraw(0); os.write(1, b'raw-ready'); keys=b''\n"
               "while not keys.endswith(b'q'): keys+=os.read(0, 64)\n"
               "os.write(1, keys.hex().encode()); termios.tcflush(0, termios.TCIFLUSH)\n")
    screen = _open(world, "/usr/bin/python3", "-c", program)
    screen.expect("raw-ready")
    screen.send("\x1b[A\x03\x1a\rq")
    screen.expect("1b5b41031a0d71")
    assert screen.wait() == 0


def test_vim_edits_a_file(any_world):
    """vim does not draw, take keys, see a resize, or write the file."""
    any_world.write("letter", "first line\n")
    screen = _open(any_world, "vim.tiny", "-u", "NONE", "-N", "letter", rows=20, columns=90)
    screen.expect("first line")
    screen.send("osecond line\x1b")
    screen.expect("second line")
    screen.resize(30, 70)
    size = None
    deadline = time.monotonic() + process.PATIENCE
    while size != ("30", "70"):  # the change is on its way
        assert time.monotonic() < deadline, size
        screen.send(":set lines? columns?\r")
        size = screen.expect(r"(?s)lines=(\d+).*?columns=(\d+).*?ENTER").groups()
        screen.send("\r")
    screen.send(":wq\r")
    assert screen.wait() == 0
    assert any_world.read("letter") == "first line\nsecond line\n"


def test_the_terminal_is_as_before_when_the_agent_has_ended(world):
    """A launch leaves the person's terminal in raw mode."""
    screen = _open(world, "sh", "-c", "stty raw -echo; exit 0")
    before = screen.before
    assert screen.wait() == 0
    assert screen.settings()[:4] == before[:4]


def test_the_terminal_is_as_before_when_the_agent_was_killed(world):
    """A killed agent leaves the person's terminal in raw mode."""
    screen = _open(world, "sh", "-c", "stty raw -echo; kill -KILL $$")
    before = screen.before
    assert screen.wait() == 137
    assert screen.settings()[:4] == before[:4]


def test_tty_always_gives_a_terminal_in_a_pipe(world):
    """--tty=always in a pipe gives no terminal."""
    result = world.shell("[ -t 1 ] && echo terminal", flags=["--tty=always"])
    assert "terminal" in result.ok().out


def test_tty_never_gives_none_on_a_terminal(world):
    """--tty=never on a terminal allocates a new pty."""
    screen = _open(world, "sh", "-c", "tty; echo the end", flags=["--tty=never"])
    screen.expect("the end")
    assert screen.wait() == 0


def test_much_output_arrives_whole(world):
    """Output on a terminal is lost or out of order when the agent ends at once."""
    screen = _open(world, "sh", "-c", "seq 1 20000")
    screen.expect(r"\b20000\r\n", 60)
    assert screen.wait() == 0
