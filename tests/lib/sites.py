"""Web sites on loopback: the upstreams of the scenarios.

A `Site` is an HTTP/1.1 server with keep-alive, over TLS (certificate by the test's authority) or
plain. It records every request and answers by path (see `_ROUTES`); a test adds its own routes.
A `RawSite` hands each accepted connection to a function, for upstreams that misbehave.
"""

import contextlib
import dataclasses
import http.server
import json
import os
import socket
import ssl
import threading
import time
import urllib.parse

from lib import certificates, websocket

# 1 MiB that does not compress and repeats in every bulk transfer, so both ends can check each byte.
BLOCK = bytes((index * 2654435761 >> 13) & 0xFF for index in range(1 << 16)) * 16


@dataclasses.dataclass
class Seen:
    """One request as the site received it."""

    method: str
    target: str
    headers: list
    body: bytes
    connection: int
    tls_version: str | None = None
    server_name: str | None = None

    def header(self, name: str):
        """All values of the header `name`."""
        return [value for key, value in self.headers if key.lower() == name.lower()]


def listen(address: str = "127.0.0.1", port: int = 0) -> socket.socket:
    """A listening socket on `address`."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((address, port))
    listener.listen(128)
    return listener


class _Server:
    """Accepts connections in a thread and gives each its own thread."""

    def __init__(self, listener: socket.socket):
        self.listener = listener
        self.port = listener.getsockname()[1]
        self.address = listener.getsockname()[0]
        self.accepted = 0
        self._open = set()
        self._closed = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while not self._closed.is_set():
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.accepted += 1
            self._open.add(connection)
            threading.Thread(target=self._run, args=(connection, self.accepted),
                             daemon=True).start()

    def _run(self, connection, number):
        try:
            self.serve(connection, number)
        except (OSError, ValueError, EOFError):
            pass
        finally:
            self._open.discard(connection)
            with contextlib.suppress(OSError):
                connection.close()

    def serve(self, connection, number):
        """Talks to one client; ended by a return or an error."""
        raise NotImplementedError

    def close(self):
        """Stops listening and cuts every open connection."""
        self._closed.set()
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class RawSite(_Server):
    """Hands each connection to `script(connection)`, after a TLS handshake when `names` are given."""

    def __init__(self, script, names=(), listener=None, authority=None):
        self.script = script
        self.names = names
        self._context = _context(names, authority) if names else None
        super().__init__(listener or listen())

    def serve(self, connection, number):
        if self._context:
            connection = self._context.wrap_socket(connection, server_side=True)
        self.script(connection)
        with contextlib.suppress(OSError):
            connection.close()


class Site(_Server):
    """A well-behaved site; `requests` lists what it saw, `routes` maps paths to functions."""

    def __init__(self, *names, tls=True, listener=None, authority=None, days=30, versions=None):
        self.names = names
        self.host = names[0]
        self.tls = tls
        self.requests = []
        self.routes = dict(_ROUTES)
        self.server_names = []
        self._lock = threading.Lock()
        self._context = _context(names, authority, days, versions, self.server_names) if tls else None
        super().__init__(listener or listen())

    def serve(self, connection, number):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        version = None
        if self._context:
            connection = self._context.wrap_socket(connection, server_side=True)
            version = connection.version()
        _Handler(connection, self, number, version)
        with contextlib.suppress(OSError):
            connection.unwrap() if self._context else None
            connection.close()

    def add(self, seen: Seen):
        """Records one request."""
        with self._lock:
            self.requests.append(seen)

    def seen(self, target: str | None = None) -> list:
        """The requests so far, for one target when given."""
        with self._lock:
            return [one for one in self.requests if target in (None, one.target)]


def _context(names, authority, days=30, versions=None, server_names=None):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*(authority or certificates.shared()).issue(*names, days=days))
    if versions:
        context.minimum_version, context.maximum_version = versions
    if server_names is not None:
        context.sni_callback = lambda sock, name, ctx: server_names.append(name)
    return context


class _Handler(http.server.BaseHTTPRequestHandler):
    """One connection of a Site."""

    protocol_version = "HTTP/1.1"
    timeout = 120

    def __init__(self, connection, site, number, version):
        self.site, self.number, self.tls_version = site, number, version
        super().__init__(connection, ("client", 0), None)

    def setup(self):
        self.connection = self.request
        self.connection.settimeout(self.timeout)
        self.rfile = self.connection.makefile("rb", 1 << 17)
        self.wfile = _Writer(self.connection)

    def log_message(self, *arguments):
        """Keeps the test's output quiet."""

    def __getattr__(self, name):
        if name.startswith("do_"):
            return self._any
        raise AttributeError(name)

    def _any(self):
        parts = urllib.parse.urlsplit(self.path)
        self.query = dict(urllib.parse.parse_qsl(parts.query))
        self.body = None
        streamed = parts.path in ("/sink", "/early")
        if not streamed:
            self.body = self.read_body()
        names = self.site.server_names
        self.site.add(Seen(self.command, self.path, list(self.headers.items()), self.body or b"",
                           self.number, self.tls_version, names[-1] if names else None))
        self.site.routes.get(parts.path, _hello)(self)

    def pieces(self):
        """The body in pieces, chunked or by length; trailers land in `self.trailers`."""
        self.trailers = []
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            while True:
                size = int(self.rfile.readline().split(b";")[0], 16)
                left = size
                while left:
                    piece = self.rfile.read1(min(left, 1 << 17))
                    if not piece:
                        raise EOFError("the client left within a chunk")
                    left -= len(piece)
                    yield piece
                if size == 0:
                    break
                self.rfile.readline()
            while (line := self.rfile.readline().strip()):
                self.trailers.append(line.decode())
        else:
            left = int(self.headers.get("Content-Length", 0))
            while left:
                piece = self.rfile.read1(min(left, 1 << 17))
                if not piece:
                    raise EOFError("the client left within the body")
                left -= len(piece)
                yield piece

    def read_body(self) -> bytes:
        """The whole body."""
        return b"".join(self.pieces())

    def answer(self, body=b"", status=200, headers=(), kind="text/plain"):
        """A complete answer with a length."""
        body = body.encode() if isinstance(body, str) else body
        self.send_response(status)
        self.send_header("Content-Type", kind)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def answer_json(self, value, status=200):
        """A JSON answer."""
        self.answer(json.dumps(value), status, kind="application/json")

    def chunk(self, data: bytes):
        """One chunk of a chunked answer."""
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))


