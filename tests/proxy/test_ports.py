"""Ports that only a binding names are captured: no flag of the launch tells the sandbox of them.

Runs in a network of the test's own, since --connect-to and --allow HOST:PORT would name the port.
"""

import shlex

import pytest

from lib import process, sites
from lib.names import NameServer
from lib.namespace import Network

HOST, PORT, PUBLIC = "work.test", 8443, "93.184.215.14"
SECRET = "s3cr3t-of-work-0b7d"
_CURL = ["curl", "-sS", "--noproxy", "*", "--max-time", "20", f"https://{HOST}:{PORT}/"]
_FLAGS = ["--profile", "open"]


@pytest.fixture
def place(worlds, tmp_path):
    """A world whose site is at a public address on port 8443, with an unlocked vault."""
    network = Network(str(tmp_path), [f"{PUBLIC}/32"])
    made = worlds(network=network)
    names = NameServer(network)
    names.answers[HOST] = [PUBLIC]
    made.site_there = sites.Site(HOST, listener=network.listen(PUBLIC, PORT))
    made.servers += [names, made.site_there]
    made.flags += ["--upstream-ca", sites.certificates.shared().certificate]
    return made.unlock()


def _bind(place) -> None:
    place.bind({"name": "work", "host": HOST, "port": PORT, "scheme": "bearer",
                "credential": "token/work"})
    place.secret("token/work", SECRET)


def test_a_captured_client_reaches_the_port_of_a_binding(place):
    """A client that knows of no proxy is not captured on the binding's port, or gets no credential."""
    _bind(place)
    assert place.launch(*_CURL, flags=_FLAGS).ok().out == f"hello from {HOST}\n"
    assert place.site_there.seen()[0].header("Authorization") == [f"Bearer {SECRET}"]


def test_without_the_binding_nobody_listens_there(place):
    """The port is captured anyway, so the test above could not fail."""
    result = place.launch(*_CURL, flags=_FLAGS)
    assert result.rc == 7 and place.site_there.accepted == 0, result.describe()


def test_a_new_daemon_gets_the_port_too(place):
    """After kill -9 of the daemon the binding's port is not captured any more."""
    _bind(place)
    script = f"{shlex.join(_CURL)}; read line; {shlex.join(_CURL)}"
    launch = place.launch_start("sh", "-c", script, flags=_FLAGS, stdin=-1)
    process.eventually(lambda: place.site_there.seen(), "the first request has come")
    old = place.daemon_pid()
    process.end(old)
    process.eventually(lambda: process.gone(old), "the daemon is gone")
    place.aileron("vault", "unlock", "--passphrase-file", place.passphrase_file).ok()
    out, err = launch.communicate(b"go\n", timeout=60)
    assert out.decode().count(f"hello from {HOST}\n") == 2, (out, err)
