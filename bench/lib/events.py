"""A server of endless event streams: each event is the time it was sent, one every 10 ms.

Run as a program: PORT CERTIFICATE KEY. The time is CLOCK_MONOTONIC in nanoseconds, which the load
generator on the same machine subtracts from its own.
"""

import asyncio
import ssl
import sys
import time

_INTERVAL_S = 0.01
_HEAD = (b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\n"
         b"Connection: close\r\n\r\n")


async def _serve(reader, writer) -> None:
    try:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(_HEAD)
        due = time.monotonic()
        while True:
            due += _INTERVAL_S
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            writer.write(b"data: %d\n\n" % time.monotonic_ns())
            await writer.drain()
    except (OSError, asyncio.IncompleteReadError):
        pass  # a client that leaves is how every stream ends
    finally:
        writer.close()


async def _main(port: int, certificate: str, key: str) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server = await asyncio.start_server(_serve, "127.0.0.1", port, ssl=context)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_main(int(sys.argv[1]), sys.argv[2], sys.argv[3]))
