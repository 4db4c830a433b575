"""Questions to a person, as the scenarios ask and answer them."""

import json
import os
import subprocess

from lib import process


def pending(world) -> list:
    """What waits for a person."""
    return world.json("approvals", "list")


def waiting(world, count: int = 1) -> list:
    """The questions, once so many wait."""
    return process.eventually(lambda: (found := pending(world)) and len(found) >= count and found,
                              f"{count} questions wait")


def approve(world, *scope) -> dict:
    """Says yes to the one question that waits; returns it."""
    question, = waiting(world)
    world.aileron("approvals", "approve", question["id"], *scope).ok()
    return question


def deny(world, *arguments) -> dict:
    """Says no to it."""
    question, = waiting(world)
    world.aileron("approvals", "deny", question["id"], *arguments).ok()
    return question


def fields(question) -> dict:
    """Its fields by name; of two with one name the last."""
    return {one["name"]: one["value"] for one in question["fields"]}


def sends(world, *curl, flags=(), hold="60s", **keywords) -> subprocess.Popen:
    """A launch whose curl waits for a person, and prints the status and the body's end."""
    return world.launch_start("curl", "-sS", "--path-as-is", "--suppress-connect-headers", "-o", "/dev/null",
                              "-w", "%{http_code}\\n", *curl, flags=["--hold", hold, *flags], **keywords)


def code(child) -> str:
    """What curl was answered in the end."""
    out, err = child.communicate(timeout=process.PATIENCE)
    assert child.returncode == 0, err
    return out.decode().strip()


def rules(world, *network) -> None:
    """Writes the user's policy.yaml; JSON is YAML."""
    text = json.dumps({"version": 1, "network": list(network)}, indent=1)
    world.write(os.path.join(world.config, "aileron", "policy.yaml"), text, 0o600)
