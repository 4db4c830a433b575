"""A server for tests of published ports.

GET /blob/N answers with N bytes of a known pattern; POST answers with the SHA-256 of the body. A
connection that begins with "HALF" is read to its end, and only then answered.
"""

import hashlib
import http.server
import socketserver
import sys

_PATTERN = bytes(range(256)) * 256


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def handle(self):
        if self.rfile.peek(4)[:4] == b"HALF":
            data = self.rfile.read()
            self.wfile.write(b"%d %s" % (len(data), hashlib.sha256(data).hexdigest().encode()))
            return
        super().handle()

    def do_GET(self):
        """The pattern, or a greeting."""
        size = int(self.path.rpartition("/")[2] or 0) if self.path.startswith("/blob/") else 5
        self.send_response(200)
        self.send_header("Content-Length", str(size))
        self.end_headers()
        if size == 5:
            self.wfile.write(b"hello")
            return
        while size > 0:
            self.wfile.write(_PATTERN[:size])
            size -= len(_PATTERN)

    def do_POST(self):
        """The hash of what came."""
        digest = hashlib.sha256()
        left = int(self.headers["Content-Length"])
        while left > 0:
            piece = self.rfile.read(min(left, 1 << 16))
            digest.update(piece)
            left -= len(piece)
        answer = digest.hexdigest().encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        """Nothing."""


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 256


print("serving", flush=True)
_Server(("127.0.0.1", int(sys.argv[1])), _Handler).serve_forever()
