"""Notifications on the desktop: what waits is told by notify-send, in words that are only words."""

import json
import os
import shutil
import subprocess
import time

import pytest

from lib import binary, process
from lib.webhooks import tell

_STAND_IN = ("#!/bin/sh\n"
             "{ for word in \"$@\"; do printf '%s\\n' \"$word\"; done; echo .; } >> \"$HOME/told\"\n")


@pytest.fixture
def desktop(ordinary):
    """A world whose PATH has a notify-send that writes down what it is told."""
    ordinary.home_used = True
    folder = os.path.join(ordinary.home, ".local", "bin")
    ordinary.write(os.path.join(folder, "notify-send"), _STAND_IN, 0o755)
    ordinary.env["PATH"] = f"{folder}:{ordinary.env['PATH']}"
    return ordinary


def _notices(world) -> list:
    path = os.path.join(world.home, "told")
    if not os.path.exists(path):
        return []
    return [one.splitlines() for one in world.read(path).split(".\n") if one.strip()]


def _ask(world, *hosts) -> subprocess.Popen:
    script = "; ".join(f"curl -sS -m 20 -o /dev/null https://{host}/" for host in hosts)
    return world.launch_start("sh", "-c", f"{script}; echo end; read line", stdin=subprocess.PIPE)


def _end(child) -> None:
    assert child.stdout.readline() == b"end\n"
    child.stdin.close()
    child.wait(process.PATIENCE)


def test_a_question_is_told_on_the_desktop(desktop):
    """A question is not told, is told more than once, or in other words than the terminal's."""
    tell(desktop, desktop=True)
    child = _ask(desktop, "new.test")
    notice, = process.eventually(lambda: _notices(desktop), "there was a notice")
    assert notice[notice.index("--") + 1:] == [
        "connect to new.test:443", "sh in ws asks. To answer: aileron approvals watch"]
    assert "problem" not in desktop.aileron("status").ok().out
    _end(child)


def test_a_flood_becomes_one_notice(desktop):
    """A sandbox that asks without end fills the desktop."""
    tell(desktop, desktop=True)
    begin = time.monotonic()
    child = _ask(desktop, *(f"h{number}.test" for number in range(20)))
    many = process.eventually(lambda: [one for one in _notices(desktop) if "questions wait" in one[-2]],
                              "the rest is told in one")
    assert "To answer" in many[0][-1]
    # Three at once, then one every ten seconds.
    assert len(_notices(desktop)) <= 4 + (time.monotonic() - begin) / 10
    _end(child)


def test_nobody_is_told_without_being_asked_to(desktop):
    """Without a file, or with desktop: false, notices come."""
    child = _ask(desktop, "new.test")
    process.eventually(lambda: desktop.json("approvals", "list"), "a question waits")
    _end(child)
    assert _notices(desktop) == []


def test_a_missing_program_is_said(ordinary):
    """Notifications that cannot be shown are silently not shown."""
    if shutil.which("notify-send"):
        ordinary.env["PATH"] = "/nowhere"
    tell(ordinary, desktop=True)
    told = ordinary.aileron("doctor")
    assert "libnotify-bin" in told.out, told.describe()
    assert "notify-send" in ordinary.aileron("status").ok().out


def test_a_program_in_the_project_is_not_run(ordinary):
    """A notify-send that an agent left in a folder of the project's, early in PATH, is run on the host."""
    trap = os.path.join(ordinary.workspace, "bin")
    ordinary.write(os.path.join(trap, "notify-send"), f"#!/bin/sh\ntouch {ordinary.workspace}/sprung\n", 0o755)
    ordinary.env["PATH"] = f"{trap}:{ordinary.env['PATH']}"
    tell(ordinary, desktop=True)
    child = _ask(ordinary, "new.test")
    process.eventually(lambda: ordinary.json("approvals", "list"), "a question waits")
    _end(child)
    ordinary.stop_daemon()
    assert not os.path.exists(os.path.join(ordinary.workspace, "sprung"))


def test_a_real_desktop_shows_it(world):
    """Debian's notify-send shows other words than those that were asked, or markup of an agent's.

    As who runs the tests: a message bus serves nobody whom the password file does not know.
    """
    world.home_used = True
    bus = os.path.join(world.runtime, "bus")
    world.env["DBUS_SESSION_BUS_ADDRESS"] = f"unix:path={bus}"
    broker = world.start("dbus-daemon", "--session", "--nofork", "--nopidfile", "--print-address",
                            f"--address=unix:path={bus}", stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert broker.stdout.readline().startswith(b"unix:path=")
    shown = os.path.join(world.home, "shown")
    recorder = world.start("/usr/bin/python3", str(binary.REPOSITORY / "tests/programs/notification_daemon.py"),
                              shown, stdout=subprocess.PIPE)
    assert recorder.stdout.readline() == b"ready\n"
    tell(world, desktop=True)
    project = os.path.join(world.workspace, "<b>a&b\\342\\200\\256")
    os.mkdir(project)
    world.give(project)
    child = world.launch_start("curl", "-sS", "-m", "20", "-o", "/dev/null", "https://new.test/",
                                  flags=["--hold", "60s"], cwd=project)
    line = process.eventually(lambda: os.path.exists(shown) and world.read(shown), "it was shown").splitlines()[0]
    notice = json.loads(line)
    assert notice["application"] == "aileron" and notice["summary"] == "connect to new.test:443"
    assert notice["body"].startswith("curl in ") and "<b>" not in notice["body"]
    assert "a&amp;b\\\\342\\\\200\\\\256" in notice["body"]
    asked = world.json("approvals", "list")[0]
    world.aileron("approvals", "deny", asked["id"]).ok()
    child.communicate(timeout=process.PATIENCE)
    world.stop_daemon()
