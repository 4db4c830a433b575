"""The image "base": built of aileron's own text on a Debian of the test's own, launched, and asked about before."""

import json
import os
import shutil

import pytest

from lib import binary, builders, process

BELOW = "docker.io/library/debian:12-slim"
_STORED = binary.REPOSITORY / "build/debian-12-slim.tar"


def _debian() -> str:
    """What BELOW is, made of Debian's packages; kept beside what is built."""
    assert shutil.which("mmdebstrap"), "mmdebstrap is missing: ./dev setup test installs it"
    if not _STORED.exists():
        fresh = f"{_STORED}.{os.getpid()}"
        os.makedirs(_STORED.parent, exist_ok=True)
        process.run(["mmdebstrap", "--variant=minbase", "--format=tar", "bookworm", fresh, "http://deb.debian.org/debian"],
                    timeout=300).ok()
        os.rename(fresh, _STORED)
    return str(_STORED)


@pytest.fixture
def builder(world):
    """A real builder, in whose storage the Debian is."""
    one = builders.Builder(world)
    one.tarball(BELOW, _debian())
    return one


def test_it_is_built_once_and_has_what_agents_use(world, builder):
    """Nobody is asked, aileron is baked in, a tool is missing, or it is built again."""
    plan = world.json("sandbox", "plan", "--image", "base")
    assert plan["tier"] == "base" and plan["build"]["built"] is False
    asked = world.launch("true", flags=["--image", "base"])
    assert asked.rc == 125 and "sandbox build --base --yes" in asked.err and BELOW in asked.err, asked.describe()
    assert world.aileron("sandbox", "build", "--base").rc == 77 and builder.runs() == []
    made = json.loads(world.aileron("sandbox", "build", "--base", "--yes", "--json", timeout=600).ok().out)
    assert made["built"] and made["key"] == plan["build"]["key"]
    assert world.json("sandbox", "plan", "--image", "base")["build"]["built"] is True
    again = json.loads(world.aileron("sandbox", "build", "--base", "--json").ok().out)
    assert again == {**made, "built": False}
    assert world.json("sandbox", "warm", "--image", "base") == {"tier": "base", "reference": made["reference"], "was_there": True}
    said = world.launch("sh", "-c", "for one in bash curl file git jq less make node ssh patch ps python3 pip3 rg unzip xz zip; do "
                        "command -v $one >/dev/null || echo no $one; done; python3 -m venv --help >/dev/null && echo venv; "
                        "test -s /etc/ssl/certs/ca-certificates.crt && echo roots; pwd; id -un; ls /usr/local/bin /opt; "
                        "rg --version | head -1; echo $AILERON_SANDBOX_TIER", flags=["--image", "base"], timeout=120).ok()
    lines = said.out.split()
    assert "no" not in lines and "venv" in lines and "roots" in lines, said.describe()
    assert "/home/agent/workspace" in lines and "agent" in lines and "ripgrep" in lines, said.describe()
    # The file's own word for it.
    world.write(".devcontainer/devcontainer.json", json.dumps({"customizations": {"aileron": {"image": "base"}}}))
    builder.runs()
    assert world.launch("rg", "--version", timeout=120).rc == 0 and builder.runs() == []
    # Features alone are added to it.
    world.write(".devcontainer/tool/devcontainer-feature.json", '{"id": "tool", "version": "1.0.0"}')
    world.write(".devcontainer/tool/install.sh", "#!/bin/sh\necho added >/said\n")
    world.write(".devcontainer/devcontainer.json", json.dumps({"features": {"./tool": {}}}))
    built = json.loads(world.aileron("sandbox", "build", "--yes", "--json", timeout=600).ok().out)
    assert built["key"] != made["key"]
    result = world.launch("sh", "-c", "cat /said; rg --version | head -1", timeout=120).ok()
    assert result.out.startswith("added\nripgrep"), result.describe()


def test_the_flag_names_one_image(world):
    """--base beside --config builds one of both without a word."""
    assert world.aileron("sandbox", "build", "--base", "--config", "x").rc == 64
