"""A narrowed binding's credential goes to the requests it covers, and to no others."""

import pytest

HOST = "api.test"
SECRET = "real-secret-5d0e77ab31"


@pytest.fixture
def bound(any_world):
    """Binds SECRET to HOST, narrowed as given, and returns the world and its site."""

    return lambda **binding: (any_world, any_world.bound(HOST, SECRET, **{"scheme": "bearer", **binding}))


def _sent(site):
    return {(one.method, one.target): one.header("Authorization") for one in site.seen()}


def test_only_what_is_covered_gets_the_credential(bound):
    """A request outside of the binding's methods and paths gets the credential, or one inside does not."""
    world, site = bound(methods=["GET"], paths=["/repos/me/**", "/user"])
    script = " && ".join(f"curl -sS -o /dev/null {options} https://{HOST}{path}" for options, path in (
        ("", "/repos/me/x"), ("", "/user?x=1"), ("", "/repos/%6De/y"), ("-X PUT", "/repos/me/x"), ("", "/repos/you/x"),
        ("", "/user/x"), ("", "/?/repos/me/x")))
    world.shell(script).ok()
    covered = {("GET", "/repos/me/x"), ("GET", "/user?x=1"), ("GET", "/repos/%6De/y")}
    sent = _sent(site)
    assert len(sent) == 7
    for request, fields in sent.items():
        assert fields == ([f"Bearer {SECRET}"] if request in covered else []), request


def test_a_path_cannot_be_written_so_that_it_widens_the_binding(bound):
    """An ambiguous spelling of a path outside of the binding gets the credential."""
    world, site = bound(paths=["/repos/me/**"])
    paths = ("/repos/me/../you/x", "/repos/me/%2e%2e/you/x", "/repos/me/.%2E/you/x", "/repos/me//../../you",
             "/repos/me/..%2fyou", "/repos/me/..;/you", "/repos//me/x", "//repos/me/x", "/repos/me/%252e%252e/x",
             "/repos/me/..%5cyou", "/repos/me%2fx", "/repos/me/%c0%ae%c0%ae/x")
    script = " ; ".join(f"curl -sS --path-as-is -o /dev/null 'https://{HOST}{path}'" for path in paths)
    world.shell(script + f" ; curl -sS -o /dev/null -H 'X-Original-URL: /repos/you' https://{HOST}/repos/me/h"
                f" ; curl -sS -o /dev/null https://{HOST}/repos/me/last").ok()
    sent = _sent(site)
    assert sent.pop(("GET", "/repos/me/last")) == [f"Bearer {SECRET}"]
    assert len(sent) >= 8 and not any(sent.values()), sent


def test_the_clients_own_credential_passes_where_the_binding_does_not_cover(bound):
    """Outside of the binding the client's own credential is dropped, or inside it is kept."""
    world, site = bound(paths=["/mine"])
    world.shell(f"curl -sS -H 'Authorization: Bearer own' https://{HOST}/mine ;"
                f"curl -sS -H 'Authorization: Bearer own' https://{HOST}/other").ok()
    assert _sent(site) == {("GET", "/mine"): [f"Bearer {SECRET}"], ("GET", "/other"): ["Bearer own"]}


def test_a_locked_vault_refuses_what_is_covered_and_passes_the_rest(bound):
    """With a locked vault an uncovered request is refused, or a covered one passes."""
    world, site = bound(paths=["/mine"])
    world.aileron("vault", "lock").ok()
    world.shell(f"curl -sS https://{HOST}/mine ; curl -sS https://{HOST}/other").ok()
    assert _sent(site) == {("GET", "/other"): []}


def test_two_narrowed_bindings_share_a_host(bound):
    """Two bindings of one host with different paths take each other's place."""
    world, site = bound(paths=["/a/**"])
    world.secret("api/other", "other-secret-value")
    world.aileron("binding", "add", "other", "--host", HOST, "--credential", "api/other", "--path", "/b/**").ok()
    world.shell(f"curl -sS https://{HOST}/a/x ; curl -sS https://{HOST}/b/x ; curl -sS https://{HOST}/c").ok()
    assert _sent(site) == {("GET", "/a/x"): [f"Bearer {SECRET}"], ("GET", "/b/x"): ["Bearer other-secret-value"],
                           ("GET", "/c"): []}
