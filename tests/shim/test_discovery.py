"""Tools of a sandbox follow the connectors while its agent runs, and the agent changes none of them."""

import json
import subprocess

import pytest

from lib import binary, process

_SPEC = """schema: aileron.connector.v1
fqn: example.com/{tool}
version: "{version}"
summary: Notes
hosts: [api.example.com]
tools:
  - {{name: {tool}, summary: {summary}}}
operations:
  - {{name: {operation}, summary: List them, method: GET, path: /notes, approval: never}}
"""


# Sorted, as ls has them.
_OWN = "aileron\ndocker-credential-aileron\ngit-credential-aileron\n"


class Agent:
    """A shell in a sandbox that is told what to do."""

    def __init__(self, world, flags=()):
        self.child = world.launch_start("sh", flags=flags, stdin=subprocess.PIPE)
        self.say("true")

    def say(self, command: str) -> str:
        """What the command prints, on both of its outputs."""
        self.child.stdin.write(f"{{ {command}; }} 2>&1; echo rc=$? END\n".encode())
        self.child.stdin.flush()
        lines = []
        while not (lines and lines[-1].endswith(" END\n")):
            line = self.child.stdout.readline().decode()
            assert line, "".join(lines) + self.child.stderr.read().decode()
            lines.append(line)
        return "".join(lines)[:-len(" END\n")]


@pytest.fixture
def agent(any_world):
    """A world with an agent that runs before there is any connector."""
    any_world.agent = Agent(any_world)
    return any_world


def _add(world, tool: str, version: str = "1", summary: str = "Of mine", operation: str = "list"):
    text = _SPEC.format(tool=tool, version=version, summary=summary, operation=operation)
    path = world.write(f"{world.root}/{tool}.yaml", text)
    world.aileron("connector", "add", path, "--yes").ok()


def _listed(world, text: str) -> None:
    process.eventually(lambda: world.agent.say("cat /run/aileron/tools.txt") == text + "rc=0", f"the tools are {text!r}")


def test_a_connector_comes_changes_and_goes_while_the_agent_runs(agent):
    """The list or the commands are those of the launch."""
    assert agent.agent.say("cat /run/aileron/tools.txt; ls /run/aileron/bin") == f"{_OWN}rc=0"
    _add(agent, "notes")
    _listed(agent, "notes\tOf mine\n")
    assert "List them" in agent.agent.say("notes --help")
    assert json.loads(agent.agent.say("aileron tools --json").removesuffix("rc=0"))[0]["name"] == "notes"
    _add(agent, "notes", version="2", summary="Other ones", operation="all")
    _listed(agent, "notes\tOther ones\n")
    assert "\n  all  List them" in agent.agent.say("notes --help")
    _add(agent, "cards")
    _listed(agent, "cards\tOf mine\nnotes\tOther ones\n")
    agent.aileron("connector", "remove", "example.com/notes").ok()
    _listed(agent, "cards\tOf mine\n")
    assert agent.agent.say("ls /run/aileron/bin") == _OWN.replace("docker", "cards\ndocker", 1) + "rc=0"
    assert "rc=127" in agent.agent.say("notes --help")


def test_the_tools_are_right_after_a_restart_of_the_daemon(agent):
    """What changed while a session was with no daemon, or with the next one, is not shown."""
    _add(agent, "notes")
    _listed(agent, "notes\tOf mine\n")
    process.end(agent.daemon_pid())
    _add(agent, "cards")
    _listed(agent, "cards\tOf mine\nnotes\tOf mine\n")


def test_every_session_shows_them(agent):
    """A second session is forgotten."""
    other = Agent(agent)
    _add(agent, "notes")
    for one in (agent.agent, other):
        process.eventually(lambda one=one: "notes" in one.say("ls /run/aileron/bin"), "the tool is there")


_FORGE = ("echo forged >> /run/aileron/tools.txt; ln -sf /bin/sh /run/aileron/bin/notes; rm -f /run/aileron/bin/notes; "
          "mount -o remount,rw /run/aileron; cat /run/aileron/tools.txt; readlink /run/aileron/bin/notes")


@pytest.mark.parametrize("flags", [(), ("--allow-nested",)])
def test_the_agent_does_not_write_what_the_launcher_writes(any_world, flags):
    """An agent forges a tool or the list, in a mount namespace of its own if it may have one."""
    any_world.agent = Agent(any_world, flags)
    _add(any_world, "notes")
    _listed(any_world, "notes\tOf mine\n")
    ways = [_FORGE] + [f"unshare -Urm sh -c '{_FORGE}'"] * bool(flags)
    for way in ways:
        said = any_world.agent.say(way)
        assert said.count("ead-only") + said.count("ermission denied") + said.count("ermitted") >= 3, said
    # The canary: the same words do forge where nothing is read-only.
    forged = any_world.agent.say(f"mkdir -p /tmp/own/bin; ({_FORGE.replace('/run/aileron', '/tmp/own')})")
    assert "forged" in forged and "forged" not in any_world.agent.say("cat /run/aileron/tools.txt")
    assert any_world.agent.say("readlink /run/aileron/bin/notes") == "aileron\nrc=0"
    assert binary.path() not in any_world.agent.say("ls -l /proc/1/fd /proc/self/fd")
