"""kill -9 of the daemon, the launcher, a worker, init: fail closed, recover, leave nothing."""

import os
import subprocess

import pytest

from lib import process

HOST = "site.test"
_LOOP = "while read url most; do curl -sS --max-time ${most:-20} -o /dev/null -w '%{http_code}\\n' $url 2>&1 || true; done"


class Talk:
    """A sandbox that fetches each URL written to it."""

    def __init__(self, world, *flags):
        self.child = world.launch_start("sh", "-c", f"echo $AILERON_SESSION_ID; {_LOOP}",
                                        stdin=subprocess.PIPE, flags=flags)
        self.session = self.child.stdout.readline().decode().strip()
        assert len(self.session) == 26, self.child.stderr.read1()

    def fetch(self, url: str) -> str:
        """The status of a request from within, or curl's complaint."""
        self.child.stdin.write(url.encode() + b"\n")
        self.child.stdin.flush()
        text = ""
        while not text[-4:-1].isdigit():
            line = self.child.stdout.readline().decode()
            assert line, "the sandbox ended"
            text += line
        return text.strip()

    def end(self) -> int:
        """Ends the sandbox and gives its exit code."""
        self.child.stdin.close()
        return self.child.wait(process.PATIENCE)


@pytest.fixture
def talk(any_world):
    """A world with a site and a sandbox that talks to it."""
    any_world.site(HOST)
    made = Talk(any_world)
    assert made.fetch(f"https://{HOST}/") == "200"
    return any_world, made


def test_a_session_survives_the_death_of_the_daemon(talk):
    """After kill -9 of the daemon the session has no network any more."""
    world, sandbox = talk
    first = world.daemon_pid()
    process.end(first)
    process.eventually(lambda: process.gone(first), "the daemon is dead")
    process.eventually(lambda: sandbox.fetch(f"https://{HOST}/again")[-3:] == "200", "a request succeeds")
    assert world.daemon_pid() != first
    assert [one["state"] for one in world.sessions() if one["id"] == sandbox.session] == ["running"]
    assert sandbox.end() == 0


def test_the_next_request_after_reattaching_succeeds_at_once(talk):
    """The launcher does not hand its descriptors over again by itself."""
    world, sandbox = talk
    first = world.daemon_pid()
    process.end(first)

    def attached():
        # Asking starts no daemon.
        running = world.aileron("daemon", "status", "--json")
        return running.rc == 0 and world.worker_pids()

    process.eventually(attached, "the launcher has found a new daemon, which has a worker")
    assert sandbox.fetch(f"https://{HOST}/again") == "200"
    assert sandbox.end() == 0


def test_without_a_daemon_nothing_gets_out(talk):
    """While no daemon can start, a request gets out."""
    world, sandbox = talk
    site = world.servers[0] if hasattr(world.servers[0], "requests") else world.servers[1]
    blocked = os.path.join(world.state, "aileron")
    before = len(site.seen())
    os.rename(blocked, blocked + ".away")
    world.write(blocked, "not a folder")
    process.end(world_daemon(world))
    text = sandbox.fetch(f"https://{HOST}/closed 3")  # held back for a daemon that may come
    assert not text.endswith("200"), text
    assert len(site.seen()) == before
    os.unlink(blocked)
    os.rename(blocked + ".away", blocked)
    process.eventually(lambda: sandbox.fetch(f"https://{HOST}/open").endswith("200"),
                       "the session recovers when a daemon can start again")
    assert sandbox.end() == 0


def world_daemon(world) -> int:
    """The daemon's id without asking it."""
    found = [one.pid for one in process.descendants()
             if one.command[1:3] == ("daemon", "run") and one.state != "Z"]
    assert len(found) == 1, found
    return found[0]


def test_workers_die_with_their_daemon(talk):
    """A worker outlives the daemon that was killed, and keeps the network open."""
    world, _ = talk
    workers = world.worker_pids()
    assert len(workers) == 1
    process.end(world_daemon(world))
    process.eventually(lambda: process.gone(workers[0]), "the worker has ended", 5)


def test_the_daemon_pushes_no_worker_aside(talk):
    """The daemon writes the record at the expense of the worker that makes it."""
    world, _ = talk
    assert os.sched_getscheduler(world_daemon(world)) == os.SCHED_BATCH
    assert [os.sched_getscheduler(pid) for pid in world.worker_pids()] == [os.SCHED_OTHER]


def test_a_killed_worker_is_replaced(talk):
    """After kill -9 of a worker the session's network stays dead, or the daemon goes too."""
    world, sandbox = talk
    daemon, worker = world.daemon_pid(), world.worker_pids()[0]
    for _ in range(3):
        process.end(worker)
        process.eventually(lambda: world.worker_pids() not in ([], [worker]), "a new worker is there")
        worker = world.worker_pids()[0]
        assert sandbox.fetch(f"https://{HOST}/again") == "200"
    assert world.daemon_pid() == daemon
    assert sandbox.end() == 0


