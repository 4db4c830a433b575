"""Fixtures of the tests with engines, which are started once for all of them."""

import pytest

from lib import engines


@pytest.fixture(scope="session", name="started")
def _started():
    made = engines.Engines()
    yield made
    made.close()


# Before a test's worlds: what an engine runs is not what they leave behind.
@pytest.fixture(params=list(engines.KINDS), name="kind")
def _kind(started, request):
    name, owner, uid = engines.KINDS[request.param]
    return started.get(name, owner), uid


@pytest.fixture(name="docker")
def _docker(started):
    return started.get("docker", engines.ORDINARY)


@pytest.fixture
def boxed(kind, worlds):
    """A world whose `engine_flags` make launches go to an engine: each engine, and each kind of user."""
    engine, uid = kind
    return engines.use(worlds(uid=uid), engine)


@pytest.fixture
def docked(docker, worlds):
    """The same for docker of an ordinary user alone, where all engines go one way."""
    return engines.use(worlds(uid=engines.ORDINARY), docker)
