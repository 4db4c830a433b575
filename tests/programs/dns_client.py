"""Asks a name server and prints the answers as JSON.

usage: dns_client.py SERVER '[["name", "TYPE", "udp|tcp"], …]'
"""

import json
import os
import socket
import struct
import sys
import time

TYPES = {"A": 1, "CNAME": 5, "MX": 15, "TXT": 16, "AAAA": 28, "SRV": 33, "SVCB": 64, "HTTPS": 65,
         "ANY": 255}


def exchange(server: str, packet: bytes, transport: str) -> bytes:
    """Sends one question and returns the raw answer."""
    if transport == "udp":
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as opened:
            opened.settimeout(10)
            opened.connect((server, 53))
            opened.send(packet)
            return opened.recv(4096)
    with socket.create_connection((server, 53), 10) as opened:
        opened.sendall(struct.pack("!H", len(packet)) + packet)
        file = opened.makefile("rb")
        size, = struct.unpack("!H", file.read(2))
        return file.read(size)


def skip(data: bytes, offset: int) -> int:
    """The offset behind the name at `offset`."""
    while data[offset]:
        if data[offset] >= 0xC0:
            return offset + 2
        offset += data[offset] + 1
    return offset + 1


found = []
for name, kind, transport in json.loads(sys.argv[2]):
    question = b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"
    packet = os.urandom(2) + struct.pack("!HHHHH", 0x0100, 1, 0, 0, 0) + question + struct.pack(
        "!HH", TYPES[kind], 1)
    begin = time.monotonic()
    answer = exchange(sys.argv[1], packet, transport)
    seconds = time.monotonic() - begin
    assert answer[:2] == packet[:2]
    flags, _, count = struct.unpack_from("!HHH", answer, 2)
    offset = skip(answer, 12) + 4
    addresses = []
    for _ in range(count):
        offset = skip(answer, offset)
        record, _, _, size = struct.unpack_from("!HHIH", answer, offset)
        offset += 10
        if record in (1, 28):
            family = socket.AF_INET if record == 1 else socket.AF_INET6
            addresses.append(socket.inet_ntop(family, answer[offset:offset + size]))
        offset += size
    found.append({"rcode": flags & 15, "addresses": addresses, "seconds": seconds, "count": count})
print(json.dumps(found))
