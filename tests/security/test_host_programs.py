"""An agent has written a program, or a link to one, that the host starts by its name: a runtime, an engine, a helper.

Each attacker's file leaves a mark when it is run, and each test ends with the same file where it does run.
"""

import json
import os

import pytest

from lib import images, process

# Runtimes are told apart by what they leave behind in the whole machine.
pytestmark = pytest.mark.xdist_group("engines")


class Planted:
    """A program that leaves a mark."""

    def __init__(self, world):
        self.world = world
        self.mark = os.path.join(world.root, "started")
        os.chmod(world.root, 0o777)

    def write(self, path: str, then: str = "exit 1") -> str:
        """As `path`; returns the folder for PATH."""
        return os.path.dirname(self.world.write(path, f"#!/bin/sh\n: >{self.mark}\n{then}\n", 0o755))

    def ran(self) -> bool:
        """Whether it was, since this was asked last."""
        if not os.path.exists(self.mark):
            return False
        os.unlink(self.mark)
        return True


@pytest.fixture(name="planted")
def _planted(request):
    name = "bundled" if "bundled" in request.fixturenames else "world"
    return Planted(request.getfixturevalue(name))


def _by_name(world, *folders, flags=(), **keywords):
    """A launch whose runtime is looked for in these folders first."""
    path = ":".join([*folders, world.env["PATH"]])
    return world.launch("sh", "-c", "echo in", env={"PATH": path}, flags=[*world.engine_flags, *flags], **keywords)


def _at(world, path: str) -> list:
    """The flags of a launch by the runtime of a path, or of another name."""
    return ["--sandbox=oci", f"--runtime={path}", "--image", world.engine.reference()]


def _link(world, target: str, path: str) -> str:
    os.makedirs(os.path.dirname(path), exist_ok=True)
    os.symlink(target, path)
    return world.give(path)


def test_a_link_that_an_agent_can_turn_is_not_followed(bundled, planted):
    """Where a link of the workspace leads is looked at, and what it leads to when it is started is another program."""
    name = bundled.engine.name
    outside = planted.write(os.path.join(bundled.root, "opt", name), f'exec {bundled.engine.program} "$@"')
    venv = os.path.join(bundled.workspace, "venv/bin")
    _link(bundled, os.path.join(outside, name), os.path.join(venv, name))
    by_folder = os.path.join(bundled.root, "lnk")
    _link(bundled, bundled.workspace, by_folder)
    mine = os.path.dirname(_link(bundled, os.path.join(venv, name), os.path.join(bundled.root, "mybin", name)))
    for folder in (f"{by_folder}/venv/bin", mine):
        result = _by_name(bundled, folder)
        assert result.out == "in\n" and not planted.ran(), result.describe()
        result = bundled.launch("true", flags=_at(bundled, f"{folder}/{name}"))
        assert result.rc != 0 and "where an agent writes" in result.err and not planted.ran(), result.describe()
    result = _by_name(bundled, outside)
    assert result.out == "in\n" and planted.ran(), result.describe()


def test_a_folder_above_up_to_the_projects_root_is_the_agents(bundled, planted):
    """A launch in a folder of the project's starts what an agent wrote in another one."""
    bundled.write(".git/HEAD", "ref: refs/heads/main\n")
    sub = os.path.dirname(bundled.write("sub/x", ""))
    venv = planted.write(f"venv/bin/{bundled.engine.name}", f'exec {bundled.engine.program} "$@"')
    result = _by_name(bundled, venv, cwd=sub)
    assert result.out == "in\n" and not planted.ran(), result.describe()
    os.unlink(os.path.join(bundled.workspace, ".git/HEAD"))
    os.rmdir(os.path.join(bundled.workspace, ".git"))
    result = _by_name(bundled, venv, cwd=sub)
    assert result.out == "in\n" and planted.ran(), result.describe()


def test_what_a_devcontainer_mounts_is_the_agents(bundled, planted):
    """The runtime is chosen before the file's mounts are known."""
    data = planted.write(os.path.join(bundled.root, "data", bundled.engine.name), f'exec {bundled.engine.program} "$@"')
    bundled.write(os.path.join(bundled.config, "aileron", "devcontainers.yaml"), f"version: 1\nmounts:\n  - {data}:rw\n")
    bundled.write(".devcontainer/devcontainer.json", json.dumps(
        {"image": "named-by-the-flag", "mounts": [f"type=bind,source={data},target=/opt/data"]}))
    result = bundled.launch("sh", "-c", "touch /opt/data/x && ls /opt/data", env={"PATH": f"{data}:{bundled.env['PATH']}"},
                            flags=bundled.engine_flags)
    assert result.out.split() == [bundled.engine.name, "x"] and not planted.ran(), result.describe()
    result = _by_name(bundled, data, flags=["--no-devcontainer"])
    assert result.out == "in\n" and planted.ran(), result.describe()


