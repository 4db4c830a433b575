"""Makes or checks a stream of the repeated block of the harness (sites.BLOCK).

usage: blocks.py make BYTES > stream; blocks.py check < stream
"""

import json
import sys

BLOCK = bytes((index * 2654435761 >> 13) & 0xFF for index in range(1 << 16)) * 16

if sys.argv[1] == "make":
    left = int(sys.argv[2])
    while left:
        left -= sys.stdout.buffer.write(memoryview(BLOCK)[:left])
    sys.stdout.buffer.flush()
else:
    total, good = 0, True
    piece = bytearray(len(BLOCK))
    while True:
        count = sys.stdin.buffer.readinto(piece)
        good = good and (piece == BLOCK if count == len(BLOCK) else BLOCK.startswith(piece[:count]))
        total += count
        if count < len(BLOCK):
            break
    print(json.dumps({"bytes": total, "good": good}))
