"""Attacker: talks to init's socket for services, or through a published port. Prints what it did.

usage: attack_services.py garbage | silent COUNT | requests COUNT | stolen | unspec PORT HOST HOSTPORT
"""

import ctypes
import os
import random
import socket
import struct
import sys

_PLACE = ("127.0.0.1", 1)
_TOKEN = os.environ["AILERON_TOKEN"].encode()


def text(data: bytes) -> bytes:
    """A text of a message."""
    return struct.pack("<I", len(data)) + data


def texts(*parts: bytes) -> bytes:
    """A list of texts."""
    return struct.pack("<I", len(parts)) + b"".join(map(text, parts))


def run_request(name: bytes, *command: bytes) -> bytes:
    """What `service run NAME -- COMMAND` sends, without its key."""
    return (b"\0" + text(name) + texts(*command) + texts(b"PATH=/usr/bin:/bin") + text(b"/tmp") +
            struct.pack("<IBI", 0, 1, 0) + text(b""))


def say(data: bytes, wait: bool = True) -> bytes:
    """Sends bytes on a connection of their own, and gives what comes back."""
    try:
        with socket.create_connection(_PLACE, timeout=20) as connection:
            connection.sendall(data)
            return connection.recv(1 << 16) if wait else b""
    except OSError:
        return b""


def garbage() -> None:
    """Everything but a request: random bytes, cut and changed requests, lengths that lie."""
    draw = random.Random(7)
    good = text(text(_TOKEN) + run_request(b"web", b"/bin/true"))
    for size in (0, 1, 4, 5, 100, 5000, 300_000):
        say(draw.randbytes(size), wait=False)
    for cut in range(0, len(good), 7):
        say(good[:cut], wait=False)
    for _ in range(300):
        changed = bytearray(good)
        changed[draw.randrange(4 + 4 + len(_TOKEN), len(good))] = draw.randrange(256)
        say(bytes(changed), wait=False)
    for length in (0, 1, 0x7FFFFFFF, 0xFFFFFFFF):
        say(struct.pack("<I", length) + b"x" * 10, wait=False)
    for bad in (b"\x1b[2J", b"../../x", b"a\nb", b"", b"x" * 5000):
        say(text(text(_TOKEN) + run_request(bad, b"/bin/true")))
    many = struct.pack("<I", 0xFFFFFFFF)
    say(text(text(_TOKEN) + b"\0" + text(b"web") + many))
    print("done")


def silent(count: int) -> None:
    """Connections that say nothing and are kept."""
    kept = []
    for _ in range(count):
        connection = socket.socket()
        connection.setblocking(False)
        connection.connect_ex(_PLACE)
        kept.append(connection)
        if len(kept) > 900:
            kept.pop(0).close()
    print("done", flush=True)
    sys.stdin.readline()


def requests(count: int) -> None:
    """As many good requests as it can make, of a service that ends at once."""
    for number in range(count):
        say(text(text(_TOKEN) + run_request(b"s%d" % (number % 40), b"/bin/false")), wait=number % 2 == 0)
    print("done")


def stolen() -> None:
    """A good request with other keys than the session's."""
    for key in (b"", b"x", _TOKEN[:-1], _TOKEN[:-1] + bytes([_TOKEN[-1] ^ 1]), _TOKEN + b"x"):
        answer = say(text(text(key) + run_request(b"web", b"/bin/sleep", b"1000")))
        print("BREACH" if answer[4:5] == b"\0" else "refused")
    answer = say(text(text(_TOKEN) + run_request(b"web", b"/bin/sleep", b"1000")))
    print("canary" if answer[4:5] == b"\0" else "no canary")


def unspec(port: int, host: str, host_port: int) -> None:
    """Takes a connection of a published port and turns its socket to another address."""
    libc = ctypes.CDLL(None, use_errno=True)
    with socket.create_server(("127.0.0.1", port)) as server:
        print("listening", flush=True)
        taken, _ = server.accept()
        nowhere = struct.pack("=H14x", socket.AF_UNSPEC)
        libc.connect(taken.fileno(), nowhere, len(nowhere))
        taken.settimeout(8)
        try:
            taken.connect((host, host_port))
            taken.sendall(b"GET / HTTP/1.1\r\n\r\n")
            print("BREACH" if b"BREACH" in taken.recv(100) else "no answer")
        except OSError as error:
            print(f"refused: {error}")


HOW, *REST = sys.argv[1:]
if HOW == "unspec":
    unspec(int(REST[0]), REST[1], int(REST[2]))
else:
    {"garbage": garbage, "silent": silent, "requests": requests, "stolen": stolen}[HOW](*map(int, REST))
