"""Fixtures of the scenario tests."""

import os
import re

import pytest

from lib import binary, engines, leaks, process
from lib.world import ORDINARY, World


def pytest_configure(config):
    """Every test process adopts the orphans below it, so that leaks are found."""
    process.become_subreaper()


def pytest_report_header(config):
    """Says what is tested and as whom."""
    return [f"aileron: {binary.original()}", f"as uid {os.geteuid()}"]


def pytest_terminal_summary(terminalreporter):
    """Leaves the names of what failed for `./dev test`, which runs a handful of them once more."""
    path = os.environ.get("AILERON_FAILED_LIST")
    if path is None:
        return
    reports = [report for kind in ("failed", "error") for report in terminalreporter.stats.get(kind, [])]
    names = dict.fromkeys("tests/" + re.sub(r"@\w+$", "", report.nodeid) for report in reports)
    with open(path, "w", encoding="utf-8") as file:
        file.writelines(f"{name}\n" for name in names)


@pytest.fixture
def worlds():
    """Makes worlds; after the test all are closed and must have left nothing."""
    known = {one.pid for one in process.descendants()}
    made, networks = [], []

    def make(**options) -> World:
        world = World(**options)
        made.append(world)
        if world.network:
            networks.append(world.network)
        return world

    yield make
    try:
        for world in made:
            world.close()
        for network in networks:
            network.close()
        leaks.check(made, known)
    finally:
        for world in made:
            world.remove()


@pytest.fixture(scope="session", name="started_engines")
def _started_engines():
    made = engines.Engines()
    yield made
    made.close()


# Before a test's worlds: what an engine runs is not what they leave behind.
@pytest.fixture(params=[*engines.KINDS, *engines.OCI_KINDS], name="engine_kind")
def _engine_kind(started_engines, request):
    name, owner, uid = (engines.KINDS | engines.OCI_KINDS)[request.param]
    return started_engines.get(name, owner), uid


@pytest.fixture(name="docker_engine")
def _docker_engine(started_engines):
    return started_engines.get("docker", engines.ORDINARY)


@pytest.fixture
def boxed(engine_kind, worlds) -> World:
    """A world whose `engine_flags` make launches go to a container: each engine and OCI runtime, each kind of user."""
    engine, uid = engine_kind
    return engines.use(worlds(uid=uid), engine)


# Before a test's worlds, as above.
@pytest.fixture(params=list(engines.KINDS), name="engined_kind")
def _engined_kind(started_engines, request):
    name, owner, uid = engines.KINDS[request.param]
    return started_engines.get(name, owner), uid


@pytest.fixture
def engined(engined_kind, worlds) -> World:
    """The same with engines alone."""
    engine, uid = engined_kind
    return engines.use(worlds(uid=uid), engine)


@pytest.fixture(params=list(engines.OCI_KINDS))
def bundled(started_engines, worlds, request) -> World:
    """The same with OCI runtimes alone."""
    name, owner, uid = engines.OCI_KINDS[request.param]
    engine = started_engines.get(name, owner)
    return engines.use(worlds(uid=uid), engine)


@pytest.fixture
def docked(docker_engine, worlds) -> World:
    """The same for docker of an ordinary user alone, where all engines go one way."""
    return engines.use(worlds(uid=engines.ORDINARY), docker_engine)


@pytest.fixture
def world(worlds) -> World:
    """A world of the user who runs the tests."""
    return worlds()


def _users():
    """Root and an ordinary user; only the latter when the tests do not run as root."""
    return {"root": 0, "ordinary": ORDINARY} if os.geteuid() == 0 else {"ordinary": os.geteuid()}


@pytest.fixture(params=list(_users().values()), ids=list(_users()))
def any_world(worlds, request) -> World:
    """A world of root, and another of an ordinary user."""
    return worlds(uid=request.param)


@pytest.fixture
def ordinary(worlds) -> World:
    """A world of an ordinary user."""
    return worlds(uid=_users()["ordinary"])


def pytest_collection_modifyitems(items):
    """What tests/not_built.txt names is promised and not built yet: it must fail, and says why.

    A test that starts to pass fails the run (xfail is strict): then its line goes.
    """
    path = os.path.join(os.path.dirname(__file__), "not_built.txt")
    reasons = {}
    with open(path, encoding="utf-8") as file:
        for line in file:
            if line.strip() and not line.startswith("#"):
                name, _, reason = line.strip().partition(": ")
                reasons[name] = reason
    for item in items:
        name = item.nodeid.split("/tests/")[-1].removeprefix("tests/")
        for key in (name, name.split("[")[0], name.split("::")[0]):
            if key in reasons:
                item.add_marker(pytest.mark.xfail(reason=reasons[key], strict=True))
                break
