"""A site that answers when it is told to, and a connector for it."""

import threading

from lib import process

HOST = "slow.test"
_SPEC = """schema: aileron.connector.v1
fqn: example.com/slow
version: "1"
summary: Things that take their time
hosts: [slow.test]
tools:
  - {name: slow, summary: Do something}
operations:
  - {name: thing.look, summary: Look, method: GET, path: /look, approval: {mode: never}}
  - name: thing.do
    summary: Do it
    method: POST
    path: /do
    body: json
    inputs: [{name: what, type: string, required: true, where: body}]
    approval: {mode: ask}
"""


class Slow:
    """Its site in `world`, whose answers wait for `release`."""

    def __init__(self, world):
        self._go = threading.Event()
        self.gone = threading.Event()  # somebody left without an answer
        self.site = world.site(HOST, allow=False)
        self.site.routes["/look"] = self.site.routes["/do"] = self._answer
        world.aileron("connector", "add", world.write("slow.yaml", _SPEC), "--yes").ok()

    def _answer(self, request):
        # Looks whether the client is still there, too.
        request.connection.settimeout(0.05)
        while not self._go.is_set():
            try:
                if request.connection.recv(1) == b"":
                    self.gone.set()
                    return
            except TimeoutError:
                continue
            except OSError:
                self.gone.set()
                return
        request.connection.settimeout(None)
        request.answer_json({"done": True}, 201 if request.command == "POST" else 200)

    def release(self) -> None:
        """Lets all answers go, from now on at once."""
        self._go.set()

    def came(self, count: int) -> None:
        """Waits until so many requests have come."""
        process.eventually(lambda: len(self.site.seen()) >= count, f"{count} requests have come")
