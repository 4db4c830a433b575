"""build.cacheFrom: layers that somebody else's build has pushed to a registry serve a build here, once one has agreed."""

import json
import pathlib
import shutil

import pytest

from lib import builders, images, process, registry

BASE = "dev.example/base:1"
_DOCKERFILE = f"FROM {BASE}\nRUN cat /proc/sys/kernel/random/uuid >/said\n"


@pytest.fixture
def real():
    """docker-registry."""
    made = registry.Open()
    yield made
    made.close()


@pytest.fixture
def builder(world, real):
    """A real builder that takes the registry's word without TLS."""
    one = builders.Builder(world)
    path = pathlib.Path(world.env["CONTAINERS_REGISTRIES_CONF"])
    path.write_text(path.read_text() + f'[[registry]]\nlocation = "{real.domain}"\ninsecure = true\n')
    one.base(BASE, images.busybox(), Env=["PATH=/bin"])
    return one


def _config(world, cache) -> None:
    world.write(".devcontainer/Dockerfile", _DOCKERFILE)
    world.write(".devcontainer/devcontainer.json", json.dumps({"build": {"dockerfile": "Dockerfile", "cacheFrom": cache}}))


def _said(world, *flags) -> str:
    made = json.loads(world.aileron("sandbox", "build", "--yes", "--json", *flags, timeout=120).ok().out)
    return world.launch("cat", "/said", flags=["--image", made["reference"]]).ok().out


def test_layers_of_a_registry_are_taken_once_one_agrees(world, real, builder):
    """What another machine has pushed for it is made again, or is taken though nobody was asked."""
    _config(world, f"{real.domain}/team/cache:1")
    # Another machine's build.
    other = f"{world.root}/other"
    shutil.copytree(f"{world.workspace}/.devcontainer", other)
    process.run([builder.real, "build", "--layers", "--cache-to", f"{real.domain}/team/cache", "--tag", "localhost/theirs", other],
                env=world.env, timeout=120).ok()
    made = process.run([builder.real, "from", "localhost/theirs"], env=world.env).ok().out.strip()
    theirs = process.run([builder.real, "run", made, "cat", "/said"], env=world.env).ok().out
    process.run([builder.real, "rm", made], env=world.env).ok()
    process.run([builder.real, "rmi", "localhost/theirs"], env=world.env).ok()
    asked = world.aileron("sandbox", "build")
    assert asked.rc == 77 and f"or with layers of the image {real.domain}/team/cache:1" in asked.err, asked.describe()
    assert _said(world) == theirs
    # The twin: without the cache it is another one; and so it is where it is not wanted.
    assert _said(world, "--no-cache") != theirs
    _config(world, [])
    assert world.aileron("sandbox", "build").rc == 77, "what is built differs, and nobody is asked"


def test_a_cache_that_is_not_there_is_done_without(world, real, builder):
    """A registry that is gone stops a build."""
    _config(world, [f"{real.domain}/team/cache:1", "type=local,src=/etc"])
    real.stop()
    assert len(_said(world)) == 37
    built, = [words for words in builder.runs() if words[0] == "build"]
    assert "type=local,src=/etc" not in " ".join(built) and f"{real.domain}/team/cache" in built
