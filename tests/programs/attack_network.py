"""Attacker: sends something to an address past the data plane. Prints BREACH when it is answered.

usage: attack_network.py HOW ADDRESS PORT
"""

import os
import socket
import struct
import sys
import urllib.parse

how, address, port = sys.argv[1], sys.argv[2], int(sys.argv[3])
REQUEST = f"GET / HTTP/1.1\r\nHost: {address}:{port}\r\nConnection: close\r\n\r\n".encode()


def talk(opened: socket.socket) -> bool:
    """Sends a request and looks for the trap's answer."""
    opened.settimeout(8)
    opened.sendall(REQUEST)
    data = b""
    while len(data) < 4096:
        piece = opened.recv(4096)
        if not piece:
            break
        data += piece
    return b"BREACH" in data


def stream(family=socket.AF_INET, protocol=0, prepare=lambda opened: None) -> bool:
    """A connection straight to the address."""
    opened = socket.socket(family, socket.SOCK_STREAM, protocol)
    opened.settimeout(8)
    prepare(opened)
    opened.connect((address, port))
    return talk(opened)


def datagram(prepare=lambda opened: None) -> bool:
    """A datagram; the trap only notes it."""
    opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    prepare(opened)
    opened.sendto(b"data carried out", (address, port))
    return False


def fast_open() -> bool:
    """Data in the SYN."""
    opened = socket.socket()
    # Not settimeout(): that makes the socket non-blocking, and then this call may not wait for the answer.
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", 8, 0))
    opened.sendto(REQUEST, 0x20000000, (address, port))
    return b"BREACH" in opened.recv(4096)


def raw() -> bool:
    """A datagram by a raw socket with a header of its own."""
    opened = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
    header = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 40, 1, 0, 64, 17, 0, socket.inet_aton("10.9.8.7"),
                         socket.inet_aton(address))
    opened.sendto(header + struct.pack("!HHHH", 1, 53000, 20, 0) + b"data carried", (address, 0))
    return True


def unix() -> bool:
    """An abstract socket of the host."""
    opened = socket.socket(socket.AF_UNIX)
    opened.connect("\0" + address)
    return talk(opened)


def proxy() -> socket.socket:
    """A connection to the proxy of the session."""
    where = urllib.parse.urlsplit(os.environ["HTTP_PROXY"])
    return socket.create_connection((where.hostname, where.port), 8)


def connect_proxy() -> bool:
    """A tunnel through the proxy."""
    opened = proxy()
    opened.sendall(f"CONNECT {address}:{port} HTTP/1.1\r\nHost: {address}:{port}\r\n\r\n".encode())
    answer = opened.recv(4096)
    print(answer[:80])
    return b" 200 " in answer and talk(opened)


def absolute_proxy() -> bool:
    """A request in absolute form."""
    opened = proxy()
    opened.sendall(f"GET http://{address}:{port}/ HTTP/1.1\r\nHost: {address}:{port}\r\n"
                   "Connection: close\r\n\r\n".encode())
    opened.settimeout(8)
    return b"BREACH" in opened.recv(4096)


def names() -> bool:
    """Names that carry data, by the resolver and by datagrams to several servers."""
    for name in (address, "x." + address):
        try:
            socket.getaddrinfo(name, 443)
        except OSError:
            pass
    question = b"".join(bytes([len(part)]) + part.encode() for part in address.split(".")) + b"\0"
    packet = b"\x12\x34\x01\0\0\x01\0\0\0\0\0\0" + question + b"\0\x01\0\x01"
    for server in ("127.0.0.1", "8.8.8.8", "127.0.0.53", "10.9.8.7"):
        opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        opened.settimeout(2)
        try:
            opened.sendto(packet, (server, 53))
            opened.recv(512)
        except OSError:
            pass
    return False


WAYS = {
    "tcp": stream, "tcp6": lambda: stream(socket.AF_INET6), "udp": datagram, "raw": raw, "unix": unix,
    "broadcast": lambda: datagram(
        lambda opened: opened.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)),
    "bind-device": lambda: stream(
        prepare=lambda opened: opened.setsockopt(socket.SOL_SOCKET, 25, b"lo\0")),
    "source-route": lambda: stream(prepare=lambda opened: opened.setsockopt(
        socket.IPPROTO_IP, socket.IP_OPTIONS, b"\x83\x07\x04" + socket.inet_aton("127.0.0.1") + b"\0")),
    "sctp": lambda: stream(protocol=132), "mptcp": lambda: stream(protocol=262),
    "fastopen": fast_open, "connect-proxy": connect_proxy, "absolute-proxy": absolute_proxy,
    "dns": names,
}
try:
    print("BREACH" if WAYS[how]() else "held")
except OSError as error:
    print("held:", error)
