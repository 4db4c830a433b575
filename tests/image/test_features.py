"""Features of a devcontainer: installed in the order of the reference implementation, with its variables, as root."""

import json
import os
import re

import pytest

from lib import binary, builders, images

BASE = "dev.example/base:1"
REFERENCE = binary.REPOSITORY / "build/npm/node_modules/@devcontainers/cli/devcontainer.js"


def _feature(world, name: str, install: str = "true", **members) -> None:
    world.write(f".devcontainer/{name}/devcontainer-feature.json",
                json.dumps({"id": name, "version": "1.0.0", "name": name, **members}))
    world.write(f".devcontainer/{name}/install.sh", f"#!/bin/sh\nset -e\n{install}\n")


def _config(world, **members) -> None:
    world.write(".devcontainer/devcontainer.json", json.dumps({"image": BASE, **members}))


@pytest.fixture
def builder(world):
    """A real builder, whose base image has a user and a label."""
    one = builders.Builder(world)
    label = json.dumps([{"remoteUser": "node", "containerEnv": {"A": "$B"}}])
    one.base(BASE, images.busybox("chmod", "cut", "echo"), Env=["PATH=/bin", "HOME=/root"], User="node",
             Labels={"devcontainer.metadata": label})
    return one


def _built(world, *flags) -> dict:
    return json.loads(world.aileron("sandbox", "build", "--yes", "--json", *flags, timeout=120).ok().out)


def test_features_are_installed(world, builder):
    """A feature does not run as root, knows other options, or its variables are not in the image."""
    _feature(world, "tool", 'echo "$(id -un) $VERSION $ADD_PATH $OWN $_REMOTE_USER $_REMOTE_USER_HOME $_CONTAINER_USER" >/said; '
             "cat more >>/said; mkdir -p /opt/bin; echo '#!/bin/sh' >/opt/bin/tool; echo echo $TOOL >>/opt/bin/tool; "
             "chmod 755 /opt/bin/tool", options={"version": {"type": "string", "default": "9"}, "add-path": {"type": "boolean", "default": False}},
             containerEnv={"TOOL": "works", "PATH": "/opt/bin:${PATH}"}, capAdd=["SYS_PTRACE"], postCreateCommand='echo "$HOME"')
    world.write(".devcontainer/tool/more", "more\n")
    _config(world, features={"./tool": {"add-path": True, "own": "it's $(id)"}})
    built = _built(world)
    result = world.launch("sh", "-c", "cat /said; tool; ls /tmp", flags=["--image", built["reference"]]).ok()
    assert result.out == "root 9 true it's $(id) node /home/node node\nmore\nworks\n", result.describe()
    assert "\"add-path\"" not in json.dumps(builder.runs()), "options stand in a file"
    record, = [json.loads(open(one).read()) for one in _records(world) if built["digest"][7:] in one]
    config = json.loads(record["config"]) if isinstance(record["config"], str) else record["config"]
    assert config["config"]["User"] == "node"
    assert json.loads(config["config"]["Labels"]["devcontainer.metadata"]) == [
        {"remoteUser": "node", "containerEnv": {"A": "$B"}},
        {"id": "./tool", "capAdd": ["SYS_PTRACE"], "postCreateCommand": 'echo "$HOME"'}]
    # What is built says to the plan what it says to a launch.
    plan = world.json("sandbox", "plan")
    assert plan["build"]["built"] and plan["merged"]["postCreateCommands"] == ['echo "$HOME"'], plan["merged"]
    assert "capAdd" in [one["field"] for one in plan["fields"]]


def _records(world) -> list:
    folder = f"{world.cache}/aileron/images/images/sha256"
    return [f"{folder}/{name}" for name in os.listdir(folder) if name.endswith(".json")]


