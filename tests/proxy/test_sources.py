"""Credentials that are not in the vault: by a command, in a file, in HashiCorp Vault.

HashiCorp Vault itself is not in Debian: a stand-in speaks its key/value version 2 API over TLS.
"""

import json
import os

import pytest

from lib import certificates, process, services

HOST = "api.test"
SECRET = "elsewhere-5f0d3a9c"


@pytest.fixture
def bound(any_world):
    """Binds HOST to a credential with the given source; returns the world and its site."""

    def make(source, **binding):
        site = any_world.site(HOST)
        any_world.bind({"name": "service", "host": HOST, "scheme": "bearer",
                        "credential": "token/elsewhere", "from": source, **binding})
        return any_world, site

    return make


def _sent(site):
    return [value for one in site.seen() for value in one.header("Authorization")]


def _get(world, path="/"):
    return world.launch("curl", "-sSi", "--http1.1", "--suppress-connect-headers", f"https://{HOST}{path}").ok().out


def _own(world, name, content="", mode=0o600):
    """A file of the world's user, outside of home and workspace; returns its path."""
    return world.write(os.path.join(world.root, "own", name), content, mode)


def _manager(world, script=""):
    """A command that keeps passwords as pass(1) does, counts its runs and knows `work/api`."""
    return _own(world, "pass", f"""#!/bin/sh
echo "$@" >> {world.root}/own/calls
{script}
[ "$1 $2" = "show work/api" ] || {{ echo "Error: $2 is not in the password store." >&2; exit 1; }}
printf '{SECRET}\\nlogin: robot\\n'
""", 0o755)


def _calls(world):
    path = os.path.join(world.root, "own", "calls")
    return world.read(path).splitlines() if os.path.exists(path) else []


def test_a_password_managers_first_line_is_injected(bound, any_world):
    """The output of a command of the user's is not injected, or gets into the sandbox or the record."""
    world, site = bound({"exec": f"{_manager(any_world)} show work/api"})
    result = world.shell(f"env; curl -sS https://{HOST}/one; curl -sS https://{HOST}/two").ok()
    assert _sent(site) == [f"Bearer {SECRET}"] * 2
    assert _calls(world) == ["show work/api"], "kept for the default time"
    world.secret_free(result.stdout, SECRET)
    records = world.audited(kind="credential.open")
    assert records[0]["credential"] == "token/elsewhere" and records[0]["action"] == "allow"
    world.secret_free(json.dumps(world.audit()), SECRET)
    assert world.audited(kind="request", host=HOST)[0]["credential"] == "token/elsewhere"


def test_without_a_cache_every_request_asks_again(bound, any_world):
    """cache: 0s keeps the credential, or a changed one is not used by the next request."""
    secret = _own(any_world, "key", "first\n")
    world, site = bound({"shell": f"echo x >> {any_world.root}/own/calls; cat {secret}",
                         "cache": "0s"})
    world.shell(f"for i in 1 2 3; do curl -sS https://{HOST}/$i; done").ok()
    assert len(_calls(world)) == 3
    world.write(secret, "second\n", 0o600)
    _get(world)
    assert _sent(site) == ["Bearer first"] * 3 + ["Bearer second"]


def test_many_requests_run_the_command_once(bound, any_world):
    """Requests that wait for the same credential each run the command."""
    world, site = bound({"exec": f"{_manager(any_world, 'sleep 1')} show work/api", "cache": "0s"})
    world.shell("for i in 1 2 3 4 5 6 7 8; do "
                f"curl -sS --http1.1 https://{HOST}/$i & done; wait").ok()
    assert _sent(site) == [f"Bearer {SECRET}"] * 8
    assert len(_calls(world)) == 1


def test_others_are_served_while_a_command_runs(bound, any_world):
    """The daemon waits for a command, and with it every session."""
    world, site = bound({"exec": f"{_manager(any_world, 'sleep 20')} show work/api"})
    world.site("other.test")
    slow = world.launch_start("curl", "-sS", f"https://{HOST}/")
    process.eventually(lambda: _calls(world), "the command runs")
    world.launch("curl", "-sS", "https://other.test/", timeout=15).ok()
    assert slow.poll() is None and site.seen() == []


def test_a_command_that_fails_refuses_the_request_with_its_words(bound, any_world):
    """A source that fails lets the request pass, or does not say why."""
    world, site = bound({"exec": f"{_manager(any_world)} show work/other"})
    answer = _get(world)
    assert answer.startswith("HTTP/1.1 502 ") and "source_failed" in answer, answer
    assert "work/other is not in the password store" in answer and "exit code 1" in answer
    assert site.seen() == []
    assert world.audited(kind="credential.open")[0]["action"] == "deny"
    assert world.audited(host=HOST, code="source_failed")


def test_a_command_never_sees_the_sandbox(bound, any_world):
    """A command runs with the sandbox's environment, its folder or its terminal."""
    world, site = bound({"shell": "echo $LEAK-$AILERON_SESSION_ID-$(pwd)", "cache": "0s"})
    world.launch("curl", "-sS", f"https://{HOST}/", flags=("--env", "LEAK=yes"),
                 env={"LEAK": "yes"}).ok()
    assert _sent(site) == [f"Bearer --{world.home}"]


def test_a_file_of_the_users_own(bound, any_world):
    """A private file is not read, or one that others may read is."""
    path = _own(any_world, "key", f"{SECRET}\nmore\n")
    world, site = bound({"file": path, "cache": "0s"})
    _get(world)
    assert _sent(site) == [f"Bearer {SECRET}"]
    os.chmod(path, 0o644)
    answer = _get(world)
    assert answer.startswith("HTTP/1.1 502 ") and f"chmod 600 {path}" in answer, answer
    os.remove(path)
    assert _get(world).startswith("HTTP/1.1 502 ")
    assert len(site.seen()) == 1


