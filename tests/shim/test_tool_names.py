"""Names of tools: which of them clash, and that a clash starts nothing."""

import os
import subprocess

import pytest

from lib import process

_SPEC = """schema: aileron.connector.v1
fqn: example.com/{name}
version: "1"
summary: A site
hosts: [api.example.com]
tools:
  - {{name: {tool}, summary: Read it, override: {override}}}
operations:
  - {{name: thing.get, summary: Get it, method: GET, path: /it}}
"""


def _spec(world, name: str, tool: str, override: bool = False) -> str:
    return world.write(f"{name}.yaml", _SPEC.format(name=name, tool=tool, override=str(override).lower()))


def _add(world, name: str, tool: str, override: bool = False) -> None:
    world.aileron("connector", "add", _spec(world, name, tool, override), "--yes").ok()


def _refused(world, result, tool: str, *parts) -> None:
    """A launch that started nothing, and says which tool is in the way and what to do."""
    assert result.rc == 78 and result.out == "", result.describe()
    for part in (f'"{tool}"', "Give the tool another name", "aileron connector remove", *parts):
        assert part in result.err, result.describe()
    assert not os.path.exists(os.path.join(world.workspace, "ran"))


@pytest.mark.parametrize("override", [False, True])
def test_two_connectors_have_no_tool_in_common(any_world, override):
    """Of two tools of one name it is chance which one runs."""
    _add(any_world, "a", "things")
    second = _spec(any_world, "b", "things", override)
    for words in (["add", second, "--yes"], ["check", second], ["check", "a.yaml", second]):
        result = any_world.aileron("connector", *words)
        assert result.rc != 0 and "example.com/a" in result.err and "example.com/b" in result.err, result.describe()
        assert "another name" in result.err
    assert [one["fqn"] for one in any_world.json("connector", "list")] == ["example.com/a"]
    any_world.aileron("connector", "check", _spec(any_world, "b", "others")).ok()


def test_a_tool_hides_no_command_unasked(any_world):
    """A tool is found in place of a command of the sandbox although its spec does not say so."""
    _add(any_world, "a", "cat")
    script = "touch ran; command -v cat"
    _refused(any_world, any_world.shell(script), "cat", "/cat", "override: true", "example.com/a")
    _add(any_world, "a", "cat", override=True)
    assert any_world.shell(script).ok().out == "/run/aileron/bin/cat\n"
    assert "in place of" in any_world.aileron("connector", "check", "a.yaml").ok().out


@pytest.mark.parametrize("command", [["sh", "-c", "touch ran"], ["/bin/sh", "-c", "touch ran"]])
def test_no_tool_takes_the_place_of_what_is_launched(any_world, command):
    """A connector says override and so runs under the name of the agent."""
    _add(any_world, "a", "sh", override=True)
    _refused(any_world, any_world.launch(*command), "sh", "launched")
    any_world.launch("true").ok()


def test_an_agent_of_the_project_keeps_its_name(any_world):
    """An agent that is named by its path is replaced by a tool of its name."""
    agent = any_world.write("my-agent", "#!/bin/sh\ntouch ran\n", 0o755)
    _add(any_world, "a", "my-agent", override=True)
    _refused(any_world, any_world.launch(agent), "my-agent", "launched")


def test_a_tool_can_be_launched_itself(any_world):
    """A tool that is launched is taken for an agent of that name."""
    _add(any_world, "a", "things")
    assert "thing get" in any_world.launch("things", "--help").ok().out


def test_only_what_the_sandbox_has_counts(any_world):
    """A command that the sandbox does not show keeps a launch from starting, or one of a mount does not."""
    any_world.home_used = True
    folder = os.path.join(any_world.home, "bin")
    any_world.write(os.path.join(folder, "things"), "#!/bin/sh\n", 0o755)
    _add(any_world, "a", "things")
    path = f"{folder}:{any_world.env['PATH']}"
    any_world.launch("true", env={"PATH": path}).ok()
    elsewhere = os.path.join(any_world.root, "more")
    any_world.write(os.path.join(elsewhere, "things"), "#!/bin/sh\n", 0o755)
    flags = ["--mount", f"{elsewhere}:/mnt:ro", "--env", "PATH=/mnt:/usr/bin:/bin"]
    _refused(any_world, any_world.launch("true", flags=flags), "things", "/mnt/things")


def test_what_comes_while_the_agent_runs_hides_nothing_either(any_world):
    """A connector that is added meanwhile takes the place of a command, or of the agent."""
    child = any_world.launch_start("sh", "-c", "while read -r line; do eval \"$line\"; done", stdin=subprocess.PIPE)

    def say(script: str) -> str:
        child.stdin.write(f"{script} || echo none\n".encode())
        child.stdin.flush()
        return child.stdout.readline().decode().strip()

    assert say("command -v cat").endswith("/cat")
    for tool, override in (("cat", False), ("sh", True)):
        _add(any_world, "a", tool, override)
        assert f'left out: the tool "{tool}"' in child.stderr.readline().decode()
        assert say(f"command -v {tool}") != f"/run/aileron/bin/{tool}"
    _add(any_world, "a", "cat", override=True)
    process.eventually(lambda: say("hash -r; command -v cat") == "/run/aileron/bin/cat", "the canary: this one may")
    child.stdin.close()
    assert child.wait(process.PATIENCE) == 0
