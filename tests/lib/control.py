"""A client of the control API: requests over the daemon's socket, every answer compared with the document."""

import ctypes
import http.client
import json
import os
import socket
import time

from lib import contract, process

_SYS_SETRESUID, _SYS_SETRESGID = 117, 119
_libc = ctypes.CDLL(None, use_errno=True)


def path(world) -> str:
    """Where the world's daemon listens."""
    return os.path.join(world.runtime, "aileron", "control.sock")


def connect(world, timeout: float = process.PATIENCE) -> socket.socket:
    """A connection as the world's user: the daemon asks the kernel who connects."""
    opened = socket.socket(socket.AF_UNIX)
    opened.settimeout(timeout)
    try:
        _connect_as(world.uid, opened, path(world))
    except OSError:
        opened.close()
        raise
    return opened


def _connect_as(uid: int, opened: socket.socket, where: str) -> None:
    """Connects with another effective user. The bare call changes this thread alone."""
    if uid == os.geteuid():
        opened.connect(where)
        return
    try:
        for call in (_SYS_SETRESGID, _SYS_SETRESUID):
            assert _libc.syscall(call, -1, uid, -1) == 0, os.strerror(ctypes.get_errno())
        opened.connect(where)
    finally:
        for call in (_SYS_SETRESUID, _SYS_SETRESGID):
            assert _libc.syscall(call, -1, 0, -1) == 0, os.strerror(ctypes.get_errno())


def ask(world, method: str, target: str, body=None, raw: bytes | None = None, fds=(), headers=()) -> contract.Answer:
    """One request for `target` (below /v1) with a JSON body, a raw one, or descriptors."""
    data = raw if raw is not None else (b"" if body is None else json.dumps(body).encode())
    kind = "application/octet-stream" if raw is not None else "application/json"
    head = [f"{method} /v1{target} HTTP/1.1", "Host: aileron", *(f"{name}: {value}" for name, value in headers)]
    if data or raw is not None:
        head += [f"Content-Type: {kind}", f"Content-Length: {len(data)}"]
    message = "\r\n".join([*head, "", ""]).encode() + data
    with connect(world) as opened:
        sent = socket.send_fds(opened, [message], list(fds)) if fds else 0
        opened.sendall(message[sent:])
        return contract.check(contract.CONTROL, method, target, _read(opened, method))


def _read(opened: socket.socket, method: str) -> contract.Answer:
    response = http.client.HTTPResponse(opened, method=method)
    response.begin()
    body = b"" if response.headers.get_content_type() == "text/event-stream" else response.read()
    return contract.Answer(response.status, response.getheaders(), body)


class Stream:
    """Server-sent events of one route, as (event, id, data)."""

    def __init__(self, world, target: str, last_id: str = ""):
        self._opened = connect(world)
        resume = f"Last-Event-ID: {last_id}\r\n" if last_id else ""
        self._opened.sendall(f"GET /v1{target} HTTP/1.1\r\nHost: aileron\r\n{resume}\r\n".encode())
        self._response = http.client.HTTPResponse(self._opened, method="GET")
        self._response.begin()
        streams = self._response.headers.get_content_type() == "text/event-stream"
        self.answer = contract.check(contract.CONTROL, "GET", target, contract.Answer(
            self._response.status, self._response.getheaders(), b"" if streams else self._response.read()))

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()

    def close(self) -> None:
        """Leaves."""
        self._response.close()
        self._opened.close()

    def __iter__(self):
        return self

    def __next__(self) -> tuple:
        """The next event, comments left out; ends with the stream."""
        fields = {}
        deadline = time.monotonic() + process.PATIENCE
        while True:
            assert time.monotonic() < deadline, "comments come, and no event"
            line = self._response.readline()
            if not line:
                raise StopIteration
            name, _, value = line.decode().rstrip("\n").partition(":")
            if name:
                fields[name] = value.removeprefix(" ")
            elif not line.strip() and fields:
                return fields.get("event", ""), fields.get("id", ""), json.loads(fields["data"])


def waiting(world) -> list:
    """The questions that wait for a person."""
    return ask(world, "GET", "/approvals?limit=2000").ok()["approvals"]


def approval(world, question: str) -> dict:
    """A question whole, as a person sees it."""
    return ask(world, "GET", f"/approvals/{question}").ok()


def previewed(world, question: str) -> dict:
    """A question, once its preview has been fetched."""
    return process.eventually(lambda: (one := approval(world, question))["preview"] and one, "the preview is there")


def approve(world, question: str, **decision) -> dict:
    """A person's yes; of two decisions the first one counts, and this one must be it."""
    return ask(world, "POST", f"/approvals/{question}/approve", decision).ok()


def deny(world, question: str, **decision) -> dict:
    """A person's no."""
    return ask(world, "POST", f"/approvals/{question}/deny", decision).ok()
