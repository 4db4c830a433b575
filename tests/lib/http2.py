"""An HTTP/2 site on loopback, for upstreams that speak it: python3-h2 behind TLS or plain.

Records every request, with its trailers, and answers by path; a test adds routes of its own. A
route gets the stream's `Exchange` and runs in a thread of its own.
"""

import dataclasses
import os
import queue
import shutil
import socket
import ssl
import subprocess
import tempfile
import threading

import h2.config
import h2.connection
import h2.events
import h2.exceptions
import h2.settings

from lib import certificates, process, sites, websocket


@dataclasses.dataclass
class Seen:
    """One request as the site received it."""

    headers: dict
    body: bytes = b""
    trailers: dict | None = None
    connection: int = 0
    reset: int | None = None
    ended: bool = False

    @property
    def path(self) -> str:
        """The :path."""
        return self.headers[":path"]


class Exchange:
    """One stream, for a route: waits for the request's parts and sends the response's."""

    def __init__(self, link, stream: int, seen: Seen):
        self.link, self.stream, self.seen = link, stream, seen
        self.parts = queue.Queue()

    def head(self, *fields, status: int = 200, end: bool = False) -> None:
        """Sends the response's head (or an interim one)."""
        self.link.call("send_headers", self.stream, [(":status", str(status)), *fields],
                       end_stream=end)

    def data(self, body: bytes, end: bool = False) -> None:
        """Sends data, as fast as the windows allow."""
        self.link.send(self.stream, body, end)

    def trailers(self, *fields) -> None:
        """Ends the response."""
        self.link.call("send_headers", self.stream, list(fields), end_stream=True)

    def reset(self, code: int) -> None:
        """Ends the stream."""
        self.link.call("reset_stream", self.stream, code)

    def whole(self) -> Seen:
        """The request with all its body."""
        while self.parts.get() is not None:
            pass
        return self.seen

    def part(self, timeout: float = 30):
        """The next piece of the request's body; None at its end."""
        return self.parts.get(timeout=timeout)


class _Link:
    """One connection."""

    def __init__(self, site, connection, number):
        self.site, self.socket, self.number = site, connection, number
        self.lock = threading.RLock()
        self.room = threading.Condition(self.lock)
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(
            client_side=False, header_encoding="utf-8"))
        self.exchanges = {}

    def call(self, name, *arguments, **keywords):
        """One call of h2, and what it has to send."""
        with self.lock:
            try:
                getattr(self.h2, name)(*arguments, **keywords)
            except h2.exceptions.ProtocolError:
                return  # the client has reset the stream
            self.flush()

    def flush(self):
        """Sends what h2 has ready."""
        data = self.h2.data_to_send()
        if data:
            self.socket.sendall(data)

    def send(self, stream, body, end):
        """Sends data by pieces that fit."""
        view = memoryview(body)
        while view:
            with self.room:
                try:
                    size = min(len(view), self.h2.local_flow_control_window(stream),
                               self.h2.max_outbound_frame_size)
                    if size <= 0:
                        if not self.room.wait(30):
                            return
                        continue
                    self.h2.send_data(stream, bytes(view[:size]),
                                      end_stream=end and size == len(view))
                except h2.exceptions.ProtocolError:
                    return
                self.flush()
                view = view[size:]
        if not body and end:
            self.call("send_data", stream, b"", end_stream=True)

    def run(self):
        """Until the client goes."""
        with self.lock:
            self.h2.initiate_connection()
            self.h2.update_settings(self.site.settings)
            self.flush()
        while data := self.socket.recv(65536):
            with self.room:
                events = self.h2.receive_data(data)
                for event in events:
                    self.take(event)
                self.flush()
                self.room.notify_all()

    def take(self, event):
        """One event of h2."""
        if isinstance(event, h2.events.RequestReceived):
            seen = Seen(dict(event.headers), connection=self.number)
            exchange = Exchange(self, event.stream_id, seen)
            self.exchanges[event.stream_id] = exchange
            self.site.requests.append(seen)
            route = self.site.routes.get(seen.path.partition("?")[0], _hello)
            threading.Thread(target=route, args=(exchange,), daemon=True).start()
        exchange = self.exchanges.get(getattr(event, "stream_id", None))
        if exchange is None:
            return
        if isinstance(event, h2.events.DataReceived):
            exchange.seen.body += event.data if self.site.keep_bodies else b""
            exchange.parts.put(event.data)
            self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, h2.events.TrailersReceived):
            exchange.seen.trailers = dict(event.headers)
        elif isinstance(event, h2.events.StreamEnded):
            exchange.seen.ended = True
            exchange.parts.put(None)
        elif isinstance(event, h2.events.StreamReset):
            exchange.seen.reset = event.error_code
            exchange.parts.put(None)


