"""Images that docker and podman have on this machine, launched without an engine by the names that they have there."""

import json
import os
import shutil

import pytest

from lib import builders, engines, images

# One process has all of the engines, and so each is started once.
pytestmark = pytest.mark.xdist_group("engines")

_TRANSPORT = {"docker": "docker-daemon", "podman": "containers-storage"}


def _name(world, image: str = engines.IMAGE) -> str:
    return f"{_TRANSPORT[world.engine.name]}:{image}"


def _start(world, reference: str, script: str, *flags, **more):
    return world.launch("sh", "-c", script, flags=["--image", reference, *flags], **more)


def _exports(result) -> bool:
    return " exports " in result.err


def test_an_engines_image_is_the_root_of_a_native_launch(engined):
    """The image is not what the engine has, its config is lost, or a container is made."""
    result = _start(engined, _name(engined), "id -un; echo $OF_IMAGE $AILERON_SANDBOX; ls /bin/busybox; touch /etc/x")
    assert result.out.splitlines() == ["agent", "yes native", "/bin/busybox"], result.describe()
    assert "Read-only file system" in result.err and _exports(result), result.describe()
    assert engined.engine.containers() == []
    listed, = engined.json("sandbox", "cache", "list")
    assert listed["names"] == [_name(engined)] and listed["digest"] == engined.engine.image_id()
    assert os.listdir(os.path.join(engined.cache, "aileron/images/partial")) == []


def test_a_second_launch_exports_nothing(engined):
    """What is in the store is exported again: by the same name, by another one, by the id."""
    assert _exports(_start(engined, _name(engined), "true").ok())
    other = "localhost/tests/other:2"
    engined.engine.run("tag", engines.IMAGE, other)
    for name in (engines.IMAGE, other, engined.engine.image_id()):
        again = _start(engined, _name(engined, name), "echo on").ok()
        assert again.out == "on\n" and not _exports(again), again.describe()
    engined.engine.run("rmi", other)


def test_a_tag_that_moves_is_followed(docked):
    """The engine means another image by the name, and the launch has the old one."""
    name = "localhost/tests/moving:1"
    docked.engine.load(name, images.busybox().file("which", "one"))
    assert _start(docked, _name(docked, name), "cat /which").ok().out == "one"
    docked.engine.load(name, images.busybox().file("which", "two"))
    moved = _start(docked, _name(docked, name), "cat /which").ok()
    assert moved.out == "two" and _exports(moved), moved.describe()


def test_without_its_engine_an_image_is_what_it_was(docked):
    """An engine that is down stops a launch whose image the store has, or nobody is told; or one that it has not got starts."""
    _start(docked, _name(docked), "true").ok()
    gone = {"DOCKER_HOST": f"unix://{docked.root}/none"}
    result = _start(docked, _name(docked), "echo $OF_IMAGE", env=gone)
    assert result.rc == 0 and result.out == "yes\n", result.describe()
    assert "when it was read last" in result.err and "systemctl start docker" in result.err, result.describe()
    pulled = docked.aileron("sandbox", "pull", _name(docked), env=gone)
    assert pulled.rc == 69 and pulled.out == "" and "systemctl start docker" in pulled.err, pulled.describe()
    by_id = _start(docked, f"docker-daemon:{docked.engine.image_id()}", "true", env=gone)
    assert by_id.rc == 0 and by_id.err == "", by_id.describe()
    missing = _start(docked, "docker-daemon:never/there", "true", env=gone)
    assert missing.rc == 125 and "systemctl start docker" in missing.err, missing.describe()


def test_an_image_that_the_engine_has_not_got_is_said_so(engined):
    """A name that is nowhere is pulled, or it is not said what gets it."""
    result = _start(engined, _name(engined, "localhost/no/such:1"), "true")
    assert result.rc == 125 and f"{engined.engine.name} pull localhost/no/such:1" in result.err, result.describe()


def test_a_short_id_is_an_id(engined):
    """An id as the engine shows it is taken for a name, or what no registry knows is said to be had from one."""
    short = engined.engine.image_id()[7:19]
    assert _start(engined, _name(engined, short), "echo $OF_IMAGE").ok().out == "yes\n"
    none = _start(engined, _name(engined, "0123456789ab"), "true")
    assert none.rc == 125 and f"{engined.engine.name} image ls" in none.err and " pull " not in none.err, none.describe()