def test_a_killed_worker_harms_no_other_session(talk):
    """A crash of one session's worker breaks another session."""
    world, sandbox = talk
    mine = world.worker_pids()[0]
    other = Talk(world)
    assert other.fetch(f"https://{HOST}/") == "200"
    process.end(mine)
    assert other.fetch(f"https://{HOST}/") == "200"
    process.eventually(lambda: sandbox.fetch(f"https://{HOST}/").endswith("200"), "the first recovers")
    assert other.end() == 0 and sandbox.end() == 0


def test_a_killed_launcher_takes_its_sandbox_along(talk):
    """After kill -9 of the launcher the sandbox lives on, or the session is not recorded as orphaned."""
    world, sandbox = talk
    inside = [one.pid for one in process.descendants(sandbox.child.pid)]
    assert inside
    process.end(sandbox.child.pid)
    sandbox.child.wait(10)
    for pid in inside:
        process.eventually(lambda pid=pid: process.gone(pid), "the sandbox has ended", 10)
    process.eventually(lambda: [one for one in world.sessions("--all") if one["id"] == sandbox.session
                                and one["state"] == "orphaned"], "the session is orphaned")
    process.eventually(lambda: world.worker_pids() == [], "its worker has ended")


def test_a_killed_launcher_leaves_no_control_group(world):
    """After kill -9 of the launcher of a limited session its control groups stay."""
    child = world.launch_start("sh", "-c", "echo up; sleep 1000",
                               flags=["--memory", "256m", "--pids", "100", "--cpus", "1"])
    assert child.stdout.readline() == b"up\n"
    inside = process.descendants(child.pid)[-1]
    with open(f"/proc/{inside.pid}/cgroup", encoding="utf-8") as file:
        named = {line.strip().rsplit("/", 1)[1] for line in file if "/aileron-" in line}
    assert named, "the session has no control group, so the test shows nothing"

    def left():
        return [folder for folder, _, _ in os.walk("/sys/fs/cgroup") if os.path.basename(folder) in named]

    assert left(), "its control groups are not seen from here"
    process.end(child.pid)
    child.wait(10)
    process.eventually(lambda: not left(), "its control groups are gone", 20)


def test_a_killed_init_ends_the_launch(talk):
    """After kill -9 of the sandbox's PID 1 the launcher hangs."""
    _, sandbox = talk
    inits = [one for one in process.descendants(sandbox.child.pid) if "init" in one.command[1:2]]
    assert inits, [str(one) for one in process.descendants(sandbox.child.pid)]
    process.end(inits[0].pid)
    assert sandbox.child.wait(process.PATIENCE) not in (0,)


def test_a_stopped_daemon_is_replaced_for_running_sessions(talk):
    """daemon stop with a running session breaks the session for good."""
    world, sandbox = talk
    world.aileron("daemon", "stop")
    process.eventually(lambda: sandbox.fetch(f"https://{HOST}/again").endswith("200"), "a request succeeds")
    assert sandbox.end() == 0


def test_credentials_need_a_new_unlock_after_a_daemon_died(any_world):
    """A new daemon has the vault open, or passes bound requests through."""
    site = any_world.site(HOST)
    any_world.unlock()
    any_world.secret("api/x", "value-5521")
    any_world.bind({"name": "b", "host": HOST, "scheme": "bearer", "credential": "api/x"})
    sandbox = Talk(any_world)
    assert sandbox.fetch(f"https://{HOST}/one") == "200"
    process.end(world_daemon(any_world))
    process.eventually(lambda: sandbox.fetch(f"https://{HOST}/two").endswith("502"), "fails closed")
    assert site.seen("/two") == []
    any_world.aileron("vault", "unlock", "--passphrase-file", any_world.passphrase_file).ok()
    process.eventually(lambda: sandbox.fetch(f"https://{HOST}/three").endswith("200"), "works again")
    assert site.seen("/three")[0].header("Authorization") == ["Bearer value-5521"]
    assert sandbox.end() == 0


def test_a_daemon_killed_many_times_loses_no_record(world):
    """A restart breaks the audit chain or the list of sessions."""
    world.site(HOST)
    sandbox = Talk(world)
    for number in range(5):
        process.eventually(lambda n=number: sandbox.fetch(f"https://{HOST}/n{n}").endswith("200"), "works")
        world.audited(path=f"/n{number}")
        process.end(world_daemon(world))
    assert sandbox.end() == 0
    assert world.json("audit", "verify")["ok"]
    paths = {one.get("path") for one in world.audit(kind="request")}
    assert {f"/n{number}" for number in range(5)} <= paths


def test_a_stale_socket_and_lock_do_not_hinder(world):
    """What a killed daemon left behind keeps the next one from starting."""
    world.launch("true").ok()
    process.end(world_daemon(world))
    assert os.path.exists(os.path.join(world.runtime, "aileron", "control.sock"))
    world.launch("true").ok()
