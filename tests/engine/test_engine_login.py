"""An engine pulls with the login that a pull of aileron's own has: docker-registry with each way to log in."""

import base64
import json
import os

import pytest

from lib import certificates, engines, registry

# One process has all of them, and so each engine is started once.
pytestmark = pytest.mark.xdist_group("engines")

_USER, _PASSWORD = "puller", "engine-pull-canary-2b90d7"
_PAIR = base64.b64encode(f"{_USER}:{_PASSWORD}".encode()).decode()


@pytest.fixture(params=["basic", "tokens"], name="real")
def _real(request):
    """docker-registry, which asks for a password itself or sends clients to a token server."""
    server = None
    if request.param == "tokens":
        server = registry.TokenServer("127.0.0.1", _USER, _PASSWORD)
        server.realm = f"https://127.0.0.1:{server.port}/token"
    made = registry.Registry("127.0.0.1", _USER, _PASSWORD, server)
    made.tokens = server
    yield made
    made.close()
    if server:
        server.close()


def _trusted(world, real) -> str:
    server = f", token_server: '127.0.0.1:{real.tokens.port}'" if real.tokens else ""
    world.write(os.path.join(world.config, "aileron/registries.yaml"), "version: 1\nregistries:\n"
                f"  127.0.0.1:{real.port}: {{ca: {certificates.shared().certificate}{server}}}\n")
    return f"127.0.0.1:{real.port}/{registry.IMAGE}:1"


def _log_in(world, real, password: str = _PASSWORD) -> None:
    pair = base64.b64encode(f"{_USER}:{password}".encode()).decode()
    world.env["DOCKER_CONFIG"] = os.path.join(world.root, "docker")
    world.write(os.path.join(world.root, "docker/config.json"),
                json.dumps({"auths": {f"127.0.0.1:{real.port}": {"auth": pair}}}), 0o600)


def _launch(world, reference, **more):
    return world.launch("/nothing", flags=[f"--sandbox={world.engine.name}", "--image", reference], **more)


def _has(world, reference) -> bool:
    return world.engine.run("image", "inspect", reference, check=False).rc == 0


def _where(folder: str, *texts) -> list:
    found = []
    for below, _, names in os.walk(folder):
        for path in (os.path.join(below, name) for name in names):
            if os.path.isfile(path) and not os.path.islink(path):
                with open(path, "rb") as file:
                    data = file.read()
                found += [path for text in texts if text.encode() in data]
    return found


def test_a_kept_login_is_the_engines_for_this_pull(engined, real):
    """An engine's pull has no login, tells of a wrong one in other words than a pull of our own, or keeps it."""
    reference = _trusted(engined, real)
    for password in (None, "wrong"):
        if password:
            _log_in(engined, real, password)
        native = engined.aileron("sandbox", "pull", reference)
        refused = _launch(engined, reference)
        assert native.rc == 77 and refused.rc == 125 and not _has(engined, reference), refused.describe()
        assert f"docker login 127.0.0.1:{real.port}" in refused.err and native.err.strip() in refused.err, (
            native.describe(), refused.describe())
    _log_in(engined, real)
    result = _launch(engined, reference)
    assert result.rc == 127 and _has(engined, reference), result.describe()
    seen = engined.engine.run("image", "inspect", reference).out
    engined.secret_free(seen + result.out + result.err, _PASSWORD, _PAIR)
    header = base64.urlsafe_b64encode(f'"password":"{_PASSWORD}"'.encode()).decode()[8:24]
    assert _where(engined.engine.folder, _PASSWORD, _PAIR, header) == []
    assert _where(engined.root, _PASSWORD, _PAIR) == [f"{engined.root}/docker/config.json"]


def test_a_helpers_login_is_too(docked, real):
    """A credential helper's login is not the engine's."""
    reference = _trusted(docked, real)
    tools = os.path.join(docked.root, "tools")
    docked.write(os.path.join(tools, "docker-credential-mine"),
                 f"#!/bin/sh\necho '{{\"Username\":\"{_USER}\",\"Secret\":\"{_PASSWORD}\"}}'\n", 0o755)
    docked.write(os.path.join(docked.root, "docker/config.json"), json.dumps({"credsStore": "mine"}), 0o600)
    docked.env["DOCKER_CONFIG"] = os.path.join(docked.root, "docker")
    result = _launch(docked, reference, env={"PATH": f"{tools}:{os.environ['PATH']}"})
    assert result.rc == 127 and _has(docked, reference), result.describe()


def test_the_vault_gives_docker_a_token_and_keeps_the_credential(docked, real):
    """A bound credential does not serve for docker's pull, or is what docker gets."""
    if not real.tokens:
        # The registry itself asks for the password, and that does not leave the daemon.
        assert _launch(docked, _trusted(docked, real)).rc == 125
        return
    reference = _trusted(docked, real)
    docked.unlock().secret("password/registry", _PASSWORD)
    docked.bind({"name": "registry", "host": "127.0.0.1", "port": real.tokens.port, "scheme": "basic",
                 "username": _USER, "credential": "password/registry"})
    result = _launch(docked, reference)
    assert result.rc == 127 and _has(docked, reference), result.describe()
    assert [one for one in docked.json("audit", "list") if one.get("credential") == "password/registry"]
    assert _where(docked.engine.folder, _PASSWORD, _PAIR) == []