def _hello(exchange):
    exchange.whole()
    body = f"hello by HTTP/2 {exchange.seen.headers.get('authorization', '')}\n".encode()
    exchange.head(("content-length", str(len(body))), ("content-type", "text/plain"))
    exchange.data(body, end=True)


class Http2Site(sites._Server):
    """A site that speaks HTTP/2 (and nothing else)."""

    def __init__(self, *names, tls: bool = True, settings=None):
        self.tls = tls
        self.requests, self.routes = [], {}
        self.keep_bodies = True
        self.settings = settings or {h2.settings.SettingCodes.MAX_CONCURRENT_STREAMS: 100}
        self._context = None
        if tls:
            self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._context.load_cert_chain(*certificates.shared().issue(*names))
            self._context.set_alpn_protocols(["h2"])
        super().__init__(sites.listen())

    def route(self, path: str):
        """Decorates the function that answers `path`."""
        def add(function):
            self.routes[path] = function
            return function
        return add

    def serve(self, connection, number):
        """HTTP/2, by agreement or, without TLS, by prior knowledge."""
        if self._context:
            connection = self._context.wrap_socket(connection, server_side=True)
        _Link(self, connection, number).run()

    def seen(self, path: str) -> list:
        """The requests for `path`."""
        return [one for one in self.requests if one.path == path]


_FRONT = """
load_module /usr/lib/nginx/modules/ngx_stream_module.so;
daemon off; worker_processes 1; pid {root}/nginx.pid; error_log {root}/error.log; {user}
events {{ worker_connections 64; }}
stream {{ server {{
  listen 127.0.0.1:{port} ssl; ssl_alpn h2; proxy_pass 127.0.0.1:{behind};
  ssl_certificate {certificate}; ssl_certificate_key {key};
}} }}
"""


class StrictFront:
    """nginx's TLS before a server of HTTP/2 without: it refuses whoever does not offer HTTP/2 (RFC 7301 §3.2)."""

    def __init__(self, names, behind: int):
        self.root = tempfile.mkdtemp(prefix="aln-", dir="/tmp")
        self.port = sites.free_port()
        certificate, key = certificates.shared().issue(*names)
        with open(os.path.join(self.root, "nginx.conf"), "w", encoding="ascii") as file:
            file.write(_FRONT.format(
                root=self.root, port=self.port, behind=behind, certificate=certificate, key=key,
                user="user root;" if os.geteuid() == 0 else ""))
        self._nginx = subprocess.Popen(
            ["nginx", "-p", self.root, "-c", f"{self.root}/nginx.conf", "-e",
             f"{self.root}/error.log"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        process.eventually(lambda: os.path.exists(os.path.join(self.root, "nginx.pid")),
                           "nginx is up")

    def close(self):
        """Stops nginx."""
        self._nginx.terminate()
        self._nginx.wait(10)
        shutil.rmtree(self.root, ignore_errors=True)


class StrictSite(Http2Site):
    """Behind a StrictFront."""

    def __init__(self, *names):
        super().__init__(tls=False)
        self._front = StrictFront(names, self.port)
        self.port = self._front.port

    def close(self):
        """Stops nginx too."""
        self._front.close()
        super().close()


_BRIDGE = """
defaults
  mode http
  timeout connect 10s
  timeout client 60s
  timeout server 60s
frontend strict
  bind 127.0.0.1:{port} proto h2
  default_backend echo
backend echo
  server echo 127.0.0.1:{behind} ssl verify none
"""


class WebSocketSite(websocket.EchoSite):
    """An EchoSite for HTTP/2 alone: HAProxy makes streams (RFC 8441) its connections."""

    def __init__(self, *names):
        super().__init__(*names)
        self._root = tempfile.mkdtemp(prefix="aln-", dir="/tmp")
        port = sites.free_port()
        config = os.path.join(self._root, "haproxy.cfg")
        with open(config, "w", encoding="ascii") as file:
            file.write(_BRIDGE.format(port=port, behind=self.port))
        self._haproxy = subprocess.Popen(["haproxy", "-db", "-q", "-f", config],
                                         stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                         stderr=subprocess.DEVNULL)
        process.eventually(lambda: _listens(port), "haproxy is up")
        self._front = StrictFront(names, port)
        self.port = self._front.port

    def close(self):
        """Stops all of them."""
        self._front.close()
        self._haproxy.terminate()
        self._haproxy.wait(10)
        shutil.rmtree(self._root, ignore_errors=True)
        super().close()


def _listens(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0