def test_plan_says_where_it_comes_from(engined):
    """The plan does not name the engine, what it means by the name, or whether it is in the store; or it exports."""
    source = engined.json("sandbox", "plan", "--image", _name(engined))["source"]
    assert engined.engine.name in source["from"] and engined.engine.socket in source["from"], source
    assert source["id"] == engined.engine.image_id() and source["stored"] is False, source
    assert source["reference"] == _name(engined) and not os.path.exists(os.path.join(engined.cache, "aileron/images"))
    engined.aileron("sandbox", "pull", _name(engined)).ok()
    assert engined.json("sandbox", "plan", "--image", _name(engined))["source"]["stored"] is True
    said = engined.aileron("sandbox", "plan", "--image", _name(engined)).ok().out
    assert engined.engine.socket in said and "in the store" in said, said


def test_a_project_names_no_image_of_the_machines(docked):
    """A devcontainer.json shows the agent an image of the host's that nobody named."""
    docked.write(".devcontainer/devcontainer.json", json.dumps({"image": _name(docked)}))
    result = docked.launch("true")
    assert result.rc != 0 and "name it with --image" in result.err, result.describe()


def test_one_engines_image_is_not_anothers(docked):
    """--sandbox=docker takes a name that says podman, or does not know its own."""
    wrong = docked.launch("true", flags=["--sandbox=docker", "--image", "podman:x/y"])
    assert wrong.rc == 64 and "--sandbox=podman" in wrong.err, wrong.describe()
    own = docked.launch("sh", "-c", "echo $AILERON_SANDBOX", flags=["--sandbox=docker", "--image", _name(docked)])
    assert own.out == "docker\n", own.describe()


@pytest.fixture(name="podmans")
def _podmans(world):
    """The storage of a podman that serves no socket, with an image that buildah's users know."""
    builder = builders.Builder(world)
    builder.base("localhost/tests/own:1", images.busybox(), Env=["OF_IMAGE=own"])
    settings = world.write(f"{world.root}/containers.conf",
                           '[engine]\nruntime = "runc"\ncgroup_manager = "cgroupfs"\nevents_logger = "file"\n')
    world.env["CONTAINERS_CONF"] = settings
    return world


def test_podmans_storage_needs_no_socket(podmans):
    """Without podman's socket its images are not found, or what served them stays, also of a launch that was killed."""
    left = f"{podmans.runtime}/aileron/podman-aBcDeF"
    podmans.write(f"{left}/sock", "")
    result = _start(podmans, "podman:tests/own:1", "echo $OF_IMAGE", timeout=120)
    assert result.rc == 0 and result.out == "own\n", result.describe()
    assert not [one for one in os.listdir(f"{podmans.runtime}/aileron") if one.startswith("podman-")]
    again = _start(podmans, "containers-storage:tests/own:1", "echo $OF_IMAGE", timeout=120).ok()
    assert again.out == "own\n" and not _exports(again), again.describe()


def test_a_podman_of_the_workspaces_is_not_started(podmans):
    """An agent's program of that name in a PATH with the workspace is run on the host."""
    canary = os.path.join(podmans.root, "ran")
    planted = os.path.join(podmans.workspace, "bin/podman")
    podmans.write(planted, f"#!/bin/sh\ntouch {canary}\n", 0o755)
    path = f"{podmans.workspace}/bin:{podmans.env['PATH']}"
    result = _start(podmans, "podman:tests/own:1", "echo $OF_IMAGE", env={"PATH": path}, timeout=120)
    assert result.out == "own\n" and not os.path.exists(canary), result.describe()
    # The test sees success: the same program outside of the workspace is the one that is started.
    own = os.path.join(podmans.root, "elsewhere/podman")
    podmans.write(own, f"#!/bin/sh\ntouch {canary}\nexec {shutil.which('podman')} \"$@\"\n", 0o755)
    opened = _start(podmans, "podman:tests/own:1", "true", env={"PATH": f"{podmans.root}/elsewhere:{podmans.env['PATH']}"},
                    timeout=120)
    assert opened.rc == 0 and os.path.exists(canary), opened.describe()
