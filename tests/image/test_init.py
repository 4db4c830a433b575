"""A devcontainer.json to begin with."""

import json
import os
import re

import pytest

FILE = ".devcontainer/devcontainer.json"


def _init(world, *flags, rc: int = 0):
    result = world.aileron("sandbox", "init", *flags)
    assert result.rc == rc, result.describe()
    return result


@pytest.mark.parametrize("sign,image,cache", [
    ("package.json", "docker.io/library/node:", "npm"), ("go.mod", "docker.io/library/golang:", "go"),
    ("requirements.txt", "docker.io/library/python:", "pip"), ("Cargo.toml", "docker.io/library/rust:", "cargo"),
    ("none", "docker.io/library/buildpack-deps:", None)])
def test_what_is_written_holds(world, sign, image, cache):
    """It has a mistake, fits another project, or is not taken in a sandbox."""
    world.write(sign, "")
    assert _init(world).out == f"{world.workspace}/{FILE}\n"
    plan = world.json("sandbox", "plan")
    assert plan["tier"] == "devcontainer" and plan["image"].startswith(image) and plan["warnings"] == []
    assert {one["state"] for one in plan["fields"]} == {"honoured"}
    said = json.loads(re.sub(r"(?m)^\s*//.*$", "", world.read(FILE)))
    assert said["name"] == "ws"
    assert list(said.get("customizations", {}).get("aileron", {}).get("caches", {})) == ([cache] if cache else [])


def test_what_is_there_stays(world):
    """A person's file is written over, or half of another one is left."""
    world.write(FILE, "mine")
    assert "--force" in _init(world, rc=1).err and world.read(FILE) == "mine"
    _init(world, "--force")
    assert '"image"' in world.read(FILE)
    assert os.listdir(f"{world.workspace}/.devcontainer") == ["devcontainer.json"]


@pytest.mark.parametrize("other", [".devcontainer.json", ".devcontainer/go/devcontainer.json"])
def test_of_two_nobody_could_tell_which_is_meant(world, other):
    """A second file makes every launch ask which one."""
    world.write(other, "{}")
    for flags in ([], ["--force"]):
        assert other in _init(world, *flags, rc=1).err
        assert not os.path.exists(f"{world.workspace}/{FILE}")


def test_nothing_is_written_through_a_link(world):
    """A link in the project has a file written elsewhere."""
    outside = world._folder("outside")
    os.symlink(outside, f"{world.workspace}/.devcontainer")
    assert world.aileron("sandbox", "init").rc != 0 and world.aileron("sandbox", "init", "--force").rc != 0
    assert os.listdir(outside) == []
    os.remove(f"{world.workspace}/.devcontainer")
    secret = world.write(f"{outside}/devcontainer.json", "theirs")
    os.mkdir(f"{world.workspace}/.devcontainer")
    os.symlink(secret, f"{world.workspace}/{FILE}")
    _init(world, rc=1)
    _init(world, "--force")
    assert world.read(secret) == "theirs" and not os.path.islink(f"{world.workspace}/{FILE}")