class _Writer:
    """An unbuffered file over a socket whose write takes everything."""

    def __init__(self, connection):
        self._connection = connection
        self.closed = False

    def write(self, data):
        self._connection.sendall(data)
        return len(data)

    def flush(self):
        """Nothing is buffered."""

    def close(self):
        self.closed = True


def _hello(request):
    request.answer(f"hello from {request.site.host}\n")


def _headers(request):
    request.answer_json({"method": request.command, "target": request.path,
                         "headers": list(request.headers.items())})


def _echo(request):
    request.answer(request.body, kind=request.headers.get("Content-Type", "text/plain"))


def _status(request):
    request.answer("as asked\n", int(request.query["code"]))


def _bytes(request):
    total = int(request.query["n"])
    request.send_response(200)
    request.send_header("Content-Type", "application/octet-stream")
    if request.query.get("chunked"):
        request.send_header("Transfer-Encoding", "chunked")
    else:
        request.send_header("Content-Length", str(total))
    request.end_headers()
    while total and request.command != "HEAD":
        piece = BLOCK[:total]
        if request.query.get("chunked"):
            request.chunk(piece)
        else:
            request.wfile.write(piece)
        total -= len(piece)
    if request.query.get("chunked"):
        request.wfile.write(b"0\r\n\r\n")


def _sink(request):
    """Checks an upload byte by byte against the repeated block."""
    total, good = 0, True
    for piece in request.pieces():
        offset = total % len(BLOCK)
        while piece:
            part = piece[:len(BLOCK) - offset]
            good = good and BLOCK.startswith(part, offset)
            total += len(part)
            piece, offset = piece[len(part):], 0
    request.answer_json({"bytes": total, "good": good, "trailers": request.trailers})


def _trailers(request):
    request.send_response(200)
    request.send_header("Transfer-Encoding", "chunked")
    request.send_header("Trailer", "X-Checksum")
    request.end_headers()
    request.chunk(b"body\n")
    request.wfile.write(b"0\r\nX-Checksum: 42\r\n\r\n")


def _events(request):
    """Server-sent events, one each `gap` ms, with the time of sending in each."""
    request.send_response(200)
    request.send_header("Content-Type", "text/event-stream")
    request.send_header("Transfer-Encoding", "chunked")
    request.end_headers()
    for number in range(int(request.query["n"])):
        time.sleep(int(request.query.get("gap", "20")) / 1000)
        request.chunk(b"id: %d\ndata: %.6f\n\n" % (number, time.clock_gettime(time.CLOCK_MONOTONIC)))
    request.wfile.write(b"0\r\n\r\n")


def _early_hints(request):
    request.wfile.write(b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n")
    request.answer("after the hints\n")


def _close_delimited(request):
    """An HTTP/1.0-style body that ends with the connection."""
    request.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n")
    request.wfile.write(b"until the end\n" * 1000)
    request.close_connection = True


def _early(request):
    """Refuses an upload before its body is read, as a server with a limit does."""
    request.answer("too large\n", 413, [("Connection", "close")])
    request.close_connection = True


def _no_content(request):
    request.send_response(204)
    request.end_headers()


def _redirect(request):
    request.answer("", 302, [("Location", request.query["to"])])


def _websocket(request):
    websocket.serve(request)


_ROUTES = {
    "/headers": _headers, "/echo": _echo, "/status": _status, "/bytes": _bytes, "/sink": _sink,
    "/trailers": _trailers, "/events": _events, "/hints": _early_hints, "/early": _early,
    "/until-close": _close_delimited, "/nothing": _no_content, "/redirect": _redirect,
    "/ws": _websocket,
}


def free_port() -> int:
    """A port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def exists(path) -> bool:
    """True when `path` names something, a dangling link included."""
    return os.path.lexists(path)
