"""Sends the bytes of its third argument (with escapes) and prints what comes back.

usage: raw_client.py HOST PORT BYTES [SNI]; port 80 is spoken plainly, another one with TLS.
"""

import socket
import sys

import connection

host, port = sys.argv[1], int(sys.argv[2])
data = sys.argv[3].encode().decode("unicode_escape").encode("latin-1")
name = sys.argv[4] if len(sys.argv) > 4 else None
opened = connection.plain(host, port) if port in (80, 8080) else connection.secure(host, port, name)
opened.settimeout(15)
answer = b""
try:
    opened.sendall(data)
    while True:
        piece = opened.recv(65536)
        if not piece:
            break
        answer += piece
except socket.timeout:
    answer += b"\n(timeout)\n"
except OSError as error:
    answer += f"\n({type(error).__name__})\n".encode()
sys.stdout.buffer.write(answer)
