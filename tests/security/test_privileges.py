"""Attackers between the processes of the product: other users, the worker, the session's token."""

import contextlib
import os
import socket

import pytest

from lib import process

_ASK = ("import socket,sys\ns=socket.socket(socket.AF_UNIX); s.settimeout(10)\n"
        "try:\n"
        "  s.connect(sys.argv[1]); s.sendall(b'GET /v1/status HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n')\n"
        "  print('BREACH' if b'\"pid\"' in s.recv(65536) else 'held')\n"
        "except OSError as error: print('held', error)\n")


@pytest.fixture
def running(any_world):
    """A world with a session that goes on."""
    any_world.child = any_world.launch_start("sh", "-c", "echo up; exec sleep 1000")
    assert any_world.child.stdout.readline() == b"up\n"
    yield any_world
    any_world.child.terminate()
    any_world.child.wait(process.PATIENCE)


def test_the_control_socket_serves_its_own_user_only(ordinary):
    """Another user who can open the socket, even root, is served by the daemon."""
    if os.geteuid() != 0:
        pytest.fail("needs root, to be another user")
    ordinary.launch("true").ok()
    path = os.path.join(ordinary.runtime, "aileron", "control.sock")
    for folder in (ordinary.runtime, os.path.dirname(path)):
        os.chmod(folder, 0o755)
    os.chmod(path, 0o777)
    own = process.run(["/usr/bin/python3", "-c", _ASK, path], user=ordinary.uid, group=ordinary.uid,
                      extra_groups=[])
    assert "BREACH" in own.out, "the canary: its own user is not served: " + own.describe()
    for uid in (0, ordinary.uid + 1):
        other = process.run(["/usr/bin/python3", "-c", _ASK, path], user=uid, group=uid, extra_groups=[])
        assert "held" in other.out and "BREACH" not in other.out, other.describe()
    ordinary.launch("true").ok()


def test_a_runtime_folder_of_someone_else_is_not_used(ordinary):
    """The daemon listens in a folder that another user made for it."""
    if os.geteuid() != 0:
        pytest.fail("needs root, to be another user")
    trap = os.path.join(ordinary.runtime, "aileron")
    os.mkdir(trap)
    os.chmod(trap, 0o777)
    os.chown(trap, ordinary.uid + 1, ordinary.uid + 1)
    result = ordinary.launch("true")
    assert result.rc in (69, 78, 125) and trap in result.err, result.describe()
    assert os.listdir(trap) == []


def test_the_worker_is_confined(running):
    """The process that parses a stranger's bytes has a capability, no filter, or an environment."""
    worker = running.worker()
    # Its filter stands before it hears anything from the sandbox, a moment after it has begun.
    process.eventually(lambda: process.status(worker)["Seccomp"] == "2", "the worker's filter stands")
    facts = process.status(worker)
    assert facts["NoNewPrivs"] == "1"
    assert int(facts["CapEff"], 16) == 0 and int(facts["CapPrm"], 16) == 0, facts["CapEff"]
    if os.geteuid() == 0:
        with open(f"/proc/{worker}/environ", "rb") as file:
            assert file.read() == b""


def test_the_worker_holds_no_file_of_the_vault_or_the_log(running):
    """A worker has the vault, the database or a folder of the host open."""
    if os.geteuid() != 0:
        pytest.fail("needs root, to look at a process that hides itself")
    folder = f"/proc/{running.worker()}/fd"
    opened = [os.readlink(os.path.join(folder, name)) for name in os.listdir(folder)]
    bad = [name for name in opened if name.startswith("/") and not name.startswith("/dev/null")
           and not name.endswith("daemon.log")]
    assert bad == [], opened


def test_the_sandbox_is_not_a_descendant_that_root_of_the_host_owns(running):
    """A process of the sandbox runs as root of the host."""
    inside = process.eventually(lambda: [one for one in process.descendants(running.child.pid)
                                         if "sleep" in one.command], "the agent's job has started")
    facts = process.status(inside[0].pid)
    assert int(facts["CapBnd"], 16) == 0 and facts["NoNewPrivs"] == "1"
    namespace = os.readlink(f"/proc/{inside[0].pid}/ns/user") if os.geteuid() == 0 else "other"
    assert namespace != os.readlink("/proc/self/ns/user")


@pytest.mark.parametrize("path", ["status", "vault", "secrets", "audit", "sessions", "bindings",
                                  "vault/lock", "daemon/stop", "sessions/x"])
def test_the_sessions_token_opens_nothing_of_the_hosts_side(any_world, path):
    """With the session's token the agent reaches a route of the control API."""
    any_world.unlock()
    any_world.secret("api/x", "value-of-the-vault")
    for method in ("GET", "POST", "DELETE"):
        result = any_world.shell(
            f"curl -sS -X {method} -o /tmp/body -w '%{{http_code}}' -H \"Authorization: Bearer "
            f"$AILERON_TOKEN\" \"$AILERON_API_URL/{path}\"; cat /tmp/body 2>/dev/null")
        assert not result.out.startswith("2"), result.describe()
        any_world.secret_free(result.stdout, "value-of-the-vault", "api/x")
    assert any_world.json("vault", "status")["state"] == "unlocked"


def test_the_token_is_of_no_use_at_another_session(any_world):
    """The token of one session is accepted in another one, or shows who holds the vault."""
    first = any_world.shell("echo $AILERON_TOKEN; cat $AILERON_TOKEN_FILE").ok().out.split()
    second = any_world.shell("echo $AILERON_TOKEN").ok().out.split()
    assert first[0] != second[0] and first[0] in first


def test_listeners_of_a_session_are_not_reachable_from_the_host(running):
    """The proxy, the DNS or a captured port of a sandbox listens on the host's network."""
    for port in (3128, 53, 80, 443):
        with open("/proc/net/tcp", encoding="ascii") as file:
            lines = [line.split() for line in file][1:]
        mine = {f"socket:[{line[9]}]" for line in lines if line[1].endswith(f":{port:04X}")
                and line[3] == "0A"}
        for pid in [running.daemon_pid(), running.worker()]:
            folder = f"/proc/{pid}/fd"
            if os.geteuid() == 0:
                held = set()
                for name in os.listdir(folder):
                    with contextlib.suppress(FileNotFoundError):  # closed meanwhile
                        held.add(os.readlink(os.path.join(folder, name)))
                assert not held & mine, port
    with socket.socket() as probe:
        probe.settimeout(2)
        assert probe.connect_ex(("127.0.0.1", 3128)) != 0
