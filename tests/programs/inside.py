"""Does in the sandbox what lines on standard input ask for, each in a thread of its own.

{"n", "run"}: a shell script, answered with its code and what it printed. {"n", "method", "path", "headers",
"body"}: a request to the sandbox's API, answered with status, headers and body (base64).
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


def request(asked: dict) -> dict:
    """One request, on a connection of its own."""
    headers = {"Authorization": f"Bearer {os.environ['AILERON_TOKEN']}", **asked["headers"]}
    headers = {name: value for name, value in headers.items() if value is not None}
    connection = http.client.HTTPSConnection(_API.hostname, 443, context=_CONTEXT, timeout=90)
    try:
        connection.request(asked["method"], _API.path + asked["path"], base64.b64decode(asked["body"]) or None, headers)
        answer = connection.getresponse()
        return {"status": answer.status, "headers": answer.getheaders(),
                "body": base64.b64encode(answer.read()).decode()}
    finally:
        connection.close()


def serve(asked: dict) -> None:
    """One line, and its answer."""
    try:
        answer = run(asked) if "run" in asked else request(asked)
    except (OSError, http.client.HTTPException) as error:
        answer = {"error": repr(error)}
    with _lock:
        print(json.dumps({"n": asked["n"], **answer}), flush=True)


print(json.dumps({"session": os.environ["AILERON_SESSION_ID"], "token": os.environ["AILERON_TOKEN"]}), flush=True)
for line in sys.stdin:
    threading.Thread(target=serve, args=(json.loads(line),), daemon=True).start()
