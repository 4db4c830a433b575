"""The scheme oauth2: access tokens are asked for by the daemon, and renewed before they end."""

import json

import pytest

from lib import process, services, sites

HOST = "api.test"


@pytest.fixture
def oauth2(any_world):
    """A token endpoint and a binding of HOST to it; `make(**settings)` returns world, site, server."""
    server = services.TokenServer(any_world)

    def make(grant="client_credentials", site=None, **changes):
        world = any_world
        settings = {"token_url": f"{server.url}/token", "grant": grant, "client_id": server.client,
                    "ca": server.ca, **changes}
        world.unlock()
        world.secret("secret/client", server.secret)
        if grant == "refresh_token":
            server.refresh = "first-refresh-token"
            world.secret("oauth2/service", server.refresh)
            settings.setdefault("client_secret", "secret/client")
        world.bind({"name": "service", "host": HOST, "scheme": "oauth2",
                    "credential": "oauth2/service" if grant == "refresh_token" else "secret/client",
                    "oauth2": {key: value for key, value in settings.items() if value is not None}})
        return world, site or world.site(HOST), server

    return make


def _sent(site):
    return [value for one in site.seen() for value in one.header("Authorization")]


def _get(world, path="/"):
    return world.launch("curl", "-sSi", "--http1.1", "--suppress-connect-headers", f"https://{HOST}{path}").ok().out


def _version(world, name="oauth2/service"):
    return next(one["version"] for one in world.secrets() if one["name"] == name)


@pytest.mark.parametrize("auth", ["basic", "post"])
def test_client_credentials(oauth2, auth):
    """A client's secret is not redeemed for an access token, or goes into the sandbox or a record."""
    world, site, server = oauth2(client_auth=auth, scope="read write")
    server.secret = "s3cret with /:+%&= in it"
    world.secret("secret/client", server.secret)
    result = world.shell(f"env; curl -sS https://{HOST}/1; curl -sS https://{HOST}/2").ok()
    assert _sent(site) == [f"Bearer {server.issued[0]}"] * 2 and len(server.issued) == 1
    assert server.forms[0]["grant_type"] == "client_credentials"
    assert server.forms[0]["scope"] == "read write"
    assert ("client_secret" in server.forms[0]) == (auth == "post")
    world.secret_free(result.stdout, server.secret, server.issued[0])
    world.secret_free(json.dumps(world.audit()), server.secret, server.issued[0])
    assert world.audited(kind="request", host=HOST)[0]["credential"] == "secret/client"
    assert world.audited(kind="credential.open")[0]["detail"] == "oauth2"


def test_a_token_is_renewed_before_it_ends(oauth2):
    """A request goes out with a token that has ended."""
    world, site, server = oauth2()
    server.lifetime = 3
    world.shell(f"for i in 1 2 3 4 5 6; do curl -sS https://{HOST}/$i; sleep 1; done").ok()
    sent = _sent(site)
    assert len(sent) == 6 and 2 <= len(server.issued) <= 4, (sent, server.issued)
    used = [server.issued.index(value.removeprefix("Bearer ")) for value in sent]
    assert used == sorted(used) and used[-1] == len(server.issued) - 1


def test_twenty_requests_ask_for_one_token(oauth2):
    """Requests that wait each ask the token endpoint, and use a refresh token twice."""
    world, site, server = oauth2("refresh_token")
    server.delay = 1
    urls = " ".join(f"https://{HOST}/{number}" for number in range(20))
    world.shell(f"for url in {urls}; do curl -sS --http1.1 $url & done; wait").ok()
    assert _sent(site) == [f"Bearer {server.issued[0]}"] * 20
    assert len(server.forms) == 1 and not server.revoked


def test_a_rotated_refresh_token_is_used_the_next_time(oauth2):
    """The refresh token of the last answer is not kept, or an old one is used again."""
    world, site, server = oauth2("refresh_token")
    server.lifetime = 0
    for number in range(3):
        assert "HTTP/1.1 200" in _get(world, f"/{number}")
    assert len(server.used) >= 3 and not server.revoked
    assert _version(world) == 1 + len(server.used)
    assert len(set(_sent(site))) == 3


def test_a_public_client_sends_no_secret(oauth2):
    """A client without a secret cannot renew its token."""
    world, site, server = oauth2("refresh_token", client_secret=None)
    server.secret = None
    assert "HTTP/1.1 200" in _get(world)
    assert server.forms[0]["client_id"] == server.client and "client_secret" not in server.forms[0]


