"""Sends a TLS 1.2 hello that carries an encrypted_client_hello extension, and prints what answers.

usage: ech_client.py HOST PORT NAME        NAME stands in the (outer) server_name

Prints "alert" or "closed", or the issuer of the certificate that the answer carries, which nobody
can change in TLS 1.2 without being seen: a hello that were passed on would show the site's own.
"""

import re
import ssl
import struct
import sys

import connection

_ECH = 0xFE0D


def hello(name: str) -> bytes:
    """A client's hello for `name`, as OpenSSL writes it, with one extension more."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    out = ssl.MemoryBIO()
    client = context.wrap_bio(ssl.MemoryBIO(), out, server_hostname=name)
    try:
        client.do_handshake()
    except ssl.SSLWantReadError:
        pass
    body = out.read()[9:]
    at = 34
    at += 1 + body[at]
    at += 2 + struct.unpack_from("!H", body, at)[0]
    at += 1 + body[at]
    extensions = body[at + 2:]
    # outer, HKDF-SHA256 with AES-128-GCM, a config id, an encapsulated key, a payload
    payload = bytes([0]) + struct.pack("!HHB", 1, 1, 7) + struct.pack("!H", 32) + b"k" * 32
    payload += struct.pack("!H", 144) + b"p" * 144
    extensions += struct.pack("!HH", _ECH, len(payload)) + payload
    body = body[:at] + struct.pack("!H", len(extensions)) + extensions
    message = b"\1" + struct.pack("!I", len(body))[1:] + body
    return b"\x16\3\1" + struct.pack("!H", len(message)) + message


opened = connection.plain(sys.argv[1], int(sys.argv[2]))
opened.settimeout(20)
opened.sendall(hello(sys.argv[3]))
answer = b""
while len(answer) < 200_000:
    try:
        piece = opened.recv(65536)
    except OSError:
        piece = b""
    answer += piece
    if not piece or b"\x0e\x00\x00\x00" in answer:  # ServerHelloDone
        break
if not answer:
    print("closed")
elif answer[0] == 0x15:
    print("alert")
else:
    found = []
    for match in re.finditer(rb"\x06\x03\x55\x04\x03[\x0c\x13\x16](.)", answer):
        size = match.group(1)[0]
        found.append(answer[match.end():match.end() + size].decode("latin-1"))
    print(found[0] if found else "no certificate")
