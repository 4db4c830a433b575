"""Runs in the sandbox: asks for each host that standard input names, and tells when it asked and
when it was answered. Prints a line a host: the status, both times in nanoseconds of the day."""

import os
import socket
import ssl
import sys
import time
import urllib.parse


def _opened(host: str, context: ssl.SSLContext, proxy) -> ssl.SSLSocket:
    plain = socket.create_connection((proxy.hostname, proxy.port))
    plain.sendall(f"CONNECT {host}:443 HTTP/1.1\r\nHost: {host}:443\r\n\r\n".encode())
    said = b""
    while b"\r\n\r\n" not in said:
        more = plain.recv(4096)
        if not more:
            sys.exit(f"{host}: {said!r}")
        said += more
    return context.wrap_socket(plain, server_hostname=host)


def main() -> None:
    """Until the end of standard input."""
    context = ssl.create_default_context(cafile=os.environ["SSL_CERT_FILE"])
    proxy = urllib.parse.urlparse(os.environ["HTTPS_PROXY"])
    for line in sys.stdin:
        host = line.strip()
        with _opened(host, context, proxy) as stream:
            asked = time.time_ns()
            stream.sendall(f"GET /1k HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
            first = stream.recv(4096)
            answered = time.time_ns()
        print(first.split()[1].decode(), asked, answered, flush=True)


main()
