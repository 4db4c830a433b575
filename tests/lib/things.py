"""A connector of the tests' own, and its site, which counts what it is asked and stops at a step on request."""

import collections
import json
import threading

from lib import process

HOST = "thing.test"
SPEC = """schema: aileron.connector.v1
fqn: thing.test/things
version: "1"
summary: Things that are made
hosts: [thing.test]
tools:
  - {name: thing, summary: Make things}
operations:
  - name: look
    summary: Look at a thing
    method: GET
    path: /look
    inputs: [{name: name, type: string, where: query, required: true}]
  - name: make
    summary: Make a thing
    method: POST
    path: /make
    inputs:
      - {name: name, type: string, where: body, required: true}
      - {name: note, type: string, where: body}
    body: json
    approval: {mode: ask, editable: [note]}
  - name: mend
    summary: Mend a thing
    method: POST
    path: /make
    inputs: [{name: name, type: string, where: body, required: true}]
    body: json
    approval: {mode: ask, preview: {operation: look, inputs: {name: name}}}
  - name: keep
    summary: Keep a thing, once for each key
    method: POST
    path: /make
    inputs: [{name: name, type: string, where: body, required: true}]
    body: json
    idempotency: {key: Idempotency-Key}
    approval: never
"""


class Things:
    """The site. A step that is held is reached once and waits there until it is let go."""

    LOOKED, ASKED, HALF, DONE = "looked at", "asked", "half answered", "answered"

    def __init__(self, world):
        self.world = world
        self.made, self.looked = collections.Counter(), collections.Counter()
        self._lock = threading.Lock()
        self._held, self._reached = {}, collections.defaultdict(threading.Event)
        self.site = world.site(HOST, allow=False)
        self.site.routes["/make"] = self._make
        self.site.routes["/look"] = self._look
        world.aileron("connector", "add", world.write("things.yaml", SPEC), "--yes").ok()

    def hold(self, step: str) -> None:
        """What comes to `step` waits there."""
        self._held[step] = threading.Event()
        self._reached[step].clear()

    def reached(self, step: str) -> None:
        """Waits until something is at `step`."""
        assert self._reached[step].wait(process.PATIENCE), f"nothing has been {step}"

    def let_go(self, step: str) -> None:
        """Lets what waits at `step`, and what comes later, go on."""
        self._held.pop(step).set()

    def _at(self, step: str) -> None:
        held = self._held.get(step)
        self._reached[step].set()
        if held:
            held.wait(process.PATIENCE * 3)

    def _look(self, request) -> None:
        name = request.query["name"]
        with self._lock:
            self.looked[name] += 1
        self._at(self.LOOKED)
        request.answer_json({"looks": name})

    def _make(self, request) -> None:
        payload = json.loads(request.body)
        with self._lock:
            self.made[payload["name"]] += 1
        self._at(self.ASKED)
        body = json.dumps({"made": payload}).encode()
        request.wfile.write(b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\n"
                            b"Content-Length: %d\r\n\r\n" % len(body))
        request.wfile.write(body[:5])
        self._at(self.HALF)
        request.wfile.write(body[5:])
        self._at(self.DONE)


def make(inside, name: str, key: str, wait_s: int = 0, operation: str = "make"):
    """Asks for a thing, as its tool does."""
    return inside.call("thing", operation, {"name": name}, key, wait_s)
