"""Commands under rules, as the scenarios build, run and look for them."""

import os
import subprocess

from lib import binary

PROGRAMS = binary.REPOSITORY / "tests" / "programs"
# Every attack wants to run "touch forbidden".
FILE = "forbidden"
DENY = ["--command-deny", f"touch {FILE}"]


def build(world, name: str, *flags) -> str:
    """Compiles tests/programs/NAME.c into the world's workspace; its path."""
    path = os.path.join(world.workspace, name)
    subprocess.run(["cc", "-O1", "-pthread", *flags, "-o", path, PROGRAMS / f"{name}.c"], check=True)
    return world.give(path)


def ways(world) -> str:
    """The program that knows ways to execute others."""
    return build(world, "exec_ways", "-static")


def breached(world) -> bool:
    """Whether the forbidden command has run; a trace of it is taken away."""
    path = os.path.join(world.workspace, FILE)
    found = os.path.exists(path)
    if found:
        os.unlink(path)
    return found


def records(world, action: str | None = None) -> list:
    """What the audit log has of commands."""
    found = [one for one in world.json("audit", "list", "--limit", "1000") if one["kind"] == "command"]
    return [one for one in found if action in (None, one["action"])]
