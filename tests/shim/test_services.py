"""Services beside an agent, and ports of the sandbox that the host can reach."""

import concurrent.futures
import hashlib
import json
import os
import socket
import urllib.request

import pytest

from lib import process
from lib.inside import Inside

_LARGE = 24 << 20


def _json(sandbox, script: str):
    """The value that a script in the sandbox prints."""
    return json.loads(sandbox.run(script).ok().out)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _serve(sandbox, *flags: str, port: int = 3000) -> None:
    """Starts the test server as the service `web`, and waits until it is healthy."""
    path = sandbox.world.program("blob_server.py")
    sandbox.run(f"aileron service run web --health-port {port} {' '.join(flags)} -- python3 {path} {port}")
    process.eventually(lambda: _service(sandbox)["health"] == "healthy", "the server is healthy")


def _service(sandbox, name: str = "web") -> dict:
    return next(one for one in _json(sandbox, "aileron service list --json") if one["name"] == name)


def _get(port: int, path: str = "/") -> bytes:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=process.PATIENCE) as answer:
        return answer.read()


def _refused(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) != 0


def _first_bytes(port: int) -> bytes:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=process.PATIENCE) as client:
            return client.recv(10)
    except ConnectionResetError:
        return b"(reset)"


def _published(world, session: str) -> list:
    return world.json("session", "show", session)["published"]


def test_a_service_is_started_again_when_it_is_killed(any_world):
    """A server that is killed stays down, or nobody is told."""
    sandbox = Inside(any_world)
    _serve(sandbox)
    before = sandbox.run("pgrep -f [b]lob_server").ok().out.split()
    sandbox.run("pkill -9 -f '[b]lob_server'").ok()
    process.eventually(lambda: _service(sandbox)["restarts"] >= 1, "it is started again")
    process.eventually(lambda: _service(sandbox)["health"] == "healthy", "it is healthy again")
    assert sandbox.run("pgrep -f [b]lob_server").ok().out.split() != before
    assert _service(sandbox)["exit_code"] == 137
    logs = sandbox.run("aileron service logs web").ok().out
    assert logs.count("serving") == 2 and "it ended with 137" in logs
    told = process.eventually(
        lambda: [one for one in any_world.json("session", "show", sandbox.session)["services"] if one["restarts"]],
        "the host is told")
    assert told[0]["name"] == "web" and told[0]["state"] == "running"
    listed = any_world.json("service", "list", sandbox.session)
    assert listed[0]["session"] == sandbox.session and listed[0]["services"][0]["name"] == "web"
    assert "web" in any_world.aileron("status").ok().out
    sandbox.end()


def test_stop_restart_and_logs(world):
    """A service is not stopped, started anew, replaced, or its log is lost."""
    sandbox = Inside(world)
    sandbox.run("aileron service run one --restart always -- sh -c 'echo up; exec sleep 1000'").ok()
    process.eventually(lambda: "up" in sandbox.run("aileron service logs one").out, "it has printed")
    assert _json(sandbox, "aileron service stop one --json")[0]["state"] == "stopped"
    assert sandbox.run("pgrep -f 'sleep 100[0]'").rc == 1
    assert _json(sandbox, "aileron service restart one --json")[0]["state"] == "running"
    process.eventually(lambda: sandbox.run("aileron service logs one").out.count("up") == 2, "it printed again")
    assert sandbox.run("aileron service logs one --tail 1").ok().out == "up\n"
    again = sandbox.run("aileron service run one -- sleep 1000")
    assert again.rc == 69 and "aileron service restart one" in again.err
    sandbox.end()


def test_a_log_is_followed(world):
    """`service logs -f` misses what a service prints later."""
    sandbox = Inside(world)
    sandbox.run("aileron service run tick -- sh -c 'i=0; while :; do i=$((i+1)); echo tick $i; sleep 0.05; done'").ok()
    sandbox.run("timeout 100 aileron service logs -f tick >/tmp/followed 2>&1 </dev/null &").ok()
    process.eventually(lambda: len(sandbox.run("cat /tmp/followed").out.splitlines()) > 20, "lines come")
    lines = sandbox.run("cat /tmp/followed").ok().out.splitlines()
    assert lines[:20] == [f"tick {n}" for n in range(1, 21)]
    sandbox.end()


