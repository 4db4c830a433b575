"""The schema for editors and the reader agree: what one takes, the other takes."""

import json
import pathlib

import jsonschema
import pytest
import yaml

from lib import binary

SCHEMA = json.loads((binary.REPOSITORY / "schema" / "policy.v1.json").read_text())
HEAD = "version: 1\n"
RULE = "{host: a.example, action: allow%s}"


def _entries(section: str, *entries) -> list:
    return [f"{HEAD}{section}:\n  - {entry}\n" for entry in entries]


VALID = [
    "", "# nothing\n", HEAD, f"{HEAD}network:\n", f"{HEAD}profile: locked\n", f"{HEAD}network: []\n",
    *_entries("network", RULE % "", RULE % ", port: 8443", RULE % ", method: GET", RULE % ", method: [GET, PUT]",
              RULE % ", path: /x/**", RULE % ", path: [/x, /y]", RULE % ", protocol: http", RULE % ", protocol: tcp",
              RULE % ", opaque: true", RULE % ", opaque: true, protocol: tcp", RULE % ", opaque: false, path: /x",
              RULE % ", credential: token/x", RULE % ", credential: [token/x, token/y/z]", RULE % ", credential: none",
              RULE % ", name: a-b_c.1", RULE % ", by: gh", RULE % ", by: /usr/bin/make **, credential: none", "{host: [a.example, '*.b.example'], action: deny}",
              "{host: '*', action: ask}", "{host: 10.0.0.0/8, action: deny}"),
    *_entries("commands", "{command: git push --force, action: deny}", "{command: [a, b], action: record, by: make}",
              "{command: a, action: redirect, redirect: [b, '**'], reason: never}"),
    *(f"{HEAD}command_default: {action}\n" for action in ("allow", "ask", "deny")),
    f"{HEAD}agents: {{claude: {{command_default: deny}}}}\n",
    *_entries("files", "{path: secrets, access: hidden}", "{path: ., access: read-only}", "{path: ~/x/y, access: read-write}",
              "{path: /etc/shadow, access: hidden}", "{path: .env, access: hidden}"),
    f"{HEAD}environment: {{pass: [A, 'B_*'], scrub: ['*_TOKEN', '*KEY*']}}\n", f"{HEAD}environment:\n",
    f"{HEAD}approvals: {{hold: 1m30s, expires: 1h, scopes: [once, session]}}\n", f"{HEAD}approvals: {{scopes: once}}\n",
    *_entries("services", "{name: web, command: [a, b]}",
              "{name: w.1, command: [a], folder: x/y, publish: [80, 443], restart: always, health: {port: 80}}",
              "{name: web, command: [a], restart: on-failure, health: {command: x}}"),
    f"{HEAD}agents: {{claude: {{network: [{RULE % ''}], commands: [], files: [], environment: {{}}}}, codex:}}\n",
    *_entries("tests", "{request: 'GET https://a.example/x', expect: ask}", "{command: [git, push], expect: redirect}",
              "{request: 'GET https://a.example/x', by: gh, expect: ask}"),
]
INVALID = [
    "network: []\n", "version: 2\n", "version: '1'\n", "[]\n", "a\n", f"{HEAD}netwrk: []\n", f"{HEAD}name: open\n",
    f"{HEAD}profile: wide\n", f"{HEAD}network: {{}}\n",
    *_entries("network", "{host: a.example}", "{action: ask}", "{host: a.example, action: alow}", "a", "[a]",
              RULE % ", port: 0", RULE % ", port: 65536", RULE % ", port: '443'", RULE % ", method: get",
              RULE % ", method: []", RULE % ", path: a", RULE % ", path: []", RULE % ", protocol: ftp",
              RULE % ", opaque: maybe", RULE % ", opaque: true, path: /x", RULE % ", opaque: true, by: gh", RULE % ", opaque: true, credential: token/x",
              RULE % ", protocol: tcp, method: GET", RULE % ", credential: Token", RULE % ", credential: [none, token/x]",
              RULE % ", credential: []", RULE % ", name: 'a b'", RULE % ", methd: GET", RULE % ", by: [gh]", RULE % ", by: ''",
              "{host: [], action: deny}", "{host: {a: b}, action: deny}", "{host: a.example, opaque: true, action: ask}",
              "{host: a.example, credential: token/x, action: deny}"),
    *_entries("commands", "{command: a}", "{action: deny}", "{command: a, action: maybe}", "{command: a, action: redirect}",
              "{command: a, action: deny, redirect: [b]}", "{command: [], action: deny}", "{command: a, action: deny, if: x}"),
    f"{HEAD}command_default: record\n", f"{HEAD}command_default: [ask]\n", f"{HEAD}command_default:\n",
    *_entries("files", "{path: a}", "{path: a, access: none}", "{path: a/, access: hidden}", "{path: ~x, access: hidden}",
              "{path: /, access: hidden}", "{path: a//b, access: hidden}"),
    f"{HEAD}environment: []\n", f"{HEAD}environment: {{pass: []}}\n", f"{HEAD}environment: {{pass: '*'}}\n",
    f"{HEAD}environment: {{pass: [1A]}}\n", f"{HEAD}environment: {{set: A}}\n",
    f"{HEAD}approvals: {{hold: 30}}\n", f"{HEAD}approvals: {{hold: soon}}\n", f"{HEAD}approvals: {{scopes: [ever]}}\n",
    f"{HEAD}approvals: {{scopes: []}}\n", f"{HEAD}approvals: {{timeout: 1m}}\n",
    *_entries("services", "{name: web}", "{command: [a]}", "{name: Web, command: [a]}", "{name: web, command: a}",
              "{name: web, command: []}", "{name: web, command: [a], restart: never}", "{name: web, command: [a], health: {}}",
              "{name: web, command: [a], publish: [0]}", "{name: web, command: [a], publish: 80}"),
    f"{HEAD}agents: []\n", f"{HEAD}agents: {{/bin/x: {{}}}}\n", f"{HEAD}agents: {{x: {{services: []}}}}\n",
    *_entries("tests", "{expect: allow}", "{request: 'GET https://a/'}", "{request: 'GET https://a/', command: [a], expect: deny}",
              "{request: 'GET https://a/', expect: record}", "{command: a, expect: deny}", "{request: a, expect: deny}"),
]
# What a schema cannot say, and the reader refuses.
STRICTER = [
    f"{HEAD}network: [{RULE % ''}]\nnetwork: []\n", f"{HEAD}network: &x []\ntests: *x\n", f"{HEAD}---\nversion: 1\n",
    f"{HEAD}network: !!seq []\n", *_entries("network", RULE % ", path: /a/../b", "{host: 'a b', action: deny}",
                                            "{host: '*', path: /x, action: deny}"),
    *_entries("files", "{path: a/../b, access: hidden}"), f"{HEAD}approvals: {{hold: 1h}}\n",
]


def _schema_takes(text: str) -> bool:
    return not list(jsonschema.Draft202012Validator(SCHEMA).iter_errors(yaml.safe_load(text)))


@pytest.fixture
def takes(world):
    """Whether the reader takes a text."""
    def ask(text: str) -> bool:
        result = world.aileron("policy", "check", world.write("aileron.yaml", text))
        assert result.rc in (0, 78), result.describe()
        if result.rc:
            assert f"{pathlib.Path(world.workspace)}/aileron.yaml" in result.err
        return result.rc == 0

    return ask


def test_the_schema_is_one():
    """The schema is no JSON Schema, and editors do nothing with it."""
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_both_take_what_is_right_and_refuse_what_is_wrong(takes):
    """An editor underlines what is right, or passes over what the reader refuses."""
    for text in VALID:
        assert _schema_takes(text) and takes(text), text
    for text in INVALID:
        assert not takes(text), text
        assert not _schema_takes(text), text


def test_the_reader_is_the_stricter_one(takes):
    """What a text hides from its reader is taken."""
    for text in STRICTER:
        assert not takes(text), text