def test_what_cannot_be_written_does_not_count(bundled):
    """A folder that is shown read-only makes the runtime in it missing; or nobody says why one is not started."""
    system = os.path.dirname(bundled.engine.program)
    result = _by_name(bundled, flags=["--mount", f"{system}:/opt/system:ro"])
    assert result.out == "in\n", result.describe()
    own = os.path.join(bundled.root, "own")
    bundled.write(os.path.join(own, "my-runtime"), f'#!/bin/sh\nexec {bundled.engine.program} "$@"\n', 0o755)
    result = bundled.launch("true", env={"PATH": f"{own}:{bundled.env['PATH']}"},
                            flags=[*_at(bundled, "my-runtime"), "--mount", f"{own}:/opt/own"])
    assert result.rc == 69 and f"{own}/my-runtime is not started, since it lies in a folder" in result.err, result.describe()


def test_what_cleans_up_is_not_what_an_agent_put_there(bundled, planted):
    """A launcher and its runtime are killed; an agent writes another program by the runtime's path, and the next launch runs it."""
    tools = planted.write(os.path.join(bundled.root, "tools", bundled.engine.name),
                          f'for word; do [ "$word" != run ] || kill -9 $PPID; done\nexec {bundled.engine.program} "$@"')
    flags = _at(bundled, f"{tools}/{bundled.engine.name}")
    child = bundled.launch_start("true", flags=flags)
    assert child.wait(process.PATIENCE) == -9 and planted.ran()
    folder, = (name for name in os.listdir(bundled.engine.folders) if name.startswith("oci-"))
    process.eventually(lambda: not [one for one in process.descendants() if any(folder in word for word in one.command)],
                       "the runtime has ended")
    planted.write(os.path.join(tools, bundled.engine.name))
    result = bundled.launch("sh", "-c", "echo in", flags=bundled.engine_flags)
    assert result.out == "in\n" and not planted.ran(), result.describe()
    assert not [name for name in os.listdir(bundled.engine.folders) if name.startswith("oci-")], folder
    assert bundled.launch("true", flags=flags).rc == 125 and planted.ran(), "the canary"


def test_a_name_that_is_not_utf8_is_refused(bundled):
    """A runtime is told of another name than the workspace has."""
    folder = os.fsencode(bundled.root) + b"/caf\xe9"
    os.mkdir(folder)
    bundled.give(folder)
    os.chmod(bundled.root, 0o777)
    result = bundled.launch("sh", "-c", "echo in", flags=bundled.engine_flags, cwd=os.fsdecode(folder))
    if bundled.uid == 0:  # who rules the machine shows a tree that has been taken hold of
        assert result.out == "in\n" or "not UTF-8" in result.err, result.describe()
    else:
        assert result.rc == 125 and "not UTF-8" in result.err and "caf\\xe9" in result.err, result.describe()


def test_doctor_starts_nothing_of_the_project(world, planted):
    """`aileron doctor` asks the project's own runtime for its version."""
    world.write(".git/HEAD", "ref: refs/heads/main\n")
    sub = os.path.dirname(world.write("sub/x", ""))
    tools = planted.write("tools/crun", "echo crun version 1.0")
    planted.write("tools/runc", "echo runc version 1.0")
    for folder in (world.workspace, sub):
        result = world.aileron("doctor", env={"PATH": f"{tools}:{world.env['PATH']}"}, cwd=folder)
        assert "crun runtime" in result.out and not planted.ran(), result.describe()
    outside = planted.write(os.path.join(world.root, "opt/crun"), "echo crun version 1.0")
    world.aileron("doctor", env={"PATH": f"{outside}:{world.env['PATH']}"})
    assert planted.ran()


def test_podman_is_none_of_the_projects_or_of_a_mounts(world, planted):
    """An image is asked of a program called podman that an agent wrote above the current folder, or in a mounted one."""
    world.write(".git/HEAD", "ref: refs/heads/main\n")
    sub = os.path.dirname(world.write("sub/x", ""))
    venv = planted.write("venv/bin/podman")
    result = world.aileron("sandbox", "pull", "podman:x/y", env={"PATH": venv}, cwd=sub)
    assert result.rc == 69 and "venv/bin/podman is not started" in result.err and not planted.ran(), result.describe()
    other = planted.write(os.path.join(world.root, "other/podman"))
    result = world.launch("true", env={"PATH": other}, flags=["--image", "podman:x/y", "--mount", f"{other}:/mnt"])
    assert "other/podman is not started" in result.err and not planted.ran(), result.describe()
    result = world.launch("true", env={"PATH": other}, flags=["--image", "podman:x/y", "--mount", f"{other}:/mnt:ro"])
    assert planted.ran(), result.describe()


def test_builders_are_none_of_a_mounts(world, planted):
    """What builds an image comes out of a folder that is mounted."""
    world.write(".devcontainer/Dockerfile", "FROM scratch\nCOPY busybox /bin/busybox\n")
    with open(images.BUSYBOX, "rb") as file:
        world.write(".devcontainer/busybox", file.read(), 0o755)
    world.write(".devcontainer/devcontainer.json", json.dumps({"build": {"dockerfile": "Dockerfile"}}))
    other = planted.write(os.path.join(world.root, "other/buildah"))
    result = world.launch("true", env={"PATH": other}, flags=["--mount", f"{other}:/mnt"])
    assert "other/buildah is not started" in result.err and not planted.ran(), result.describe()
    world.aileron("sandbox", "build", "--yes", env={"PATH": other})
    assert planted.ran()