@pytest.mark.parametrize("line, code, words", [
    ("aileron service run 'a b' -- true", 64, "no name for a service"),
    ("aileron service run web", 64, "no command"),
    ("aileron service run web -- no-such-program", 1, "cannot run \"no-such-program\""),
    ("aileron service run web -p 0.0.0.0:80 -- true", 64, "a person alone"),
    ("aileron service run web -p x -- true", 64, "is not [HOST:]PORT"),
    ("aileron service run web --health-port 1 --health true -- true", 64, "two checks"),
    ("aileron service logs web", 1, "no service is called web"),
    ("aileron service stop web", 1, "no service is called web"),
    ("aileron service list 01KB0S5C8T3V9PAHD0QW6KFZ3M", 64, "its own services"),
])
def test_mistakes_are_told(world, line, code, words):
    """A mistake ends with another code, or without saying what it is."""
    sandbox = Inside(world)
    result = sandbox.run(line)
    assert (result.rc, words in result.err) == (code, True), result.describe()
    assert _json(sandbox, "aileron service list --json") == []
    sandbox.end()


def test_one_that_always_fails_is_given_up(world):
    """A service that fails at once is started for ever."""
    sandbox = Inside(world)
    sandbox.run("aileron service run bad --restart no -- sh -c 'exit 3'").ok()
    process.eventually(lambda: _service(sandbox, "bad")["state"] == "exited", "it has ended")
    assert _service(sandbox, "bad")["exit_code"] == 3
    sandbox.run("aileron service run worse -- sh -c 'exit 4'").ok()
    process.eventually(lambda: _service(sandbox, "worse")["restarts"] >= 2, "it is started again")
    assert _json(sandbox, "aileron service stop worse --json")[0]["state"] == "stopped"
    sandbox.end()


def test_a_service_has_what_the_agent_has_and_no_more(any_world):
    """A service has a capability, a weaker filter, another user, a descriptor or a terminal of init's."""
    sandbox = Inside(any_world)
    script = ("'grep -E \"^(Cap|Seccomp|NoNewPrivs|Uid|Gid)\" /proc/self/status; set -- /proc/$$/fd/*; echo $#; "
              "pwd; echo $GREETING; exec sleep 1000'")
    sandbox.run(f"cd /tmp; GREETING=hi aileron service run look -- sh -c {script}").ok()
    process.eventually(lambda: "hi" in sandbox.run("aileron service logs look").out, "it has printed")
    printed = sandbox.run("aileron service logs look").ok().out.splitlines()
    own = sandbox.run("grep -E '^(Cap|Seccomp|NoNewPrivs|Uid|Gid)' /proc/self/status").ok().out.splitlines()
    assert printed[:len(own)] == own
    # The three streams, and the folder that is read.
    assert printed[len(own):] == ["4", "/tmp", "hi"]
    sandbox.end()


def test_a_database_serves_the_host(any_world):
    """redis does not run as a service, or its port is not reached from the host."""
    port = _free_port()
    sandbox = Inside(any_world, "-p", f"{port}:6379")
    sandbox.run("aileron service run db -p 6379 --health 'redis-cli ping' -- redis-server --save '' --dir /tmp").ok()
    process.eventually(lambda: _service(sandbox, "db")["health"] == "healthy", "redis answers inside")
    with socket.create_connection(("127.0.0.1", port), timeout=process.PATIENCE) as client:
        client.sendall(b"SET key value\r\nGET key\r\n")
        stream = client.makefile("rb")
        assert [stream.readline() for _ in range(3)] == [b"+OK\r\n", b"$5\r\n", b"value\r\n"]
    assert sandbox.run("redis-cli get key").ok().out == "value\n"
    sandbox.end()


