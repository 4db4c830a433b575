"""Reads server-sent events and prints how long each was on its way, as JSON.

Sender and reader are on one machine, so CLOCK_MONOTONIC is the same clock.
"""

import json
import sys
import time
import urllib.request

delays = []
with urllib.request.urlopen(sys.argv[1]) as answer:
    for line in iter(answer.readline, b""):
        if line.startswith(b"data: "):
            delays.append(time.clock_gettime(time.CLOCK_MONOTONIC) - float(line[6:]))
print(json.dumps(delays))
