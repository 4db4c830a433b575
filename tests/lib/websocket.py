"""WebSocket echoes: one of our own by RFC 6455, whose client is programs/websocket_client.py, and the
server of python3-websockets, whose client is programs/websockets_client.py."""

import asyncio
import base64
import hashlib
import ssl
import struct
import threading

import websockets

from lib import certificates

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


class EchoSite:
    """python3-websockets by TLS: answers each message with itself, and remembers it."""

    address = "127.0.0.1"

    def __init__(self, *names):
        self.messages = []
        self.extensions = []  # of each connection, by name
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(*certificates.shared().issue(*names))
        self._loop = asyncio.new_event_loop()
        started = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(started,), daemon=True)
        self._thread.start()
        assert started.wait(20), "the WebSocket server does not start"

    def _run(self, started):
        async def serve():
            self._server = await websockets.serve(self._echo, self.address, 0, ssl=self._context)
            self.port = self._server.sockets[0].getsockname()[1]
            started.set()

        self._loop.run_until_complete(serve())
        self._loop.run_forever()

    async def _echo(self, connection):
        self.extensions.append([one.name for one in connection.extensions])
        async for message in connection:
            self.messages.append(message)
            await connection.send(message)

    def close(self):
        """Stops the server."""
        async def stop():
            self._server.close()
            await self._server.wait_closed()

        asyncio.run_coroutine_threadsafe(stop(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
