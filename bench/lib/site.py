"""The site behind all proxies: nginx with TLS, HTTP/1.1 and HTTP/2, and the origin of events and
WebSockets."""

import os
import pathlib
import socket
import subprocess
import sys

from lib import loadgen, processes
from lib.certificates import Authority

HOST = "site.bench.test"
_FILES = {"1k": 1024, "64k": 64 * 1024, "10m": 10 * 1024 * 1024}
_NGINX = """
daemon off; worker_processes 1; worker_rlimit_nofile 16384;
pid {root}/nginx.pid; error_log {root}/nginx.log error;
events {{ worker_connections 4096; }}
http {{
  access_log off; sendfile on; tcp_nodelay on; keepalive_requests 100000000; keepalive_timeout 600s;
  client_body_temp_path {root}/body; proxy_temp_path {root}/proxy; fastcgi_temp_path {root}/fastcgi;
  uwsgi_temp_path {root}/uwsgi; scgi_temp_path {root}/scgi;
  ssl_protocols TLSv1.2 TLSv1.3;
  ssl_certificate {certificate}; ssl_certificate_key {key}; ssl_session_tickets off;
  {servers}
}}
"""
# An upload is read whole, into memory, before it is answered: a server that answered at the first
# byte would let a proxy stop reading.
_SERVER = """
  server {{
    listen 127.0.0.1:{port} ssl backlog=4096; listen 127.0.0.1:{h2} ssl http2 backlog=4096;
    root {root}/files;
    location /upload {{
      client_max_body_size 0; client_body_buffer_size 16m;
      proxy_pass http://unix:{root}/answer.sock; proxy_pass_request_body off;
      proxy_set_header Content-Length "";
    }}
  }}
  server {{ listen unix:{root}/answer.sock; return 200 "received"; }}
"""


def free_port() -> int:
    """A port of the loopback interface that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def await_port(port: int, child: subprocess.Popen, log: str) -> None:
    """Waits until `child` listens; with its log when it ends instead."""
    def listens() -> bool:
        if child.poll() is not None:
            with open(log, encoding="utf-8", errors="replace") as file:
                sys.exit(f"bench: {child.args[0]} has ended:\n{file.read()[-2000:]}")
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0
    processes.await_true(listens, f"{child.args[0]} does not listen")


def start_nginx(root: str, servers: str, certificate: str, key: str, port: int):
    """One nginx with one worker, its files in `root`."""
    path = os.path.join(root, "nginx.conf")
    with open(path, "w", encoding="ascii") as file:
        file.write(_NGINX.format(root=root, servers=servers, certificate=certificate, key=key))
    log = os.path.join(root, "nginx.log")
    child = subprocess.Popen(["/usr/sbin/nginx", "-p", root, "-c", path, "-e", log],
                             stdin=subprocess.DEVNULL)
    await_port(port, child, log)
    return child


class Site:
    """Use as a context. `names` are the hosts of the row of never-seen names."""

    def __init__(self, root: str):
        os.mkdir(root, 0o755)
        self.authority = Authority(root, "upstream")
        self.certificate, self.key = self.authority.issue(HOST, "*.bench.test")
        # By door: nginx for HTTP/1.1, nginx that speaks HTTP/2 as well, the origin.
        self.ports = {door: free_port() for door in ("site", "h2", "live")}
        files = pathlib.Path(root, "files")
        files.mkdir(mode=0o755)
        for name, size in _FILES.items():
            (files / name).write_bytes(os.urandom(size))
        log = os.path.join(root, "origin.log")
        with open(log, "wb") as output:
            self._origin = subprocess.Popen(
                [str(loadgen.ORIGIN), str(self.ports["live"]), self.certificate, self.key],
                stdin=subprocess.DEVNULL, stderr=output)
        servers = _SERVER.format(port=self.ports["site"], h2=self.ports["h2"], root=root)
        self._nginx = start_nginx(root, servers, self.certificate, self.key, self.ports["site"])
        await_port(self.ports["live"], self._origin, log)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        processes.end(self._nginx)
        processes.end(self._origin)
