"""Whose a connection is: found however it is made, and nothing allowed while it cannot be."""

import json
import os
import signal
import subprocess

import pytest

from lib import process

HOST, PLAIN = "api.test", "plain.test"
PYTHON = os.path.realpath("/usr/bin/python3")
# Answers each line of its input with the status of a request.
ASKS = f"""
import sys, urllib.request, urllib.error
for line in sys.stdin:
    try:
        print(urllib.request.urlopen("https://{HOST}/").status, flush=True)
    except urllib.error.HTTPError as error:
        print(error.code, flush=True)
"""


@pytest.fixture
def sites(world):
    """Sites that python alone may reach."""
    world.site(HOST, allow=False)
    world.site(PLAIN, allow=False, tls=False, port=80)
    _policy(world, "allow", "locked")


def _policy(world, action, profile) -> None:
    rules = [{"host": [HOST, PLAIN], "by": PYTHON, "action": action}]
    world.write(os.path.join(world.config, "aileron", "policy.yaml"),
                json.dumps({"version": 1, "profile": profile, "network": rules}), 0o600)


def _python(world, text) -> str:
    return world.launch("python3", "-c", text, timeout=60).ok().out.strip()


def _mediator() -> int:
    found = process.eventually(lambda: [one.pid for one in process.descendants()
                                        if one.command[:2] == ("aileron", "mediator")], "a mediator runs")
    return found[0]


WAYS = {
    "an IPv6 socket for IPv4": f"import socket; s = socket.socket(socket.AF_INET6); "
                               f"s.connect(('::ffff:' + socket.gethostbyname('{PLAIN}'), 80)); "
                               f"s.sendall(b'GET / HTTP/1.1\\r\\nHost: {PLAIN}\\r\\n\\r\\n'); print(s.recv(99)[9:12].decode())",
    "forked": f"import os, urllib.request; r = urllib.request.urlopen\nif os.fork(): os.wait()\n"
              f"else: print(r('https://{HOST}/').status)",
    "shared by a fork": f"import http.client, os\nc = http.client.HTTPSConnection('{HOST}'); c.connect()\n"
                        "if os.fork() == 0: import time; time.sleep(1); os._exit(0)\nc.request('GET', '/'); print(c.getresponse().status)",
    "from a thread": f"import threading, urllib.request\nt = threading.Thread(target=lambda: "
                     f"print(urllib.request.urlopen('https://{HOST}/').status)); t.start(); t.join()",
}


@pytest.mark.parametrize("way", WAYS)
def test_a_programs_connection_is_found(world, sites, way):
    """Who holds a connection is not found."""
    assert _python(world, WAYS[way]) == "200"


def _only(world, program) -> None:
    rules = [{"host": HOST, "by": program, "action": "allow"}]
    world.write(os.path.join(world.config, "aileron", "policy.yaml"),
                json.dumps({"version": 1, "profile": "locked", "network": rules}), 0o600)


CURL = f"curl -sS -o /dev/null -w '%{{http_code}} ' https://{HOST}/"


def test_a_program_is_known_by_what_it_was_executed_as(world, sites):
    """A name that leads to a program, or a script, is not found behind what it runs."""
    _only(world, "python3")
    assert _python(world, WAYS["from a thread"]) == "200"
    script = world.write("tool", f"#!/bin/sh\n{CURL}\n", 0o755)
    _only(world, script)
    assert world.shell(f"./tool; {CURL}").ok().out.split() == ["200", "403"]


def test_descendants_stay_it_when_their_parents_have_ended(world, sites):
    """Who outlives its parents is nobody's descendant."""
    world.write("late", f"sleep 0.5\n{CURL}\n")
    _only(world, "setsid")
    assert world.shell("setsid sh -c 'sh ./late & sleep 0.3'; sleep 1.5").ok().out.split() == ["200"]


def test_who_was_there_before_the_program_is_not_its_descendant(world, sites):
    """A process becomes a program's descendant when its parent executes that."""
    _only(world, "sleep")
    world.write("early", f"(sleep 0.4; exec {CURL}) &\n$1\nexec sleep 1.5\n")
    assert world.shell("sh ./early 'sleep 0.1'; for i in 1 2 3 4; do sh ./early :; done", timeout=60).ok().out.split() == ["403"] * 5


# Requests over one connection, while children are forked that have it until they execute something.
FORKS = f"""
import http.client, os, subprocess, threading
connection = http.client.HTTPSConnection("{HOST}")
connection.connect()
done = False
def forks():
    while not done:
        if os.fork() == 0:
            os.execv("/bin/true", ["true"])
        os.wait()
thread = threading.Thread(target=forks)
thread.start()
for i in range(100):
    connection.request("GET", "/")
    answer = connection.getresponse()
    answer.read()
    print(answer.status)
done = True
thread.join()
"""


def test_a_program_that_starts_others_meanwhile_is_found(world, sites):
    """While one of its children is about to be another program its requests are refused."""
    world.write("forks.py", FORKS)
    assert world.launch("python3", "forks.py", timeout=60).ok().out.split() == ["200"] * 100


def test_streams_of_one_connection_are_their_clients(world, sites):
    """Of a connection's streams only some are found to be the program's."""
    _only(world, "curl")
    urls = " ".join(f"-o /dev/null https://{HOST}/{i}" for i in range(20))
    result = world.shell(f"curl -sS -Z --http2 -w '%{{http_code}}-%{{http_version}} ' {urls}").ok()
    assert result.out.split() == ["200-2"] * 20, result.describe()


@pytest.mark.parametrize(("action", "profile", "else_"), [("allow", "locked", "200"), ("deny", "open", "403")])
def test_while_nobody_can_look_nothing_is_allowed(world, sites, action, profile, else_):
    """While the mediator does not answer a request is let through, or waits for ever."""
    _policy(world, action, profile)
    child = world.launch_start("python3", "-c", ASKS, stdin=subprocess.PIPE)

    def asked() -> str:
        child.stdin.write(b"\n")
        child.stdin.flush()
        return child.stdout.readline().decode().strip()
    assert asked() == else_
    mediator = _mediator()
    os.kill(mediator, signal.SIGSTOP)
    try:
        assert asked() == "403"
    finally:
        os.kill(mediator, signal.SIGCONT)
    assert asked() == else_
    os.kill(mediator, signal.SIGKILL)
    process.eventually(lambda: _mediator() != mediator, "there is another mediator")
    process.eventually(lambda: asked() == else_, "the next one looks")
    child.communicate(timeout=process.PATIENCE)


def test_many_processes_are_looked_at(world, sites):
    """Among many processes and descriptors the one that holds a connection is not found."""
    text = ("import subprocess, os, urllib.request\nkids = [subprocess.Popen(['sleep', '60']) for _ in range(150)]\n"
            "held = [os.dup(1) for _ in range(500)]\n"
            f"print(urllib.request.urlopen('https://{HOST}/').status)\n[k.kill() for k in kids]")
    assert _python(world, text) == "200"
