"""A client of python3-websockets: each line of standard input is a message in JSON, in which [PART…] is one
in fragments, {"hex": …} one of bytes and LOOK_ALIKE what the variable WS_TOKEN holds; prints what comes back."""

import asyncio
import json
import os
import ssl
import sys

import connection
import websockets


def decoded(line: str):
    """What websockets sends."""
    message = json.loads(line.replace("LOOK_ALIKE", os.environ["WS_TOKEN"]))
    return bytes.fromhex(message["hex"]) if isinstance(message, dict) else message


def encoded(message):
    """The same in JSON."""
    return json.dumps({"hex": message.hex()} if isinstance(message, bytes) else message)


async def main(host: str) -> None:
    """One connection."""
    context = ssl.create_default_context(cafile="/run/aileron/ca.pem")
    raw = connection.plain(host, 443)
    raw.setblocking(False)
    loop = asyncio.get_running_loop()
    async with websockets.connect(f"wss://{host}/ws", ssl=context, sock=raw, server_hostname=host,
                                  max_size=None) as opened:
        while line := await loop.run_in_executor(None, sys.stdin.readline):
            await opened.send(decoded(line))
            print(encoded(await asyncio.wait_for(opened.recv(), 30)), flush=True)


asyncio.run(main(sys.argv[1]))
