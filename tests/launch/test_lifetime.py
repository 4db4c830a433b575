"""Daemon and sessions come and go, and leave nothing."""

import json
import os
import subprocess
import time

from lib import binary, process


def test_the_daemon_starts_on_demand_and_serves_one_socket(any_world):
    """The first launch does not start the daemon, or its socket is open to others."""
    any_world.launch("true").ok()
    status = any_world.json("daemon", "status")
    assert status["running"] and status["pid"] and status["version"]
    socket = os.path.join(any_world.runtime, "aileron", "control.sock")
    assert os.stat(socket).st_mode & 0o077 == 0
    assert os.stat(os.path.dirname(socket)).st_mode & 0o077 == 0


def test_two_starts_at_once_give_one_daemon(world):
    """Launches at the same time start more than one daemon."""
    children = [world.launch_start("true") for _ in range(6)]
    assert [child.wait(process.PATIENCE) for child in children] == [0] * 6
    daemons = [one for one in process.descendants()
               if one.command[1:3] == ("daemon", "run") and one.state != "Z"]
    assert [one.pid for one in daemons] == [world.daemon_pid()]


def test_a_daemon_with_no_session_stops_when_idle(world):
    """An idle daemon stays, or a busy one goes."""
    daemon = world.start(binary.path(), "daemon", "run", "--idle-timeout", "1s",
                         stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    socket = os.path.join(world.runtime, "aileron", "control.sock")
    process.eventually(lambda: os.path.exists(socket), "the daemon listens")
    session = world.launch_start("sh", "-c", "echo up; read line", stdin=subprocess.PIPE)
    assert session.stdout.readline() == b"up\n"
    deadline = time.monotonic() + 3
    while time.monotonic() < deadline:
        assert daemon.poll() is None, "it went while a session ran"
        time.sleep(0.1)
    session.stdin.close()
    assert session.wait(process.PATIENCE) == 1
    assert daemon.wait(process.PATIENCE) == 0
    assert not os.path.exists(socket)


def test_daemon_verbs(world):
    """daemon start, status or stop misreports."""
    before = world.aileron("daemon", "status", "--json")
    assert before.rc == 69 and not json.loads(before.out)["running"]
    world.aileron("daemon", "start").ok()
    first = world.daemon_pid()
    world.aileron("daemon", "start").ok()
    assert world.daemon_pid() == first
    assert str(first) in world.aileron("daemon", "status").ok().out
    world.aileron("daemon", "stop").ok()
    process.eventually(lambda: process.gone(first), "the daemon has stopped")
    assert not os.path.exists(os.path.join(world.runtime, "aileron", "control.sock"))


def test_state_is_private(any_world):
    """A file of the state or configuration is open to other users."""
    any_world.unlock().launch("true").ok()
    folder = os.path.join(any_world.state, "aileron")
    for parent, folders, files in os.walk(folder):
        for name in files + folders:
            path = os.path.join(parent, name)
            assert os.lstat(path).st_mode & 0o077 == 0, path
    assert os.stat(folder).st_mode & 0o077 == 0


def test_a_session_is_listed_while_it_runs_and_afterwards(world):
    """session list and show do not tell how a session is or was."""
    child = world.launch_start("sh", "-c", "echo $AILERON_SESSION_ID; read line; exit 12",
                               stdin=subprocess.PIPE)
    name = child.stdout.readline().decode().strip()
    running = [one for one in world.sessions() if one["id"] == name]
    assert running and running[0]["state"] == "running" and running[0]["driver"] == "native"
    assert running[0]["workspace"] == world.workspace
    child.stdin.close()
    assert child.wait(process.PATIENCE) == 12
    shown = process.eventually(
        lambda: [one for one in world.sessions("--all")
                 if one["id"] == name and one["state"] == "ended"], "the session has ended")
    assert shown[0]["exit_code"] == 12
    assert world.json("session", "show", name)["id"] == name
    assert name in world.aileron("session", "list", "--all").ok().out


def test_session_stop_ends_the_sandbox(world):
    """session stop leaves the sandbox running."""
    child = world.launch_start("sh", "-c", "echo $AILERON_SESSION_ID; sleep 1000")
    name = child.stdout.readline().decode().strip()
    world.aileron("session", "stop", name).ok()
    assert child.wait(process.PATIENCE) != 0


def test_session_watch_shows_requests_as_they_come(world):
    """session watch does not show a request of the session."""
    world.site("watched.test")
    child = world.launch_start("sh", "-c", "echo $AILERON_SESSION_ID; read line; "
                               "curl -sS https://watched.test/seen; read line",
                               stdin=subprocess.PIPE)
    name = child.stdout.readline().decode().strip()
    watch = world.start(binary.path(), "session", "watch", name, stdout=subprocess.PIPE)
    time.sleep(0.3)  # the watcher connects; nothing outside shows when
    child.stdin.write(b"go\n")
    child.stdin.flush()
    line = b""
    while b"watched.test" not in line:
        line = watch.stdout.readline()
        assert line, "the watcher ended without the request"
    child.stdin.close()
    child.wait(process.PATIENCE)


def test_a_hundred_launches_leave_nothing(world):
    """Launches in a row leave processes or descriptors in the daemon."""
    world.launch("true").ok()
    folder = f"/proc/{world.daemon_pid()}/fd"
    before = len(os.listdir(folder))
    for _ in range(30):
        world.launch("true").ok()

    process.eventually(lambda: not world.worker_pids(), "the workers have ended")
    process.eventually(lambda: len(os.listdir(folder)) <= before + 2,
                       "the daemon has closed its descriptors")


def test_sessions_side_by_side_do_not_see_each_other(world):
    """Two sandboxes of one user share processes, files or network."""
    script = "echo $$ > /tmp/mine; hostname; ls /tmp | wc -l; read line; ls -A /tmp"
    first = world.launch_start("sh", "-c", script, stdin=subprocess.PIPE)
    second = world.launch_start("sh", "-c", script, stdin=subprocess.PIPE)
    for child in (first, second):
        child.stdout.readline()
        assert int(child.stdout.readline()) <= 2
        child.stdin.close()
        assert child.wait(process.PATIENCE) == 0
