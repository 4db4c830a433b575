"""A WebSocket echo by RFC 6455: the server's side; the client's is programs/websocket_client.py."""

import base64
import hashlib
import struct

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def serve(request) -> None:
    """Upgrades a request of a Site and echoes every frame until the client closes."""
    key = request.headers.get("Sec-WebSocket-Key")
    if request.headers.get("Upgrade", "").lower() != "websocket" or not key:
        request.answer("an upgrade was expected\n", 426, [("Upgrade", "websocket")])
        return
    accept = base64.b64encode(hashlib.sha1(key.encode() + _GUID).digest())
    request.wfile.write(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                        b"Connection: Upgrade\r\nSec-WebSocket-Accept: " + accept + b"\r\n\r\n")
    while True:
        code, payload = read_frame(request.rfile)
        if code == 8:
            request.wfile.write(frame(8, payload))
            break
        request.wfile.write(frame(10 if code == 9 else code, payload))
    request.close_connection = True


def read_frame(file) -> tuple:
    """(opcode, payload) of the next frame."""
    first, second = _exactly(file, 2)
    length = second & 0x7F
    if length == 126:
        length = struct.unpack("!H", _exactly(file, 2))[0]
    elif length == 127:
        length = struct.unpack("!Q", _exactly(file, 8))[0]
    mask = _exactly(file, 4) if second & 0x80 else None
    payload = _exactly(file, length)
    if mask:
        stretched = (mask * (length // 4 + 1))[:length]
        payload = (int.from_bytes(payload, "big") ^ int.from_bytes(stretched, "big")).to_bytes(
            length, "big")
    return first & 0x0F, payload


def frame(code: int, payload: bytes) -> bytes:
    """One unmasked frame, as a server sends it."""
    if len(payload) < 126:
        head = struct.pack("!BB", 0x80 | code, len(payload))
    elif len(payload) < 1 << 16:
        head = struct.pack("!BBH", 0x80 | code, 126, len(payload))
    else:
        head = struct.pack("!BBQ", 0x80 | code, 127, len(payload))
    return head + payload


def _exactly(file, count: int) -> bytes:
    data = b""
    while len(data) < count:
        piece = file.read(count - len(data))
        if not piece:
            raise EOFError("the client left within a frame")
        data += piece
    return data
