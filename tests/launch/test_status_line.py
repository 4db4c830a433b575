"""`--status-line`: the terminal's last row says what waits, and the agent never notices."""

import os
import re
import shlex
import time

import pytest

from lib import binary, process
from lib.terminal import open_in

HOST = "new.test"
_FETCH = f"curl -sS -o /dev/null -w 'code-%{{http_code}}\\n' https://{HOST}/"
_FLAGS = ["--status-line", "--hold", "60s"]
_QUIET = r"aileron · \w{6} · nothing waits"
_ASKS = r"aileron · \w{6} · 1 question waits: .*"


class Tmux:
    """A real terminal: a tmux of its own whose one pane runs `line`, and which stays when it ends."""

    def __init__(self, world, line: str, rows: int = 24, columns: int = 100):
        self.world = world
        self.socket = os.path.join(world.runtime, "tmux")
        self.alive = True
        keep = f"sh -c {shlex.quote(line + '; echo ended-$?; exec cat')}"
        settings = world.write(os.path.join(world.state, "tmux.conf"),
                               "set -g status off\nset -g escape-time 0\n"
                               f"set -g default-size {columns}x{rows}\n")
        start = ["tmux", "-S", self.socket, "-f", settings, "new-session", "-d", "-x", str(columns), "-y", str(rows), keep]
        # tmux 3.3a ends at its start now and then, before it has begun anything.
        process.eventually(lambda: world.run(*start).rc == 0, "tmux has started")
        world.servers.insert(0, self)

    is_launcher = True

    def _tmux(self, *arguments) -> process.Result:
        return self.world.run("tmux", "-S", self.socket, *arguments).ok()

    def rows(self) -> list:
        """What the pane shows."""
        return self._tmux("capture-pane", "-p").out.split("\n")[:-1]

    def last(self) -> str:
        """The last row."""
        return self.rows()[-1]

    def see(self, pattern: str) -> list:
        """Waits until the pane shows `pattern`."""
        def shown():
            rows = self.rows()
            return rows if re.search(pattern, "\n".join(rows)) else None
        try:
            return process.eventually(shown, f"{pattern} is shown")
        except AssertionError as error:
            raise AssertionError(f"{error}\n" + "\n".join(self.rows())) from None

    def see_after(self, pattern: str, *names: str) -> list:
        """Types until the pane shows `pattern`: a program that draws itself anew may wipe its answer away."""
        def shown():
            self.keys(*names)
            for _ in range(20):
                rows = self.rows()
                if re.search(pattern, "\n".join(rows)):
                    return rows
                time.sleep(0.05)
            return None
        return process.eventually(shown, f"{pattern} is shown")

    def see_last(self, pattern: str) -> str:
        """Waits until the last row matches `pattern` as a whole."""
        try:
            return process.eventually(lambda: (row := self.last().rstrip()) and re.fullmatch(pattern, row) and row,
                                      f"the last row is {pattern}")
        except AssertionError as error:
            raise AssertionError(f"{error}\n" + "\n".join(self.rows())) from None

    def keys(self, *names: str) -> None:
        """Types."""
        self._tmux("send-keys", *names)

    def resize(self, rows: int, columns: int) -> None:
        """Another size."""
        self._tmux("resize-window", "-x", str(columns), "-y", str(rows))

    def close(self) -> None:
        """Ends the pane and the server."""
        if self.alive:
            self.alive = False
            self.world.run("tmux", "-S", self.socket, "kill-server")


@pytest.fixture
def asking(any_world):
    """A world with a site that no rule allows."""
    any_world.site(HOST, allow=False)
    return any_world


def _in_tmux(world, *command, flags=(), **size) -> Tmux:
    line = " ".join(map(shlex.quote, world.launch_line(command, [*_FLAGS, *flags])))
    return Tmux(world, line, **size)


def _approve(world) -> None:
    question, = process.eventually(lambda: world.json("approvals", "list"), "a question waits")
    world.aileron("approvals", "approve", question["id"]).ok()


