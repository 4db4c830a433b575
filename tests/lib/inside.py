"""A sandbox that does what a test asks: scripts, and requests to its API, whose answers are compared with the
document."""

import base64
import json
import subprocess
import threading

from lib import contract, process

# curl with the session's token; what it prints is for `spoken`. No percent sign stands in it, for tests that format it.
CURL = ('curl -sS --http1.1 -H "Authorization: Bearer $AILERON_TOKEN" -H "Content-Type: application/json" -w "$(printf '
        r"'\036\045{http_code} \045{method} \045{url} \045{content_type}\036'" ')"')


def spoken(text: str):
    """The JSON that a script printed: compared with the document when it is of `CURL`, of another program as it is."""
    if "\x1e" not in text:
        return json.loads(text)
    body, told, after = text.split("\x1e")
    status, method, url, *kind = told.split()
    if status == "000":  # no answer came, and the script said something instead
        return json.loads(after)
    contract.check(contract.SANDBOX, method, url.partition("/v1")[2], contract.Answer(
        int(status), [("Content-Type", " ".join(kind))], body.encode()))
    return json.loads(body)


class Cut(Exception):
    """The connection ended without an answer, as it does when the daemon is killed."""


class Inside:
    """One launch, until `end`."""

    def __init__(self, world, *flags):
        self.world = world
        program = world.program("inside.py")
        self.child = world.launch_start("/usr/bin/python3", program, flags=flags, stdin=subprocess.PIPE)
        first = self.child.stdout.readline()
        assert first, self.child.stderr.read().decode()
        hello = json.loads(first)
        self.session, self.token = hello["session"], hello["token"]
        self._lock = threading.Condition()
        self._asked, self._answers, self._sent, self._over = 0, {}, set(), False
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        for line in self.child.stdout:
            answer = json.loads(line)
            with self._lock:
                if "sent" in answer:
                    self._sent.add(answer["sent"])
                else:
                    self._answers[answer.pop("n")] = answer
                self._lock.notify_all()
        with self._lock:
            self._over = True
            self._lock.notify_all()

    def _send(self, **what) -> int:
        with self._lock:
            self._asked += 1
            self.child.stdin.write(json.dumps({"n": self._asked, **what}).encode() + b"\n")
            self.child.stdin.flush()
            return self._asked

    def _answer(self, number: int) -> dict:
        with self._lock:
            came = self._lock.wait_for(lambda: number in self._answers or self._over, process.PATIENCE * 3)
            assert came and number in self._answers, f"the sandbox {'has ended' if self._over else 'does not answer'}"
            return self._answers.pop(number)

    def start(self, script: str, data: str = "") -> int:
        """Starts a shell script; `finish` has its end."""
        return self._send(run=script, stdin=data)

    def finish(self, number: int) -> process.Result:
        """How a script that was started ended."""
        done = self._answer(number)
        return process.Result(("inside",), done["rc"], done["out"].encode(), done["err"].encode(), 0.0)

    def done(self, number: int) -> bool:
        """True when a script or request has ended."""
        with self._lock:
            return number in self._answers

    def run(self, script: str, data: str = "") -> process.Result:
        """A shell script, to its end."""
        return self.finish(self.start(script, data))

    def begin(self, method: str, target: str, body=None, raw: bytes | None = None, headers=None, kept=False) -> tuple:
        """Sends a request for `target` (below /v1); `answer` has what came of it.

        With `kept` it goes over the one connection that stays open, and has been sent when this returns.
        """
        data = raw if raw is not None else (b"" if body is None else json.dumps(body).encode())
        given = {"Content-Type": "application/json"} if data else {}
        number = self._send(method=method, path=target, headers={**given, **(headers or {})}, kept=kept,
                            body=base64.b64encode(data).decode())
        with self._lock:
            assert not kept or self._lock.wait_for(lambda: {number} & (self._sent | set(self._answers)), process.PATIENCE)
        return method, target, number

    def answer(self, begun: tuple) -> contract.Answer:
        """The answer to a request that was begun."""
        method, target, number = begun
        came = self._answer(number)
        if "error" in came:
            raise Cut(came["error"])
        found = contract.Answer(came["status"], came["headers"], base64.b64decode(came["body"]))
        return contract.check(contract.SANDBOX, method, target, found)

    def ask(self, method: str, target: str, body=None, raw: bytes | None = None, headers=None,
            kept=False) -> contract.Answer:
        """A request, and its answer."""
        return self.answer(self.begin(method, target, body, raw, headers, kept))

    def call(self, tool: str, operation: str, arguments: dict, key: str, wait_s: int = 0) -> contract.Answer:
        """Runs an operation, as a tool does."""
        return self.ask("POST", "/runs", {"tool": tool, "operation": operation, "arguments": arguments, "key": key,
                                          "wait_s": wait_s})

    def end(self) -> None:
        """Ends the sandbox."""
        self.child.stdin.close()
        assert self.child.wait(process.PATIENCE) == 0, self.child.stderr.read().decode()