def test_a_hundred_at_once_and_large_bodies_both_ways(any_world):
    """Connections are mixed up, lost, or bytes of large bodies are."""
    port = _free_port()
    sandbox = Inside(any_world, "-p", f"{port}:3000")
    _serve(sandbox)

    def fetch(number: int) -> bool:
        size = 1000 + number * 997
        return len(_get(port, f"/blob/{size}")) == size

    with concurrent.futures.ThreadPoolExecutor(100) as pool:
        assert all(pool.map(fetch, range(100)))
    pattern = bytes(range(256)) * 256
    down = _get(port, f"/blob/{_LARGE}")
    assert hashlib.sha256(down).digest() == hashlib.sha256(pattern * (_LARGE // len(pattern))).digest()
    up = os.urandom(_LARGE)
    request = urllib.request.Request(f"http://127.0.0.1:{port}/", data=up)
    with urllib.request.urlopen(request, timeout=process.PATIENCE) as answer:
        assert answer.read().decode() == hashlib.sha256(up).hexdigest()
    sandbox.end()


def test_a_half_closed_connection_is_answered(world):
    """The end of what a client sends does not arrive, or ends the answer too."""
    port = _free_port()
    sandbox = Inside(world, "-p", f"{port}:3000")
    _serve(sandbox)
    data = b"HALF" + os.urandom(300_000)
    with socket.create_connection(("127.0.0.1", port), timeout=process.PATIENCE) as client:
        client.sendall(data)
        client.shutdown(socket.SHUT_WR)
        answer = client.makefile("rb").read()
    assert answer.split() == [b"%d" % len(data), hashlib.sha256(data).hexdigest().encode()]
    sandbox.end()


def test_a_port_where_nobody_listens_is_broken_off(world):
    """A client of a published port waits for ever though nobody listens inside."""
    port = _free_port()
    sandbox = Inside(world, "-p", f"{port}:3000")
    assert _first_bytes(port) == b"(reset)"
    # A server on ::1 alone is found as well.
    six = ("import socket; s = socket.socket(socket.AF_INET6); s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1);"
           " s.bind((chr(58) * 2 + chr(49), 3000)); s.listen();"
           " c, _ = s.accept(); c.sendall(b\"six\"); c.close()")
    sandbox.run(f"aileron service run six --restart always -- python3 -c '{six}'").ok()

    process.eventually(lambda: _first_bytes(port) == b"six", "a server on ::1 is reached")
    sandbox.end()


def test_publishing_while_it_runs(any_world):
    """A person cannot publish and unpublish a port of a sandbox that runs, or it is not recorded."""
    sandbox = Inside(any_world)
    path = any_world.program("blob_server.py")
    asked = sandbox.run(f"aileron service run web -p 3000 --health-port 3000 -- python3 {path} 3000")
    assert asked.rc == 77
    assert f"aileron service publish {sandbox.session} web" in asked.err and "web runs" in asked.err
    process.eventually(lambda: _service(sandbox)["health"] == "healthy", "the server is healthy")
    process.eventually(lambda: any_world.json("session", "show", sandbox.session)["services"], "the host knows it")
    assert _published(any_world, sandbox.session) == []

    address = any_world.aileron("service", "publish", sandbox.session, "web").ok().out.strip()
    assert address.startswith("127.0.0.1:")
    assert _get(int(address.rpartition(":")[2])) == b"hello"
    assert _service(sandbox)["ports"][0]["address"] == address
    assert _published(any_world, sandbox.session) == [{"port": 3000, "address": address, "by": "person"}]
    twice = any_world.aileron("service", "publish", sandbox.session, "3000")
    assert twice.rc != 0 and "already" in twice.err

    any_world.aileron("service", "unpublish", sandbox.session, "3000").ok()
    with pytest.raises(OSError):
        _get(int(address.rpartition(":")[2]))
    process.eventually(lambda: not _published(any_world, sandbox.session), "the host knows that")
    gone = any_world.aileron("service", "unpublish", sandbox.session, "web")
    assert gone.rc == 1 and "not published" in gone.err
    assert any_world.audited(kind="service.publish")[0]["detail"] == (
        f"{address} leads to port 3000 of the sandbox, by person")
    assert any_world.audited(kind="service.unpublish")[0]["session"] == sandbox.session

    wide = any_world.aileron("service", "publish", sandbox.session, "3000", "-p", "0.0.0.0:0").ok()
    assert "other machines" in wide.err and wide.out.startswith("0.0.0.0:")
    sandbox.end()
    over = any_world.aileron("service", "publish", sandbox.session, "3000")
    assert over.rc == 69 and "not running" in over.err


def test_the_launch_may_let_services_publish(world):
    """`--publish-services` publishes nothing, or where the agent chose."""
    sandbox = Inside(world, "--publish-services")
    _serve(sandbox, "-p 3000")
    address = _service(sandbox)["ports"][0]["address"]
    assert address.startswith("127.0.0.1:") and not address.endswith(":3000")
    assert _get(int(address.rpartition(":")[2])) == b"hello"
    told = process.eventually(lambda: _published(world, sandbox.session), "the host knows it")
    assert told == [{"port": 3000, "address": address, "by": "agent"}]
    # It is closed with its service, and comes back with it.
    sandbox.run("aileron service stop web").ok()
    process.eventually(lambda: not _published(world, sandbox.session), "the host knows that it is closed")
    assert _refused(int(address.rpartition(":")[2]))
    sandbox.run("aileron service restart web").ok()
    process.eventually(lambda: _published(world, sandbox.session), "it is open again")
    port = int(_published(world, sandbox.session)[0]["address"].rpartition(":")[2])
    process.eventually(lambda: _service(sandbox)["health"] == "healthy", "the server is healthy again")
    assert _get(port) == b"hello"
    # What a person has closed stays closed.
    world.aileron("service", "unpublish", sandbox.session, "web").ok()
    sandbox.run("aileron service stop web").ok()
    again = sandbox.run("aileron service run web -p 3000 -- sleep 1000")
    assert again.rc == 77 and "a person has closed it" in again.err
    sandbox.end()


def test_launch_says_where_and_what_cannot_be(world):
    """A launch does not say which port it got, or starts though it cannot have one."""
    result = world.launch("true", flags=("-p", ":3000")).ok()
    assert "127.0.0.1:" in result.err and "leads to port 3000" in result.err
    wide = world.launch("true", flags=("-p", "0.0.0.0:0:3000")).ok()
    assert "other machines" in wide.err
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        refused = world.launch("echo", "started", flags=("-p", f"{port}:3000"))
    assert refused.rc == 125 and "Choose another port" in refused.err and "started" not in refused.out
    plane = world.launch("true", flags=("-p", "0:443"))
    assert plane.rc == 125 and "data plane" in plane.err
    assert world.launch("true", flags=("-p", "80:80:80")).rc == 64


def test_a_new_daemon_is_told_and_the_port_goes_on(any_world):
    """A published port dies with the daemon, or the next one knows nothing of it."""
    port = _free_port()
    sandbox = Inside(any_world, "-p", f"{port}:3000")
    _serve(sandbox, "-p 3000")
    process.eventually(lambda: _published(any_world, sandbox.session), "the daemon knows it")
    first = any_world.daemon_pid()
    process.end(first)
    assert _get(port) == b"hello"
    process.eventually(
        lambda: any_world.json("session", "show", sandbox.session).get("services"), "the new daemon knows it")
    shown = any_world.json("session", "show", sandbox.session)
    assert shown["services"][0]["ports"] == [{"port": 3000, "address": f"127.0.0.1:{port}"}]
    assert shown["published"] == [{"port": 3000, "address": f"127.0.0.1:{port}", "by": "launch"}]
    assert any_world.daemon_pid() != first
    other = any_world.aileron("service", "publish", sandbox.session, "3001").ok()
    assert other.out.startswith("127.0.0.1:")
    sandbox.end()


def test_what_ends_takes_services_and_ports_with_it(any_world):
    """A service or a listener outlives its session, however that ends."""
    ports = [_free_port(), _free_port()]
    ended = Inside(any_world, "-p", f"{ports[0]}:3000")
    _serve(ended)
    ended.end()
    killed = Inside(any_world, "-p", f"{ports[1]}:3000")
    _serve(killed)
    process.end(killed.child.pid)
    for port in ports:
        process.eventually(lambda: _closed(port), f"port {port} is closed")


def _closed(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def test_the_guide_tells_of_it(world):
    """An agent that looks around is not told how to keep a server."""
    assert "aileron service run" in world.launch("cat", "/run/aileron/GUIDE.md").ok().out
    outside = world.aileron("service", "run", "web", "--", "true")
    assert outside.rc == 69 and "not a sandbox" in outside.err
    assert world.json("service", "list") == []
    assert json.loads(world.aileron("status", "--json").ok().out)["sessions"] == []
