"""What a devcontainer.json builds, and the label by which it goes, in an engine: docker's and podman's, of a real builder."""

import json

import pytest

from lib import builders, engines, images, process, terminal

# One process has all of them, and so each engine is started once.
pytestmark = pytest.mark.xdist_group("engines")

BASE = "dev.example/base:1"
LABEL = "dev.aileron.built"
DOCKERFILE = f"FROM {BASE}\nCOPY word /word\nRUN cp /word /run-has\nENV OF_BUILD=yes\n"


# Before the test's world: what an engine runs is not what that leaves behind.
@pytest.fixture(params=[("docker", engines.ORDINARY), ("podman", 0)], ids=["docker", "podman"], name="engine")
def _engine(request, started_engines):
    return started_engines.get(*request.param)


@pytest.fixture(name="place")
def _place(engine, worlds):
    """A world of root's, an engine, and a project that builds an image."""
    world = engines.use(worlds(uid=0), engine)
    world.builder = builders.Builder(world)
    world.builder.base(BASE, images.busybox("cp"), Env=["PATH=/bin"])
    world.write(".devcontainer/Dockerfile", DOCKERFILE)
    world.write("word", "first\n")
    world.write(".devcontainer/devcontainer.json", json.dumps({
        "build": {"dockerfile": "Dockerfile", "context": ".."}, "remoteEnv": {"OF_FILE": "yes"}}))
    yield world
    _prune(world)


def _prune(world) -> None:
    process.eventually(lambda: not world.engine.containers(), "the engine has no container left")
    world.engine.run("image", "prune", "--all", "--force", "--filter", f"label={LABEL}")


def _launch(world, script: str, *flags, **more):
    return world.launch("sh", "-c", script, flags=[f"--sandbox={world.engine.name}", *flags], timeout=120, **more)


def _built(world) -> dict:
    """The engine's images that were built for a project: their labels, by id."""
    ids = world.engine.run("images", "--quiet", "--no-trunc", "--filter", f"label={LABEL}").out.split()
    return {one: json.loads(world.engine.run("image", "inspect", "--format", "{{json .Config.Labels}}", one).out)
            for one in ids}


def test_what_a_project_builds_is_loaded_once(place):
    """An engine's root is not what was built, it is loaded again, or an edit is not built."""
    refused = _launch(place, "true")
    assert refused.rc == 125 and "sandbox build --yes" in refused.err and _built(place) == {}, refused.describe()
    key = json.loads(place.aileron("sandbox", "build", "--yes", "--json", timeout=120).ok().out)["key"]
    first = _launch(place, "cat /word /run-has; echo $OF_BUILD $OF_FILE $AILERON_SANDBOX")
    assert first.out == f"first\nfirst\nyes yes {place.engine.name}\n", first.describe()
    assert "loading the image" in first.err and [one[LABEL] for one in _built(place).values()] == [key]
    place.builder.runs()
    again = _launch(place, "cat /word", env={"PATH": "/usr/bin:/bin"}).ok()
    assert again.out == "first\n" and "loading" not in again.err and place.builder.runs() == [], again.describe()
    place.write("word", "second\n")
    place.aileron("sandbox", "build", "--yes", timeout=120).ok()
    assert _launch(place, "cat /word").ok().out == "second\n" and len(_built(place)) == 2


def test_it_goes_by_its_label_and_comes_back(place):
    """What was loaded is not found by its label, or is not made again when it is gone."""
    place.aileron("sandbox", "build", "--yes", timeout=120).ok()
    _launch(place, "true").ok()
    _prune(place)
    assert _built(place) == {}
    back = _launch(place, "cat /word").ok()
    assert back.out == "first\n" and "loading the image" in back.err and len(_built(place)) == 1


def test_an_image_of_that_name_that_is_another_is_not_taken(place):
    """Whatever has a build's tag and its label, as any archive may say, is taken for the build: before it is loaded, or after."""
    key = json.loads(place.aileron("sandbox", "build", "--yes", "--json", timeout=120).ok().out)["key"]
    tag = f"localhost/aileron-built:{key}"
    place.engine.load(tag, images.busybox().file("word", "planted\n"), Cmd=["sh"], Labels={LABEL: key})
    planted = place.launch("cat", "/word", flags=[f"--sandbox={place.engine.name}", "--no-devcontainer", "--image", tag])
    assert planted.out == "planted\n", planted.describe()
    first = _launch(place, "cat /word").ok()
    assert first.out == "first\n" and "loading the image" in first.err, first.describe()
    place.engine.load(tag, images.busybox().file("word", "planted\n"), Cmd=["sh"], Labels={LABEL: key})
    again = _launch(place, "cat /word").ok()
    assert again.out == "first\n" and "loading" not in again.err, again.describe()


def test_a_detached_launch_has_it_before_nobody_is_there(place):
    """A detached launch is not asked whether to build while its person is there, or starts another root."""
    screen = terminal.open_in(place, place.launch_line(
        ["sh", "-c", "cat /word; sleep 30"], [f"--sandbox={place.engine.name}", "--detach"]))
    screen.expect("Build it, as it is now")
    screen.send("y\r")
    assert screen.wait() == 0
    session, = [one for one in place.sessions() if one["state"] == "running"]
    place.aileron("session", "stop", session["id"]).ok()
    assert len(_built(place)) == 1
