"""Attackers on services and published ports: init stays, and nothing leads to the host."""

import json
import os
import re
import socket
import threading

import pytest

from lib import process
from lib.inside import Inside

_HELLO = "import socket; s = socket.create_server((\"127.0.0.1\", 3000)); [s.accept()[0].sendall(b\"hi\") for _ in range(9)]"


def _json(sandbox, script: str):
    """The value that a script in the sandbox prints."""
    return json.loads(sandbox.run(script).ok().out)


def _listening() -> set:
    """The ports that somebody listens on, in the network of the test."""
    ports = set()
    for path in ("/proc/net/tcp", "/proc/net/tcp6"):
        with open(path, encoding="ascii") as file:
            rows = [line.split() for line in file.readlines()[1:]]
        ports |= {int(row[1].rpartition(":")[2], 16) for row in rows if row[3] == "0A"}
    return ports


def _listeners_of(pid: int) -> set:
    """Inodes of the listening sockets that a process holds."""
    held = set()
    for name in os.listdir(f"/proc/{pid}/fd"):
        try:
            held.add(os.readlink(f"/proc/{pid}/fd/{name}"))
        except OSError:
            pass
    inodes = set()
    with open("/proc/net/tcp", encoding="ascii") as file:
        for row in (line.split() for line in file.readlines()[1:]):
            if row[3] == "0A" and f"socket:[{row[9]}]" in held:
                inodes.add(int(row[1].rpartition(":")[2], 16))
    return inodes


def _attack(sandbox, *words: str) -> process.Result:
    path = sandbox.world.program("attack_services.py")
    return sandbox.run(f"timeout 120 python3 {path} {' '.join(words)} </dev/null")


def _is_well(sandbox) -> None:
    """Init answers, reaps and keeps services."""
    sandbox.run("aileron service run well --restart no -- sh -c 'exit 7'").ok()

    def ended() -> bool:
        listed = _json(sandbox, "aileron service list --json")
        return any(one["name"] == "well" and one["exit_code"] == 7 for one in listed)

    process.eventually(ended, "a service runs and its end is seen")
    sandbox.end()


def test_an_agent_publishes_nothing_that_nobody_allowed(any_world):
    """A service that asks for a port gets one without a person's word."""
    sandbox = Inside(any_world)
    refused = sandbox.run(f"aileron service run web -p 3000 -- python3 -c '{_HELLO}'")
    assert refused.rc == 77 and "a person has to allow that" in refused.err
    assert not _listeners_of(sandbox.child.pid)
    assert any_world.json("session", "show", sandbox.session)["published"] == []
    sandbox.end()
    # The canary: with a person's word the same agent is reached.
    allowed = Inside(any_world, "--publish-services")
    allowed.run(f"aileron service run web -p 3000 --health-port 3000 -- python3 -c '{_HELLO}'").ok()
    process.eventually(lambda: _json(allowed, "aileron service list --json")[0]["health"] == "healthy", "it serves")
    address = _json(allowed, "aileron service list --json")[0]["ports"][0]["address"]
    with socket.create_connection(("127.0.0.1", int(address.rpartition(":")[2])), timeout=process.PATIENCE) as client:
        assert client.recv(2) == b"hi"
    allowed.end()


def test_an_agent_does_not_choose_a_port_of_the_host(world):
    """A sandbox that may publish takes a place on the host that people expect something at."""
    sandbox = Inside(world, "--publish-services")
    wanted = [5432, 6379, 8080, 3306, 9200, 27017, 11211, 5000]
    before = _listening()
    flags = " ".join(f"-p {port}" for port in wanted)
    sandbox.run(f"aileron service run squat {flags} -- sleep 1000").ok()
    assert not (_listeners_of(sandbox.child.pid) & set(wanted))
    assert not ((_listening() - before) & set(wanted))
    # Its ports are bounded, too.
    for number in range(3):
        more = " ".join(f"-p {20_000 + number * 10 + n}" for n in range(8))
        sandbox.run(f"aileron service run more{number} {more} -- sleep 1000")
    assert len(_listeners_of(sandbox.child.pid)) <= 16
    over = sandbox.run("aileron service run last -p 30000 -- sleep 1000")
    assert over.rc == 77 and "as many published ports" in over.err
    plane = sandbox.run("aileron service run plane -p 443 -- sleep 1000")
    assert plane.rc == 77
    sandbox.end()