def test_the_last_row_says_what_waits(asking):
    """A question does not show up in the last row, or stays there."""
    screen = _in_tmux(asking, "sh", "-c", f"stty size; {_FETCH}; read line")
    screen.see("23 100")
    session = process.eventually(asking.sessions, "the session runs")[0]["id"]
    screen.see_last(f"aileron · {session[-6:]} · 1 question waits: connect to {HOST}:443 — aileron approvals")
    _approve(asking)
    rows = screen.see("code-200")
    screen.see_last(_QUIET)
    assert "aileron ·" not in "\n".join(rows[:-1]), rows
    screen.keys("Enter")
    rows = screen.see("ended-0")
    assert "aileron ·" not in "\n".join(rows) and rows[-1] == "", rows


def test_vim_and_less_have_their_own_rows(asking):
    """A full-screen program draws over the row, or the row over it; or what was on the screen is lost."""
    asking.write("long", "".join(f"line {n} of the file\n" for n in range(1, 200)))
    script = f"echo before; ({_FETCH} >/dev/null) & vim.tiny -u NONE -N long; less long; echo after; wait"
    screen = _in_tmux(asking, "sh", "-c", script, rows=20)
    screen.see("line 1 of")
    screen.see_last(_ASKS)
    assert screen.rows()[0] == "line 1 of the file"
    screen.keys("G")
    rows = screen.see("line 199 of")
    assert "1 question waits" in rows[-1] and rows[-3] == "line 199 of the file", rows
    screen.keys("Escape", ":set lines?", "Enter")
    screen.see("lines=19")
    screen.resize(14, 90)
    rows = screen.see_after("lines=13", "Enter", ":set lines?", "Enter")
    screen.see_last(_ASKS)
    assert sum("question waits" in row for row in screen.rows()) == 1, screen.rows()
    screen.keys("Enter", ":q!", "Enter")
    rows = screen.see("(?s)line 1 of.*line 12 of")  # less
    assert "1 question waits" in rows[-1] and "line 12 of" in rows[-3], rows
    screen.keys("G")
    rows = screen.see("line 199 of")
    assert "1 question waits" in rows[-1], rows
    screen.keys("q")
    rows = screen.see("(?s)before.*after")
    assert "1 question waits" in rows[-1], rows
    _approve(asking)
    rows = screen.see("(?s)before.*after.*ended-0")
    assert "aileron ·" not in "\n".join(rows), rows


def test_without_the_flag_the_terminal_is_all_the_agents(asking):
    """The row is there unasked."""
    line = " ".join(map(shlex.quote, asking.launch_line(["sh", "-c", "stty size; read line"])))
    screen = Tmux(asking, line)
    rows = screen.see("24 100")
    assert rows[-1] == "" and "aileron ·" not in "\n".join(rows)
    screen.keys("Enter")
    screen.see("ended-0")


_ATTACK = r"""
printf '\033[24;1HTAKEN'; printf '\033[999;1HTAKEN'; printf '\033[999dTAKEN'; printf '\033[2;5r\033[23;1H\n\n\nTAKEN'
printf '\033[2;5r\033[20;1H\033[99BTAKEN\033[99ETAKEN\033[99eTAKEN'; printf '\033[?6h\033[99;1HTAKEN\033[?6l'
printf '\033[r\033[24;1HTAKEN\033[1;24r\033[24;1HTAKEN'; printf '\033[2;5r\033[23;90HTAKEN-AND-WRAPPED-AROUND-TAKEN'
printf '\033[65;24;1;24;99$x\033[8;30;100t\033[?69h\033[?3h\0337\033[24;1H\0338TAKEN'; printf '\033c\033[24;1HTAKEN'
printf '\302\23324;1HTAKEN\23324;1HTAKEN'; printf '\033[!p\033[24;1HTAKEN\033#8\033[24;1HTAKEN'; printf '\033[H\033[2J'
printf '\033[?1049h\033[24;1HTAKEN\033[?1049l\033[24;1HTAKEN\033[r\033[23;1H'; echo; stty size; echo over
"""


def test_an_agent_cannot_write_into_the_row(asking):
    """An agent shows a row of its own making in the place of ours."""
    outside = Tmux(asking, "sh -c " + shlex.quote("printf '\\033[24;1HTAKEN'; sleep 1000"))
    assert outside.see("TAKEN")[-1] == "TAKEN", "the canary: a program outside writes there"
    outside.close()
    screen = _in_tmux(asking, "sh", "-c", _ATTACK + "read line")
    rows = screen.see("(?s)23 100.*over")
    assert re.fullmatch(_QUIET, rows[-1].rstrip()), rows
    screen.keys("Enter")
    assert "aileron ·" not in "\n".join(screen.see("ended-0"))


