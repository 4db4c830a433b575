"""Look-alikes in files: written into private places of the sandbox, and replaced on the wire."""

import base64
import os

import pytest

HOST = "api.test"
SECRET = "real-secret-c3a9f0e211"


@pytest.fixture
def bound(any_world):
    """Binds SECRET to HOST with a look-alike in a file; returns the world and its site."""

    basic = {"scheme": "basic", "username": "me"}
    return lambda **binding: (any_world, any_world.bound(HOST, SECRET, **{**basic, **binding}))


def test_a_client_finds_its_netrc(bound):
    """curl does not find the look-alike in ~/.netrc, or its password is not replaced on the wire."""
    world, site = bound(sentinel_file="~/.netrc",
                        sentinel_template="machine api.test login me password {sentinel}\n")
    result = world.shell(f"stat -c '%a %u' ~/.netrc; id -u; curl -sS --netrc -o /dev/null https://{HOST}/; "
                         "cat ~/.netrc").ok()
    mode, user, line = result.out.splitlines()
    assert mode == f"600 {user}"
    assert line.startswith("machine api.test login me password ") and SECRET not in line
    fields = site.seen()[0].header("Authorization")
    assert [base64.b64decode(field.removeprefix("Basic ")).decode() for field in fields] == [f"me:{SECRET}"]
    world.secret_free(result.stdout, SECRET)
    assert not os.path.exists(os.path.join(world.home, ".netrc"))


def test_a_file_and_a_variable_hold_the_same(bound):
    """A binding with both gives two look-alikes, or makes no folders for its file."""
    world, _ = bound(sentinel="SERVICE_TOKEN", sentinel_file="/tmp/deep/down/token")
    result = world.shell("test \"$(cat /tmp/deep/down/token)\" = \"$SERVICE_TOKEN\" && echo same").ok()
    assert result.out == "same\n"


def test_bindings_of_one_credential_share_their_look_alike(bound):
    """A second host of the same credential has another look-alike, or none."""
    world, site = bound(scheme="bearer", username=None, sentinel="SERVICE_TOKEN")
    other = world.site("other.test")
    world.aileron("binding", "add", "second", "--host", "other.test", "--credential", "api/service",
                  "--sentinel", "SERVICE_TOKEN", "--sentinel-file", "~/token").ok()
    world.shell(f"for host in {HOST} other.test; do curl -sS -o /dev/null -H \"Authorization: Bearer $(cat ~/token)\" "
                "https://$host/; done").ok()
    for one in (site, other):
        assert one.seen()[0].header("Authorization") == [f"Bearer {SECRET}"]


@pytest.mark.parametrize("path,why", [("/etc/token", "no private place"), ("WORKSPACE/token", "shared with the host")])
def test_a_file_never_goes_where_it_would_stay(bound, path, why):
    """A look-alike is written into the workspace or a place of the host's."""
    world, _ = bound(sentinel_file="~/x")
    path = path.replace("WORKSPACE", world.workspace)
    world.bind({"name": "service", "host": HOST, "scheme": "bearer", "credential": "api/service",
                "sentinel_file": path})
    result = world.launch("true")
    assert result.rc == 125 and why in result.err, result.describe()
    assert not os.path.exists(path)


def test_flags_write_the_file_and_the_template(world):
    """binding add writes another template than it was given."""
    text = "user = \"me\"\n\tpassword: {sentinel}\n"
    world.aileron("binding", "add", "service", "--host", HOST, "--credential", "api/service",
                  "--sentinel-file", "~/.config/service", "--sentinel-template", text).ok()
    shown = world.json("binding", "show", "service")
    assert shown["sentinel_template"] == text and shown["sentinel_file"] == "~/.config/service"
    assert shown["emit"] == "sentinel"
