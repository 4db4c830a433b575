"""Opens a TLS connection in the sandbox: by CONNECT when HTTPS_PROXY is set, directly otherwise."""

import os
import socket
import ssl
import urllib.parse


def plain(host: str, port: int, timeout: float = 30.0) -> socket.socket:
    """A TCP connection, or the tunnel through the proxy."""
    proxy = os.environ.get("HTTPS_PROXY")
    if not proxy:
        return socket.create_connection((host, port), timeout)
    where = urllib.parse.urlsplit(proxy)
    raw = socket.create_connection((where.hostname, where.port), timeout)
    raw.sendall(f"CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n".encode())
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        piece = raw.recv(1)
        if not piece:
            raise EOFError(f"the proxy closed: {head!r}")
        head += piece
    if b" 200 " not in head.split(b"\r\n")[0]:
        raise ConnectionError(head.decode("latin-1"))
    return raw


def secure(host: str, port: int, name: str | None = None, timeout: float = 30.0) -> ssl.SSLSocket:
    """A TLS connection whose SNI is `name` (`host` when not given; empty: none at all)."""
    context = ssl.create_default_context(cafile="/run/aileron/ca.pem")
    if name is not None and name != host:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context.wrap_socket(plain(host, port, timeout), server_hostname=host if name is None else
                               (name or None))
