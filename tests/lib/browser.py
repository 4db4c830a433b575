"""A browser of the world's user, as far as the daemon can tell: curl with a cookie jar and the fields a
browser sends. Only processes of that user are served, so it runs as the world's user."""

import dataclasses
import json
import os
import re


@dataclasses.dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: dict
    body: str

    @property
    def json(self):
        """The body as JSON."""
        return json.loads(self.body)


def link(world) -> str:
    """A new link, as `aileron open --print` prints it."""
    return world.aileron("open", "--print").ok().out.strip()


def origin_of(url: str) -> str:
    """http://127.0.0.1:PORT"""
    return re.match(r"http://127\.0\.0\.1:\d+(?=/)", url)[0]


def ask(world, url: str, *arguments, **keywords) -> Answer:
    """One request by curl. Status 0: no answer."""
    result = world.run("curl", "-sS", "-i", "--http1.1", "-m", "20", *arguments, url, **keywords)
    head, _, body = result.out.partition("\r\n\r\n")
    lines = head.split("\r\n")
    status = int(lines[0].split(" ")[1]) if lines[0].startswith("HTTP/") else 0
    return Answer(status, dict(line.lower().split(": ", 1) for line in lines[1:] if ": " in line), body)


class Browser:
    """One that followed a link, and has the cookie of it."""

    def __init__(self, world, url: str | None = None):
        self.world = world
        url = url or link(world)
        self.origin = origin_of(url)
        self.jar = os.path.join(world.workspace, f"cookies-{len(os.listdir(world.workspace))}")
        self.entered = ask(world, url.split("#")[0], "-c", self.jar)

    @property
    def cookie(self) -> str:
        """NAME=VALUE, as the jar has it."""
        fields = [line.split("\t") for line in self.world.read(self.jar).splitlines() if "aileron-" in line]
        return f"{fields[-1][5]}={fields[-1][6]}"

    def get(self, path: str, *arguments) -> Answer:
        """A page of the daemon's asks."""
        return ask(self.world, self.origin + path, "-b", self.jar, "-H", "Sec-Fetch-Site: same-origin", *arguments)

    def send(self, method: str, path: str, value=None) -> Answer:
        """The same, for what changes something."""
        return self.get(path, "-X", method, "-H", f"Origin: {self.origin}", "-H", "Aileron-Request: console",
                        "-H", "Content-Type: application/json", "-d", json.dumps(value or {}))

    def stream(self, path: str, *arguments, **keywords):
        """Follows events; the process's standard output has them."""
        return self.world.start("curl", "-sSN", "-b", self.jar, *arguments, self.origin + path, **keywords)


def is_listening(port: int) -> bool:
    """Whether somebody listens on that port of this machine."""
    with open("/proc/net/tcp", encoding="ascii") as file:
        lines = [line.split() for line in file][1:]
    return any(line[1].endswith(f":{port:04X}") and line[3] == "0A" for line in lines)

