#!/usr/bin/python3
"""What asking costs: a tool's call, a person's decision, the list of what waits, many operations.

README.md says what each figure means. The peers are programs of the same run: curl for the tool,
and the same launch without a connector.
"""

import argparse
import json
import os
import pathlib
import queue
import socket
import subprocess
import sys
import threading
import time

from lib import loadgen, machine, results, samples, table
from lib.site import HOST, Site
from lib.world import REPOSITORY, World, binary

_PROGRAMS = REPOSITORY / "bench" / "authority"
_AIMS_MS = {"the tool": 6, "decision → agent": 5, "event → watcher": 10, "listed": 20,
            "operations": 5}
_WAITING = 1000
_OPERATIONS = 10_000
_SPEC = """schema: aileron.connector.v1
fqn: bench.test/{name}
version: "1"
summary: Of the benchmark
hosts: [{host}]
tools:
  - {{name: {name}, summary: Of the benchmark}}
operations:
"""
_OPERATION = """  - name: {name}
    summary: Get the item {name} by its number
    method: GET
    path: /1k
    approval: never
    inputs:
      - {{name: page, type: integer, where: query, description: Which page}}
      - {{name: filter, type: string, where: query, description: Only those that match}}
"""


def add_connector(world: World, name: str, operations) -> None:
    """Installs a connector with these operations."""
    path = pathlib.Path(world.root, f"{name}.yaml")
    path.write_text(_SPEC.format(name=name, host=HOST)
                    + "".join(_OPERATION.format(name=one) for one in operations), encoding="ascii")
    world.call("connector", "add", str(path), "--yes")


def call(world: World, method: str, path: str, body=None) -> bytes:
    """The daemon's answer over its control socket: what a client that keeps no state pays."""
    text = b"" if body is None else json.dumps(body).encode()
    head = (f"{method} {path} HTTP/1.1\r\nHost: aileron\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(text)}\r\nConnection: close\r\n\r\n")
    with socket.socket(socket.AF_UNIX) as stream:
        stream.connect(os.path.join(world.env["XDG_RUNTIME_DIR"], "aileron", "control.sock"))
        stream.sendall(head.encode() + text)
        said = b""
        while more := stream.recv(1 << 20):
            said += more
    status, _, rest = said.partition(b"\r\n")
    if b" 200 " not in status + b" ":
        sys.exit(f"bench: {method} {path}: {said[:500]!r}")
    return rest.partition(b"\r\n\r\n")[2]


class Agent:
    """asker.py in a sandbox. Use as a context."""

    def __init__(self, world: World, site: Site, hosts, hold: str):
        door = f"127.0.0.1:{site.ports['site']}"
        flags = [flag for host in hosts for flag in ("--connect-to", f"{host}:443:{door}")]
        self.child = subprocess.Popen(
            [world.aileron, "launch", "--tty=never", "--hold", hold, "--upstream-ca",
             site.authority.certificate, *flags, f"--mount={_PROGRAMS}:/tmp/bench:ro", "--",
             "/usr/bin/python3", "/tmp/bench/asker.py"], **world.user(), stdin=subprocess.PIPE,
            stdout=subprocess.PIPE)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.child.stdin.close()
        self.child.wait()

    def ask(self, host: str) -> None:
        """Sends a request; `answer` waits for what becomes of it."""
        self.child.stdin.write(host.encode() + b"\n")
        self.child.stdin.flush()

    def answer(self) -> tuple:
        """(status, when it asked, when it was answered), in nanoseconds of the day."""
        return tuple(map(int, self.child.stdout.readline().split()))


class Watcher:
    """A client of the stream of events; tells when each reached it."""

    def __init__(self, world: World):
        self._events = queue.Queue()
        self._stream = socket.socket(socket.AF_UNIX)
        self._stream.connect(os.path.join(world.env["XDG_RUNTIME_DIR"], "aileron", "control.sock"))
        self._stream.sendall(b"GET /v1/approvals/stream HTTP/1.1\r\nHost: aileron\r\n\r\n")
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        waiting = b""
        while more := self._stream.recv(1 << 16):
            now = time.time_ns()
            *lines, waiting = (waiting + more).split(b"\n")
            for line in lines:
                if line.startswith(b"data:"):
                    self._events.put((now, json.loads(line[5:])))

    def next(self, change: str) -> tuple:
        """(when, event) of the next change of that name."""
        while True:
            when, event = self._events.get(timeout=30)
            if event["change"] == change:
                return when, event


def tool_calls(world: World, site: Site, rounds: int) -> dict:
    """Milliseconds of commands in a sandbox."""
    add_connector(world, "bench", ["get"])
    url = f"https://{HOST}/1k"
    commands = {"/bin/true": ["/bin/true"],
                "aileron version": ["/run/aileron/bin/aileron", "version"],
                "curl, the same request": ["/usr/bin/curl", "-sS", "-o", "/dev/null", url],
                "the tool": ["/run/aileron/bin/bench", "get"]}
    done = subprocess.run(
        [world.aileron, "launch", "--tty=never", "--allow", HOST, "--connect-to",
         f"{HOST}:443:127.0.0.1:{site.ports['site']}", "--upstream-ca", site.authority.certificate,
         f"--mount={_PROGRAMS}:/tmp/bench:ro", "--", "/usr/bin/python3", "/tmp/bench/commands.py",
         str(rounds), json.dumps(commands)], **world.user(), check=False, capture_output=True,
        text=True, stdin=subprocess.DEVNULL)
    if done.returncode:
        sys.exit(f"bench: the commands failed:\n{done.stderr}")
    return json.loads(done.stdout)


