"""A sandbox that floods its API: the daemon keeps its bounds, and other sandboxes are served."""

import json
import os
import subprocess

from lib import process
from lib.slow import Slow

_CURL = 'curl -sS --http1.1 -H "Authorization: Bearer $AILERON_TOKEN" -H "Content-Type: application/json"'

# Requests that are not sent to their end hold a connection each.
_KNOCK = """import os, selectors, socket, ssl
context = ssl.create_default_context(cafile='/run/aileron/ca.pem')
head = ('POST /v1/results HTTP/1.1\\r\\nHost: aileron.internal\\r\\nContent-Type: application/json\\r\\n'
        'Authorization: Bearer %s\\r\\nContent-Length: 9\\r\\n\\r\\n' % os.environ['AILERON_TOKEN'])
answered, waits = 0, selectors.DefaultSelector()
for number in range(150):
    tls = context.wrap_socket(socket.create_connection(('aileron.internal', 443)), server_hostname='aileron.internal')
    tls.sendall(head.encode())
    tls.setblocking(False)
    waits.register(tls, selectors.EVENT_READ)
while answered < 150 - 64:
    for key, _ in waits.select(30):
        try:
            answered += key.fileobj.recv(12).startswith(b'HTTP/1.1 50')
        except ssl.SSLWantReadError:
            continue
        waits.unregister(key.fileobj)
print(answered)
"""


def _log(world) -> str:
    with open(os.path.join(world.state, "aileron", "daemon.log"), encoding="utf-8", errors="replace") as file:
        return file.read()


def test_who_knocks_in_a_loop_fills_no_log(any_world):
    """Each connection that is refused leaves a line in the daemon's log."""
    result = any_world.launch("python3", any_world.write("knock.py", _KNOCK), timeout=120).ok()
    assert int(result.out) >= 150 - 64, "the canary: the others were refused"
    lines = [line for line in _log(any_world).splitlines() if "refused a connection" in line]
    assert 1 <= len(lines) <= 12, lines


def test_operations_of_all_sessions_have_a_bound_together(any_world):
    """Sandboxes together make the daemon hold more answers than it has room for, or one has no turn after that."""
    slow = Slow(any_world)
    script = (f"for n in $(seq 32); do {_CURL} -d '{{\"tool\":\"slow\",\"operation\":\"thing.look\",\"key\":\"'$n'\"}}' "
              "\"$AILERON_API_URL/runs\" & done > /tmp/answers; wait; cat /tmp/answers")
    first = [any_world.launch_start("sh", "-c", script, stdin=subprocess.DEVNULL) for _ in range(2)]
    slow.came(64)
    third = any_world.shell(script, timeout=120).ok()
    answers = [json.loads(part) for part in third.out.replace("}{", "}\n{").splitlines() if part.strip()]
    assert len(answers) == 32 and {one["outcome"]["code"] for one in answers} == {"too_many_operations"}, answers[:2]
    assert len(slow.site.seen()) == 64
    slow.release()
    for child in first:
        out, _ = child.communicate(timeout=process.PATIENCE)
        assert out.count(b'"succeeded"') == 32, out[:500]
    again = any_world.shell(script, timeout=120).ok()
    assert again.out.count('"succeeded"') == 32, again.describe()