@pytest.fixture
def hashicorp(bound, any_world):
    """A stand-in with one secret, and a binding of HOST to it."""
    server = services.HashicorpVault(any_world)
    server.tokens.add("hvs.reader")
    server.secrets["team", "kv", "work/the api"] = {"value": SECRET, "user": "robot"}

    def make(**changes):
        source = {"hashicorp": server.url, "mount": "kv", "path": "work/the api", "field": "value",
                  "namespace": "team", "ca": server.ca, "cache": "0s", "token": "token/hashicorp",
                  **changes}
        any_world.unlock()
        any_world.secret("token/hashicorp", "hvs.reader")
        world, site = bound({key: value for key, value in source.items() if value is not None})
        return world, site, server

    return make


def test_a_secret_of_hashicorp_vault(hashicorp):
    """A field of a secret in a key/value engine of version 2 is not injected."""
    world, site, server = hashicorp()
    _get(world)
    assert _sent(site) == [f"Bearer {SECRET}"]
    seen = server.seen()[0]
    assert seen.target == "/v1/kv/data/work/the%20api"
    assert seen.header("X-Vault-Token") == ["hvs.reader"]
    assert seen.header("X-Vault-Namespace") == ["team"]
    world.secret_free(json.dumps(world.audit()), SECRET, "hvs.reader")


def test_hashicorp_with_a_token_file(hashicorp, any_world):
    """The token of a private file is not used."""
    path = _own(any_world, "vault-token", "hvs.reader")
    world, site, _ = hashicorp(token=None, token_file=path)
    _get(world)
    assert _sent(site) == [f"Bearer {SECRET}"]


def test_what_hashicorp_refuses_is_told(hashicorp):
    """A refusal of HashiCorp Vault is not told apart, or lets the request pass."""
    world, site, server = hashicorp()
    server.sealed = True
    assert "is sealed" in _get(world)
    server.sealed = False
    process.eventually(lambda: "HTTP/1.1 200" in _get(world), "it is unsealed")
    world.secret("token/hashicorp", "hvs.other")
    assert "does not let its token read kv/work/the api" in _get(world)
    world.secret("token/hashicorp", "hvs.reader")
    server.secrets.clear()
    answer = _get(world)
    assert "HTTP/1.1 502" in answer and "has no secret kv/work/the api" in answer
    world.aileron("vault", "lock").ok()
    assert "aileron vault unlock" in _get(world)
    world.aileron("vault", "unlock", "--passphrase-file", world.passphrase_file).ok()
    served = len(site.seen())
    server.close()
    assert "HTTP/1.1 502" in _get(world) and len(site.seen()) == served


def test_an_untrusted_hashicorp_vault_gets_no_token(hashicorp):
    """A server whose certificate nobody vouches for is sent the token."""
    world, site, server = hashicorp(ca=certificates.shared("somebody else").certificate)
    answer = _get(world)
    assert "HTTP/1.1 502" in answer and "certificate" in answer, answer
    assert server.seen() == [] and site.seen() == []


def test_a_huge_or_malformed_answer_is_refused(hashicorp):
    """An answer without end fills the daemon, or a broken one crashes it."""
    world, site, server = hashicorp()
    pid = world.daemon_pid()
    bodies = [b"not json", b"[" * 100_000, b'{"data":' * 1000, b'"' + b"x" * (1 << 20) + b'"']
    for body in bodies:
        server.routes.handler = lambda request, body=body: request.answer(body)
        assert "HTTP/1.1 502" in _get(world)
        world.secret("token/hashicorp", "hvs.reader")  # forgets the failure
    assert world.daemon_pid() == pid and site.seen() == []


def test_binding_add_writes_what_the_file_says_and_check_tries_it(world):
    """binding add writes a source in another way than a person, or check does not try it."""
    manager = _manager(world)
    add = ["binding", "add", "service", "--host", HOST, "--credential", "token/elsewhere"]
    world.aileron(*add, "--from", f"exec={manager} show work/api", "--from", "cache=1m").ok()
    text = world.read(os.path.join(world.config, "aileron", "bindings.yaml"))
    assert f'    from:\n      exec: "{manager} show work/api"\n      cache: "1m"\n' in text, text
    shown = world.json("binding", "show", "service")
    assert shown["from"] == {"exec": f"{manager} show work/api", "cache": "1m"}
    assert shown["credential_state"] == "elsewhere" and shown["active"]
    result = world.aileron("binding", "check", HOST).ok()
    assert "token/elsewhere can be opened" in result.out
    world.secret_free(result.stdout, SECRET)
    world.aileron("binding", "remove", "service").ok()
    world.aileron(*add, "--from", f"exec={manager} show nothing").ok()
    result = world.aileron("binding", "check", HOST)
    assert result.rc == 69 and "not in the password store" in result.out, result.describe()


@pytest.mark.parametrize("source,word", [
    ({"exec": "pass show x | head -1"}, "shell"),
    ({"exec": "pass", "file": "/key"}, "exactly one"),
    ({"exec": "pass", "colour": "red"}, "colour"),
    ({"file": "key"}, "absolute"),
    ({"hashicorp": "http://vault.example.com", "path": "a", "field": "b", "token": "token/x"},
     "https"),
    ({"exec": "pass", "cache": "3d"}, "from.cache"),
    ("pass show x", "mapping"),
])
def test_a_wrong_source_is_an_error_with_its_line(world, source, word):
    """A wrong source is accepted, or its error does not say where."""
    world.bind({"name": "service", "host": HOST, "scheme": "bearer", "credential": "token/x",
                "from": source})
    result = world.aileron("binding", "list")
    assert result.rc == 78 and "bindings.yaml:" in result.err and word in result.err, result.describe()