def test_a_size_that_changes_takes_the_row_along(asking):
    """The row stays where the terminal's end was, or the agent is told of a row that is not its own."""
    script = "trap 'stty size' WINCH; while :; do read -t 1 line && break; done; echo out"
    screen = _in_tmux(asking, "bash", "-c", script)
    screen.see_last(_QUIET)
    for rows, columns in ((30, 120), (12, 60), (24, 100)):
        screen.resize(rows, columns)
        shown = screen.see(f"{rows - 1} {columns}")
        assert len(shown) == rows
        screen.see_last(_QUIET)
    screen.resize(3, 100)
    screen.see("3 100")
    screen.resize(25, 100)
    screen.see("24 100")
    screen.see_last(_QUIET)
    screen.keys("Enter")
    screen.see("ended-0")


def test_what_is_shown_is_safe_and_fits(asking):
    """A name in a question turns the row's text, or makes it wider than the terminal."""
    name = "-".join(["long"] * 12) + ".test"
    screen = _in_tmux(asking, "curl", "-sS", f"https://{name}/", columns=80)
    row = screen.see("question waits")[-1].rstrip()
    assert len(row) < 80 and "…" in row and row.endswith("— aileron approvals"), row
    question, = asking.json("approvals", "list")
    asking.aileron("approvals", "deny", question["id"]).ok()
    screen.see("ended-")


def test_the_terminal_is_as_before(asking):
    """A launch with a status line leaves a scroll region, a mode or the row behind."""
    for script in ("exit 0", "stty raw; kill -KILL $$", "printf '\\033[2;5r\\033[?1049h\\033(0'; kill -KILL $$"):
        screen = open_in(asking, asking.launch_line(["sh", "-c", script], _FLAGS))
        screen.wait()
        before, after = screen.before, screen.settings()
        assert after[:4] == before[:4]
        assert screen.text.rstrip().endswith("\x1b[2K\x1b8") and "\x1b[r\x1b[24;1H" in screen.text, screen.text


def test_it_is_back_after_the_daemon_died(asking):
    """The row tells of nothing any more once the daemon was killed."""
    screen = _in_tmux(asking, "sh", "-c", f"read line; {_FETCH}; read line")
    screen.see("nothing waits")
    process.eventually(asking.sessions, "the session runs")
    first = asking.daemon_pid()
    process.end(first)
    process.eventually(lambda: [one for one in asking.sessions() if one["state"] == "running"],
                       "the session is taken up again")
    screen.keys("Enter")
    screen.see("1 question waits")
    _approve(asking)
    screen.see("code-200")
    screen.keys("Enter")
    screen.see("ended-0")


def test_where_it_cannot_be_it_is_refused(asking):
    """A status line is written into a pipe, or onto a terminal that knows no cursor."""
    piped = asking.launch("echo", "started", flags=["--status-line"])
    assert piped.rc == 64 and "no terminal" in piped.err and "started" not in piped.out, piped.describe()
    for env, words in (({"TERM": "dumb"}, "TERM=dumb"), ({"TERM": None}, "TERM is not set")):
        screen = open_in(_Changed(asking, env), asking.launch_line(["echo", "started"], ["--status-line"]))
        screen.expect(words)
        assert screen.wait() == 64 and "started" not in screen.text
    never = open_in(asking, [binary.path(), "launch", "--status-line", "--tty=never", "--", "true"])
    never.expect("--tty=never")
    assert never.wait() == 64


class _Changed:
    """A world whose programs have another environment."""

    def __init__(self, world, env):
        self._world, self._env = world, env
        self.servers = world.servers

    def arguments(self, argv):
        """As the world's."""
        return self._world.arguments(argv)

    def options(self):
        """The world's, with the changes."""
        return self._world.options(self._env)


def test_what_is_printed_is_untouched_without_it(asking):
    """What an agent prints is changed although no status line is wanted."""
    odd = "a\x1b[99;1Hb\x1b[?69h\x1b_x\x1b\\c"
    program = f"import sys; sys.stdout.write({odd!r} + 'end'); sys.stdout.flush()"
    screen = open_in(asking, asking.launch_line(["/usr/bin/python3", "-c", program]))
    screen.wait()
    assert odd + "end" in screen.text