def decisions(world: World, site: Site, rounds: int) -> dict:
    """Milliseconds from a question to its watcher, and from a decision to watcher and agent."""
    found = {"question → watcher": [], "event → watcher": [], "decision → agent": [],
             "yes → the site's answer": []}
    hosts = [f"d{number}.bench.test" for number in range(2 * rounds)]
    watcher = Watcher(world)
    with Agent(world, site, hosts, "60s") as agent:
        for number, host in enumerate(hosts):
            agent.ask(host)
            seen, event = watcher.next("asked")
            time.sleep(0.02)  # the agent waits by now
            decided = time.time_ns()
            yes = number % 2 == 0
            path = f"/v1/approvals/{event['approval']['id']}/{'approve' if yes else 'deny'}"
            call(world, "POST", path, {})
            told, _ = watcher.next("approved" if yes else "denied")
            status, asked, answered = agent.answer()
            if status != (200 if yes else 403):
                sys.exit(f"bench: the agent got {status}")
            found["question → watcher"].append((seen - asked) / 1e6)
            found["event → watcher"].append((told - decided) / 1e6)
            found["yes → the site's answer" if yes else "decision → agent"].append(
                (answered - decided) / 1e6)
    return found


def listing(world: World, site: Site, rounds: int) -> dict:
    """Milliseconds of the list of what waits, by the API and by the command."""
    each = 100  # of a session
    agents = [Agent(world, site, (), "0s") for _ in range(_WAITING // each)]
    for number, agent in enumerate(agents):
        for host in range(each):
            agent.ask(f"l{number}-{host}.bench.test")
    for agent in agents:
        for _ in range(each):
            if agent.answer()[0] != 428:
                sys.exit("bench: an agent was not told to wait")
    found = {"the daemon's answer": [], "aileron approvals list --json": []}
    for _ in range(rounds):
        begin = time.perf_counter_ns()
        text = call(world, "GET", f"/v1/approvals?limit={_WAITING * 2}")
        found["the daemon's answer"].append((time.perf_counter_ns() - begin) / 1e6)
        begin = time.perf_counter_ns()
        world.call("approvals", "list", "--json")
        found["aileron approvals list --json"].append((time.perf_counter_ns() - begin) / 1e6)
    if len(json.loads(text)["approvals"]) != _WAITING:
        sys.exit(f"bench: not {_WAITING} questions wait")
    for agent in agents:
        agent.__exit__()
    return found


def launches(rounds: int) -> dict:
    """Milliseconds of a launch without connectors and with many operations, turn by turn."""
    found = {"no connector": [], f"{_OPERATIONS:,} operations": []}
    with World() as plain, World() as many:
        add_connector(many, "many", [f"group{n // 100}.item{n}" for n in range(_OPERATIONS)])
        for turn in range(-3, rounds):
            for name, world in zip(found, (plain, many)):
                begin = time.perf_counter_ns()
                world.call("launch", "--tty=never", "--", "/bin/true")
                if turn >= 0:
                    found[name].append((time.perf_counter_ns() - begin) / 1e6)
    return found


def measure(rounds: int) -> dict:
    """All of it."""
    loadgen.build()
    with World() as world, Site(os.path.join(world.root, "site")) as site:
        os.chmod(site.authority.certificate, 0o644)
        found = {"tool": tool_calls(world, site, rounds), "decisions": decisions(world, site, rounds),
                 "listing": listing(world, site, rounds)}
    found["launches"] = launches(rounds)
    return found


def _rows(times: dict) -> str:
    return table.render(["", "median ms", "p90"],
                        [[name, table.number(samples.median(each), 2),
                          table.number(samples.quantile(each, 0.9), 2)]
                         for name, each in times.items()])


def judged(found: dict) -> str:
    """The aims, met or missed."""
    middle = lambda group, name: samples.median(found[group][name])
    plain, many = (samples.median(each) for each in found["launches"].values())
    values = {
        "the tool": middle("tool", "the tool"),
        "decision → agent": middle("decisions", "decision → agent"),
        "event → watcher": middle("decisions", "event → watcher"),
        "listed": middle("listing", "the daemon's answer"),
        "operations": many - plain,
    }
    titles = {"the tool": "a tool, from start to end",
              "listed": f"{_WAITING:,} that wait, listed",
              "operations": f"a launch with {_OPERATIONS:,} operations more than one without"}
    return table.render(
        ["aim", "at most ms", "median ms", "said plainly"],
        [[titles.get(name, name), str(aim), table.number(values[name], 2),
          table.verdict(values[name], aim, smaller_is_better=True)]
         for name, aim in _AIMS_MS.items()])


def print_all(result: dict, rounds: int) -> None:
    """Everything, as Markdown."""
    found = result["found"]
    print("## ./dev bench authority\n")
    print(machine.describe(result["machine"], result["versions"]))
    print(f"\n{rounds} rounds.\n\n{judged(found)}")
    print(f"\n### Commands in a sandbox\n\n{_rows(found['tool'])}")
    print(f"\n### A host that somebody is asked about\n\n{_rows(found['decisions'])}")
    print(f"\n### {_WAITING:,} questions wait\n\n{_rows(found['listing'])}")
    print(f"\n### aileron launch -- /bin/true\n\n{_rows(found['launches'])}")


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=50, help="rounds (50)")
    results.add_flags(parser)
    options = parser.parse_args()
    result = {"machine": machine.facts(),
              "versions": machine.versions(aileron=[str(binary()), "version"],
                                           curl=["/usr/bin/curl", "--version"])}
    result["found"] = measure(options.rounds)
    results.conclude("authority", options, result, lambda: print_all(result, options.rounds))


if __name__ == "__main__":
    main()
