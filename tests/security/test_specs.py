"""Attackers who want another connector than the one that was installed, each with its canary."""

import glob
import hashlib
import json
import os

import pytest

HOST = "api.example.com"
_SPEC = """schema: aileron.connector.v1
fqn: example.com/{name}
version: "1"
summary: A site
hosts: [api.example.com]
tools:
  - {{name: {name}, summary: Read it}}
operations:
  - {{name: thing.get, summary: Get it, method: GET, path: {path}, approval: never}}
"""


@pytest.fixture
def installed(any_world):
    """A world with a connector whose tool reads /right, and its site."""
    any_world.api = any_world.site(HOST, allow=False)
    _add(any_world, "/right")
    return any_world


def _add(world, path: str) -> None:
    spec = world.write("things.yaml", _SPEC.format(name="things", path=path))
    world.aileron("connector", "add", spec, "--yes").ok()


def _called(world) -> list:
    """What the site sees of a call of the tool."""
    before = len(world.api.seen())
    world.shell("things thing get")
    return [one.target for one in world.api.seen()[before:]]


def _stored(world) -> str:
    path, = glob.glob(os.path.join(world.state, "aileron", "connectors", "*.json"))
    return path


def _edited(world) -> str:
    with open(_stored(world), encoding="utf-8") as file:
        return file.read().replace("/right", "/wrong")


def _in_place(world):
    world.write(_stored(world), _edited(world), 0o600)


def _under_its_own_digest(world):
    text, path = _edited(world), _stored(world)
    name = hashlib.sha256(text.encode()).hexdigest()
    world.write(os.path.join(os.path.dirname(path), f"{name}.json"), text, 0o600)
    os.unlink(path)


def _beside(world):
    text = _edited(world).replace("example.com/things", "example.com/more").replace('"things"', '"more"')
    name = hashlib.sha256(text.encode()).hexdigest()
    world.write(os.path.join(os.path.dirname(_stored(world)), f"{name}.json"), text, 0o600)


@pytest.mark.parametrize("running", [True, False], ids=["running", "stopped"])
@pytest.mark.parametrize("edit", [_in_place, _under_its_own_digest, _beside])
def test_a_spec_edited_in_the_store_is_never_used(installed, edit, running):
    """A spec that was edited after it was added is used."""
    assert _called(installed) == ["/right"]
    if not running:
        installed.aileron("daemon", "stop").ok()
    edit(installed)
    assert _called(installed) in (["/right"], []), "what was installed, or nothing"
    names = [one["fqn"] for one in installed.json("connector", "list")]
    assert "example.com/more" not in names and "more" not in installed.shell("aileron tools").out.split()


def test_canary_a_spec_that_is_added_again_is_used(installed):
    """The attacker could not see success: a call does not follow the installed spec."""
    assert _called(installed) == ["/right"]
    _add(installed, "/wrong")
    assert _called(installed) == ["/wrong"]


def test_a_list_of_the_store_that_was_edited_names_nothing_else(installed):
    """The list of what is installed leads to a file elsewhere."""
    path = os.path.join(installed.state, "aileron", "connectors.json")
    installed.aileron("daemon", "stop").ok()
    with open(path, encoding="utf-8") as file:
        before = json.load(file)
    outside = installed.write("outside.json", _edited(installed))
    for digest in ("../../../ws/outside", outside, "0" * 63, ""):
        before["connectors"][0]["digest"] = digest
        installed.write(path, json.dumps(before), 0o600)
        result = installed.aileron("connector", "list")
        assert "damaged" in result.err and "example.com" not in result.out, result.describe()
        assert installed.aileron("connector", "add", "things.yaml", "--yes").rc != 0, "what is unreadable is replaced"
        installed.aileron("daemon", "stop").ok()


def test_the_agent_edits_the_file_that_was_added(installed):
    """The agent writes the spec in its workspace, and its tool follows."""
    script = "sed -i s,/right,/wrong, things.yaml && grep -q /wrong things.yaml && things thing get"
    installed.shell(script)
    assert [one.target for one in installed.api.seen()] == ["/right"]
    installed.aileron("connector", "add", "things.yaml", "--yes").ok()  # the canary: now it is used
    assert _called(installed) == ["/wrong"]


_CURL = 'curl -sS -o /dev/null -w "%{http_code}\\n" -H "Authorization: Bearer $AILERON_TOKEN" -H "Content-Type: application/json"'


def test_the_agent_reaches_neither_keyring_nor_store(installed):
    """The agent trusts a key, installs or removes a connector, or reads who is trusted."""
    line = "RWQWHTmLLW5z51a2JjDNq/d4ZWswEEEggXDpnsF+jKsoCEntihCPUOhM"
    body = json.dumps({"name": "eve", "key": line})
    script = "; ".join([
        f"{_CURL} -d '{body}' $AILERON_API_URL/keyring", f"{_CURL} $AILERON_API_URL/keyring",
        f"{_CURL} -X DELETE $AILERON_API_URL/connectors/example.com%2Fthings", f"{_CURL} $AILERON_API_URL/connectors",
        f"{_CURL} -d '{{}}' $AILERON_API_URL/connectors", f"{_CURL} $AILERON_API_URL/tools"])
    *refused, canary = installed.shell(script).ok().out.split()
    assert canary == "200" and set(refused) <= {"404", "405"}, refused
    for words in (f"keyring add eve {line}", "connector remove example.com/things", "connector add things.yaml --yes"):
        installed.shell(f"aileron {words}")
    assert installed.json("keyring", "list") == []
    assert [one["fqn"] for one in installed.json("connector", "list")] == ["example.com/things"]
    installed.aileron("keyring", "add", "eve", line).ok()  # the canary: outside it works
    assert installed.json("keyring", "list")[0]["name"] == "eve"
