"""A sandbox that is talked to line by line, and calls of its API."""

import json
import subprocess

from lib import process
from lib.inside import CURL, spoken


def call(tool: str, operation: str, arguments: dict, key: str = "K1", wait: int = 0) -> str:
    """The script that runs an operation."""
    body = json.dumps({"tool": tool, "operation": operation, "arguments": arguments, "key": key, "wait_s": wait})
    return f"{CURL} -d '{body}' \"$AILERON_API_URL/runs\""


def look(run: str, wait: int = 0) -> str:
    """The script that asks what became of a run."""
    return f'{CURL} "$AILERON_API_URL/runs/{run}?wait_s={wait}"'


class Talk:
    """A sandbox that runs each script line written to it and answers with one line."""

    def __init__(self, world, *flags):
        self.world = world
        self.child = world.launch_start("sh", "-c", "while read -r line; do eval \"$line\" | tr -d '\\n'; echo; done",
                                        flags=flags, stdin=subprocess.PIPE)

    def say(self, script: str) -> dict:
        """The JSON that `script` prints."""
        self.child.stdin.write(script.encode() + b"\n")
        self.child.stdin.flush()
        line = self.child.stdout.readline()
        assert line, self.child.stderr.read()
        return spoken(line.decode())

    def end(self):
        """Ends the sandbox."""
        self.child.stdin.close()
        assert self.child.wait(process.PATIENCE) == 0