def test_garbage_does_not_harm_init(any_world):
    """Bytes that are no request stop init, or make it do something."""
    sandbox = Inside(any_world)
    assert _attack(sandbox, "garbage").ok().out == "done\n"
    names = [one["name"] for one in _json(sandbox, "aileron service list --json")]
    assert len(names) <= 16 and all(re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,31}", name) for name in names)
    _is_well(sandbox)


def test_ten_thousand_connections_do_not_harm_init(any_world):
    """Connections that are opened and kept make init unreachable for good, or stop it."""
    sandbox = Inside(any_world)
    assert _attack(sandbox, "silent", "10000").ok().out == "done\n"
    _is_well(sandbox)


def test_a_flood_of_requests_does_not_harm_init(world):
    """Thousands of services that are started and end stop init, or pile up."""
    sandbox = Inside(world)
    assert _attack(sandbox, "requests", "1500").ok().out == "done\n"
    assert len(_json(sandbox, "aileron service list --json")) <= 16
    for one in _json(sandbox, "aileron service list --json"):
        sandbox.run(f"aileron service stop {one['name']}").ok()
    _is_well(sandbox)


def test_without_the_sessions_token_init_does_nothing(world):
    """Who reaches init's socket without the agent's token starts a program."""
    sandbox = Inside(world)
    printed = _attack(sandbox, "stolen").ok().out.split()
    assert printed == ["refused"] * 5 + ["canary"]
    sandbox.end()


def test_no_descriptor_reaches_init(world):
    """There is a unix socket of init's, by which descriptors could be passed to it."""
    sandbox = Inside(world)
    sandbox.run("aileron service list").ok()
    # Of the sandbox's own network namespace.
    sockets = sandbox.run("cat /proc/net/unix").ok().out.splitlines()[1:]
    assert not [line for line in sockets if line.split()[7:]], sockets
    sandbox.end()


def test_ten_thousand_connections_from_outside_are_bounded(any_world):
    """Who connects to a published port again and again uses up the launcher, or the session ends."""
    sandbox = Inside(any_world, "-p", ":3000")
    sandbox.run(f"aileron service run web --restart always -- python3 -c '{_HELLO}'").ok()
    port = process.eventually(lambda: _listeners_of(sandbox.child.pid), "it listens").pop()
    kept = []
    for _ in range(10_000):
        client = socket.socket()
        client.setblocking(False)
        client.connect_ex(("127.0.0.1", port))
        kept.append(client)
        if len(kept) > 700:
            kept.pop(0).close()
    assert len(os.listdir(f"/proc/{sandbox.child.pid}/fd")) < 700
    for client in kept:
        client.close()
    _is_well(sandbox)


@pytest.fixture
def trap():
    """A listener of the host that answers BREACH, and counts."""
    caught = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        def serve():
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                caught.append(1)
                connection.sendall(b"BREACH")
                connection.close()

        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1], caught
        server.shutdown(socket.SHUT_RDWR)


def test_a_published_connection_is_no_way_to_the_host(any_world, trap):
    """The socket of a published connection is the host's, and can be turned to anything there."""
    host_port, caught = trap
    sandbox = Inside(any_world, "-p", ":3000")
    path = any_world.program("attack_services.py")
    sandbox.run(f"aileron service run web --restart no -- python3 -u {path} unspec 3000 127.0.0.1 {host_port}").ok()
    process.eventually(lambda: "listening" in sandbox.run("aileron service logs web").out, "the attacker listens")
    port = _listeners_of(sandbox.child.pid).pop()
    with socket.socket() as client:
        client.connect_ex(("127.0.0.1", port))  # it may be broken off before this returns
        process.eventually(lambda: "it ended with" in sandbox.run("aileron service logs web").out, "it has tried")
    printed = sandbox.run("aileron service logs web").ok().out
    assert "refused" in printed and "BREACH" not in printed and not caught
    with socket.create_connection(("127.0.0.1", host_port), timeout=process.PATIENCE) as canary:
        assert canary.recv(10) == b"BREACH", "the canary: the trap answers"
    sandbox.end()
