"""Does in the sandbox what lines on standard input ask for, each in a thread of its own.

{"n", "run"}: a shell script, answered with its code and what it printed. {"n", "method", "path", "headers",
"body", "kept"}: a request to the sandbox's API, answered with status, headers and body (base64); on the one
connection that is kept, it is said as well when it has been sent.
"""

import base64
import http.client
import json
import os
import ssl
import subprocess
import sys
import threading
import urllib.parse

_API = urllib.parse.urlsplit(os.environ["AILERON_API_URL"])
_CONTEXT = ssl.create_default_context()
_lock = threading.Lock()


def run(asked: dict) -> dict:
    """A shell script to its end."""
    done = subprocess.run(["sh", "-c", asked["run"]], input=asked.get("stdin", "").encode(), capture_output=True,
                          check=False)
    return {"rc": done.returncode, "out": done.stdout.decode("utf-8", "replace"),
            "err": done.stderr.decode("utf-8", "replace")}


def connect() -> http.client.HTTPSConnection:
    """A connection to the API."""
    return http.client.HTTPSConnection(_API.hostname, 443, context=_CONTEXT, timeout=90)


def say(**what) -> None:
    """One line to the test."""
    with _lock:
        print(json.dumps(what), flush=True)


def request(asked: dict) -> dict:
    """One request, on a connection of its own or on the kept one."""
    headers = {"Authorization": f"Bearer {os.environ['AILERON_TOKEN']}", **asked["headers"]}
    headers = {name: value for name, value in headers.items() if value is not None}
    connection = _kept if asked["kept"] else connect()
    try:
        connection.request(asked["method"], _API.path + asked["path"], base64.b64decode(asked["body"]) or None, headers)
        if asked["kept"]:
            say(sent=asked["n"])
        answer = connection.getresponse()
        return {"status": answer.status, "headers": answer.getheaders(),
                "body": base64.b64encode(answer.read()).decode()}
    except (OSError, http.client.HTTPException):
        connection.close()
        raise
    finally:
        if not asked["kept"]:
            connection.close()


def serve(asked: dict) -> None:
    """One line, and its answer."""
    try:
        answer = run(asked) if "run" in asked else request(asked)
    except (OSError, http.client.HTTPException) as error:
        answer = {"error": repr(error)}
    say(n=asked["n"], **answer)


_kept = connect()
say(session=os.environ["AILERON_SESSION_ID"], token=os.environ["AILERON_TOKEN"])
for line in sys.stdin:
    threading.Thread(target=serve, args=(json.loads(line),), daemon=True).start()
with _lock:  # no thread is in the middle of a line, and an interpreter that shuts down would fight one for standard output
    os._exit(0)