def test_features_count_for_the_key(world, builder):
    """A feature that changed is not installed anew, or one that did not is."""
    _feature(world, "tool", "echo one >/said")
    _config(world, features={"./tool": {}})
    first = _built(world)
    assert _built(world) == {**first, "built": False}
    assert [words[0] for words in builder.runs()] == ["build", "inspect", "build", "push"]
    _feature(world, "tool", "echo two >/said")
    assert world.aileron("sandbox", "build").rc == 77 and builder.runs() == []
    second = _built(world)
    assert second["key"] != first["key"] and world.launch("cat", "/said", flags=["--image", second["reference"]]).ok().out == "two\n"
    # On what a Dockerfile says.
    world.write(".devcontainer/Dockerfile", f"FROM {BASE}\nUSER root\nRUN echo below >/below\nUSER 1000:1000\n")
    world.write(".devcontainer/devcontainer.json", json.dumps({"build": {"dockerfile": "Dockerfile"}, "features": {"./tool": {}}}))
    third = _built(world)
    assert world.launch("cat", "/below", "/said", flags=["--image", third["reference"]]).ok().out == "below\ntwo\n"


def test_one_that_fails_is_named(world, builder):
    """Nobody learns which feature failed, or an image is left."""
    _feature(world, "good")
    _feature(world, "wrong", "echo its own words; exit 5")
    _config(world, features={"./good": {}, "./wrong": {}})
    result = world.aileron("sandbox", "build", "--yes", "-q", timeout=120)
    assert result.rc == 1 and "its own words" in result.err, result.describe()
    assert 'the feature "wrong" (./wrong) failed to install' in result.err, result.describe()
    assert world.json("sandbox", "cache", "list") == []


def test_no_folder_outside_of_the_project_is_installed(world, builder):
    """A feature is read from elsewhere, or one that cannot be is left out without a word."""
    outside = f"{world.root}/outside"
    world.write(f"{outside}/devcontainer-feature.json", '{"id": "outside"}')
    world.write(f"{outside}/install.sh", "echo canary")
    os.makedirs(f"{world.workspace}/.devcontainer")
    os.symlink(outside, f"{world.workspace}/.devcontainer/link")
    for name, rc, text in [("../../outside", 78, "a folder of the project"), ("./link", 78, "no link"), (outside, 78, "a folder of the project"),
                           ("node", 69, "a name of former times"), ("https://dev.example/tool.tgz", 78, "devcontainer-feature-ID.tgz"),
                           ("http://dev.example/devcontainer-feature-tool.tgz", 78, "TLS")]:
        _config(world, features={name: {}})
        result = world.aileron("sandbox", "build", "--yes")
        assert result.rc == rc and text in result.err and "canary" not in result.err, result.describe()
    assert builder.runs() == []


SETS = {
    "by-place": ({"./c": {}, "./a": {}, "./b": {}}, [], {}),
    "hard": ({"./a": {}}, [], {"a": {"dependsOn": {"./c": {"x": "1"}}}, "c": {"dependsOn": {"./b": {}}}}),
    "soft": ({"./a": {}, "./b": {}}, [], {"a": {"installsAfter": ["./b", "./c"]}}),
    "override": ({"./a": {}, "./b": {}, "./c": {}}, ["./c", "./b"], {}),
    "override-and-hard": ({"./a": {}, "./b": {}, "./c": {}, "./d": {}}, ["./d", "./a"], {"d": {"dependsOn": {"./b": {}}}}),
    "twice": ({"./a": {"v": "2"}, "./b": {}}, [], {"b": {"dependsOn": {"./a": {"v": "1"}}}}),
    "rounds": ({"./a": {}, "./b": {}, "./c": {}, "./d": {}}, ["./b"],
               {"a": {"installsAfter": ["./d"]}, "b": {"installsAfter": ["./c"]}, "c": {"dependsOn": {"./d": {}}}}),
}


@pytest.mark.parametrize("case", SETS)
def test_the_order_is_that_of_the_reference(world, case):
    """A feature comes before what it needs, or elsewhere than where its author tried it."""
    features, first, members = SETS[case]
    for name in "abcd":
        _feature(world, name, **members.get(name, {}))
    _config(world, features=features, overrideFeatureInstallOrder=first)
    said = world.run("node", str(REFERENCE), "features", "resolve-dependencies", "--workspace-folder", world.workspace).ok().out
    theirs = [one["id"] for one in json.loads(said[re.search(r"(?m)^\{", said).start():])["installOrder"]]
    assert world.json("sandbox", "plan")["build"]["features"] == theirs
    assert len(theirs) >= 2
