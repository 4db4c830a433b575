"""Bindings: by command and by file, checked strictly."""

import os

import pytest


def _write(world, text: str, mode: int = 0o600) -> None:
    world.write(os.path.join(world.config, "aileron", "bindings.yaml"), text, mode)


GOOD = """version: 1
bindings:
  - name: service
    host: api.test
    scheme: bearer
    credential: api/service
"""


def test_a_binding_by_file_is_listed_and_shown(world):
    """A binding in the file is not listed, shown or checked."""
    _write(world, GOOD)
    names = [one["name"] for one in world.bindings()]
    assert "service" in names
    assert world.json("binding", "show", "service")["credential"] == "api/service"
    result = world.aileron("binding", "check", "api.test").ok()
    assert "service" in result.out and "api/service" in result.out


def test_a_binding_by_command(world):
    """binding add does not write the file, or remove does not take it back."""
    world.aileron("binding", "add", "service", "--host", "api.test", "--scheme", "bearer",
                  "--credential", "api/service").ok()
    path = os.path.join(world.config, "aileron", "bindings.yaml")
    assert os.stat(path).st_mode & 0o077 == 0
    assert "api.test" in world.read(path)
    assert world.json("binding", "show", "service")["host"] == "api.test"
    world.aileron("binding", "remove", "service").ok()
    assert "api.test" not in world.read(path)
    assert world.aileron("binding", "show", "service").rc != 0


def test_file_and_command_write_the_same_narrowing(world):
    """A binding added by command reads back otherwise than one from a file, or is not shown narrowed."""
    world.aileron("binding", "add", "service", "--host", "api.test", "--credential", "api/service",
                  "--method", "GET", "--method", "HEAD", "--path", "/repos/me/**", "--path", "/user").ok()
    shown = world.json("binding", "show", "service")
    assert shown["methods"] == ["GET", "HEAD"] and shown["paths"] == ["/repos/me/**", "/user"]
    written = world.read(os.path.join(world.config, "aileron", "bindings.yaml"))
    assert written.endswith('    methods: [GET, HEAD]\n    paths: ["/repos/me/**", "/user"]\n'), written
    for verb in (("list",), ("check", "api.test")):
        assert "GET,HEAD /repos/me/** /user" in world.aileron("binding", *verb).ok().out
    _write(world, GOOD + "    methods: [GET, HEAD]\n    paths: [/repos/me/**, /user]\n")
    again = world.json("binding", "show", "service")
    assert {key: again[key] for key in ("methods", "paths")} == {key: shown[key] for key in ("methods", "paths")}
    result = world.aileron("binding", "add", "other", "--host", "api.test", "--credential", "api/service",
                           "--path", "/a/../b")
    assert result.rc == 64 and "paths" in result.err, result.describe()


@pytest.mark.parametrize("name,text,word", [
    ("a bad path", GOOD + "    paths: [/a/**/b]\n", "paths"),
    ("methods that are no list", GOOD + "    methods: GET\n", "methods"),
    ("a method in small letters", GOOD + "    methods: [get]\n", "methods"),
    ("an unknown key", GOOD + "    colour: red\n", "colour"),
    ("an unknown scheme", GOOD.replace("bearer", "barer"), "barer"),
    ("no credential", GOOD.replace("    credential: api/service\n", ""), "credential"),
    ("no host", GOOD.replace("    host: api.test\n", ""), "host"),
    ("a bad credential name", GOOD.replace("api/service", "API SERVICE"), "credential"),
    ("another version", GOOD.replace("version: 1", "version: 99"), "version"),
    ("broken YAML", GOOD + "  - [\n", "bindings.yaml"),
    ("a header with a line break", GOOD.replace("scheme: bearer", "scheme: header-template\n    header: "
                                                "\"X\\r\\nY\"\n    template: \"{secret}\""), "header"),
    ("a template without the secret", GOOD.replace("scheme: bearer", "scheme: header-template\n    "
                                                   "header: X\n    template: none"), "template"),
    ("a bad port", GOOD + "    port: 70000\n", "port"),
    ("two of one name", GOOD + GOOD.split("bindings:\n")[1], "service"),
], ids=lambda value: value.replace(" ", "-") if "\n" not in value and " " in value else "")
def test_a_wrong_file_is_an_error_with_its_place(world, name, text, word):
    """A wrong bindings file is accepted, or its error does not say where."""
    world.site("api.test")
    _write(world, text)
    result = world.aileron("binding", "list")
    assert result.rc == 78, name + ": " + result.describe()
    assert "bindings.yaml" in result.err and word in result.err, result.describe()


def test_a_wrong_file_fails_closed(world):
    """With a wrong bindings file a request to the bound host passes without its credential."""
    site = world.site("api.test")
    _write(world, GOOD + "    colour: red\n")
    world.launch("curl", "-sS", "https://api.test/")
    assert site.seen() == []


def test_a_file_that_others_can_write_is_refused(world):
    """A bindings file that other users can write is used."""
    _write(world, GOOD, 0o666)
    result = world.aileron("binding", "list")
    assert result.rc == 78 and "bindings.yaml" in result.err, result.describe()


def test_a_changed_file_is_used_by_the_next_request(world):
    """A running daemon goes on with old bindings."""
    site = world.site("api.test")
    world.unlock()
    world.secret("api/service", "value-1")
    world.launch("curl", "-sS", "https://api.test/before").ok()
    _write(world, GOOD)
    world.launch("curl", "-sS", "https://api.test/after").ok()
    assert site.seen("/before")[0].header("Authorization") == []
    assert site.seen("/after")[0].header("Authorization") == ["Bearer value-1"]


def test_check_says_what_is_missing(world):
    """binding check does not say that the credential is missing or the vault locked."""
    world.unlock()
    _write(world, GOOD)
    assert "secret set api/service" in world.aileron("binding", "check", "api.test").out
    world.aileron("vault", "lock").ok()
    assert "lock" in world.aileron("binding", "check", "api.test").out.lower()
    text = world.aileron("binding", "check", "other.test").out.lower()
    assert "no binding" in text or "none" in text or "not bound" in text, text