def test_a_crash_between_rotation_and_use_loses_nothing(oauth2, any_world):
    """The daemon dies after the server changed the refresh token, and the new one is lost."""
    holding = sites.RawSite(lambda connection: connection.recv(1))  # shakes no hands
    any_world.attach(holding, (HOST,), 443)
    world, _, server = oauth2("refresh_token", site=holding)
    waiting = world.launch_start("curl", "-sS", f"https://{HOST}/")
    process.eventually(lambda: server.issued, "the token was renewed")
    process.eventually(lambda: _version(world) == 2, "the new refresh token is in the vault")
    pid = world.daemon_pid()
    process.end(pid)
    process.eventually(lambda: process.gone(pid), "the daemon is dead")
    waiting.wait(process.PATIENCE)
    world.aileron("vault", "unlock", "--passphrase-file", world.passphrase_file).ok()
    result = world.aileron("binding", "check", HOST)
    assert "oauth2/service can be opened" in result.out, result.describe()
    assert len(server.issued) == 2 and not server.revoked


def test_a_vault_locked_while_the_token_was_renewed(oauth2):
    """A refresh token that came while the vault was locked is lost, or used without being stored."""
    world, site, server = oauth2("refresh_token")
    server.delay = 2
    waiting = world.launch_start("curl", "-sSi", "--http1.1", f"https://{HOST}/")
    process.eventually(lambda: server.forms, "the endpoint is asked")
    world.aileron("vault", "lock").ok()
    out, _ = waiting.communicate(timeout=process.PATIENCE)
    assert b"502" in out and site.seen() == [] and server.used
    server.delay = 0
    world.aileron("vault", "unlock", "--passphrase-file", world.passphrase_file).ok()
    assert "HTTP/1.1 200" in _get(world)
    assert not server.revoked and _version(world) >= 2


def test_a_refused_refresh_token_is_told(oauth2):
    """invalid_grant lets the request pass, or does not say what to do."""
    world, site, server = oauth2("refresh_token")
    server.revoked = True
    answer = _get(world)
    assert "HTTP/1.1 502" in answer and "invalid_grant" in answer, answer
    assert "aileron secret set oauth2/service" in answer
    assert site.seen() == []
    # A new token ends the trouble at once.
    server.revoked, server.refresh = False, "second-refresh-token"
    world.secret("oauth2/service", server.refresh)
    assert "HTTP/1.1 200" in _get(world)


@pytest.mark.parametrize("answer", [
    lambda request: request.answer("oops"),
    lambda request: request.answer("x" * (1 << 20)),
    lambda request: request.answer_json({"access_token": "a", "token_type": "mac"}),
    lambda request: request.answer("", 302, [("Location", "https://localhost/elsewhere")]),
    lambda request: request.answer_json({"error": "invalid_client"}, 401),
    lambda request: request.connection.close(),
], ids=["no JSON", "huge", "another type", "redirect", "unknown client", "cut"])
def test_a_bad_answer_fails_closed(oauth2, answer):
    """A broken token endpoint lets the request pass, or crashes the daemon."""
    world, site, server = oauth2()
    pid = world.daemon_pid()
    server.answer = answer
    text = _get(world)
    assert "HTTP/1.1 502" in text and "oauth2_" in text, text
    assert site.seen() == [] and world.daemon_pid() == pid


def test_an_endpoint_that_is_down(oauth2):
    """A dead token endpoint lets requests pass, or takes a token away that still serves."""
    world, site, server = oauth2()
    server.lifetime = 10
    child = world.launch_start("sh", "-c", f"for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14; do "
                               f"curl -sS -o /dev/null -w '%{{http_code}} ' https://{HOST}/$i; sleep 1; done")
    process.eventually(lambda: server.issued, "a token was given")
    server.answer = lambda request: request.answer("down", 503)
    out, _ = child.communicate(timeout=60)
    codes = out.decode().split()
    # Renewing fails ahead of the end (after 8 s): the token serves until then, and no longer.
    assert codes[:8] == ["200"] * 8 and codes[-1] == "502", codes
    assert codes == sorted(codes)


def test_add_and_mistakes(world):
    """binding add writes oauth2 in another way than a person, or a mistake is not told."""
    add = ["binding", "add", "service", "--host", HOST, "--scheme", "oauth2", "--credential", "secret/x"]
    world.aileron(*add, "--oauth2", "token_url=https://login.test/token", "--oauth2",
                  "grant=client_credentials", "--oauth2", "client_id=me").ok()
    text = world.read(f"{world.config}/aileron/bindings.yaml")
    assert "    oauth2:\n      token_url: \"https://login.test/token\"\n" in text, text
    assert "secret set secret/x" in world.aileron("binding", "check", HOST).out
    good = {"token_url": "https://login.test/token", "grant": "client_credentials", "client_id": "me"}
    for changes, word in (({"oauth2": {"grant": "x"}}, "grant"), ({}, "oauth2"),
                          ({"oauth2": good, "from": {"exec": "x"}}, "from"),
                          ({"scheme": "bearer", "oauth2": {"client_id": "x"}}, "oauth2")):
        world.bind({"name": "service", "host": HOST, "scheme": "oauth2", "credential": "secret/x",
                    **changes})
        result = world.aileron("binding", "list")
        assert result.rc == 78 and word in result.err, result.describe()
