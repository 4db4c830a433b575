"""A WebSocket client by RFC 6455 that checks an echo: small, large, binary, ping, close."""

import base64
import os
import struct
import sys

import connection

host, port = sys.argv[1], int(sys.argv[2])
opened = connection.secure(host, port)
file = opened.makefile("rb")
key = base64.b64encode(os.urandom(16)).decode()
opened.sendall(f"GET /ws HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
               f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode())
status = file.readline()
assert b" 101 " in status, status
while file.readline().strip():
    pass


def send(code: int, payload: bytes) -> None:
    """One masked frame."""
    mask = os.urandom(4)
    size = len(payload)
    head = struct.pack("!B", 0x80 | code)
    if size < 126:
        head += struct.pack("!B", 0x80 | size)
    elif size < 1 << 16:
        head += struct.pack("!BH", 0x80 | 126, size)
    else:
        head += struct.pack("!BQ", 0x80 | 127, size)
    stretched = (mask * (size // 4 + 1))[:size]
    body = (int.from_bytes(payload, "big") ^ int.from_bytes(stretched, "big")).to_bytes(size, "big")
    opened.sendall(head + mask + body)


def receive() -> tuple:
    """(opcode, payload) of the next frame."""
    first, second = file.read(2)
    size = second & 0x7F
    if size == 126:
        size = struct.unpack("!H", file.read(2))[0]
    elif size == 127:
        size = struct.unpack("!Q", file.read(8))[0]
    return first & 0x0F, file.read(size)


for code, payload in [(1, b"hello"), (2, os.urandom(125)), (2, os.urandom(126)), (1, b"x" * 65535),
                      (2, os.urandom(65536)), (2, os.urandom(3_000_000)), (1, b"")]:
    send(code, payload)
    assert receive() == (code, payload), (code, len(payload))
send(9, b"are you there")
assert receive() == (10, b"are you there")
send(8, struct.pack("!H", 1000))
assert receive()[0] == 8
print("all frames came back")
