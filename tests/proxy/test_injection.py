"""Credentials are written on the wire outside the sandbox, by binding, and nowhere else."""

import base64
import json
import os

import pytest

from lib import process, world as worlds

HOST = "api.test"
SECRET = "real-secret-71f0c2a95e"


@pytest.fixture
def bound(any_world):
    """Binds SECRET to HOST in the given way and returns the world and its site."""

    return lambda **binding: (any_world, any_world.bound(HOST, SECRET, **binding))


def _headers(site, name):
    return [value for one in site.seen() for value in one.header(name)]


def test_bearer(bound):
    """A bearer credential is not injected, or the client's own is kept beside it."""
    world, site = bound(scheme="bearer")
    for how in ((), ("--noproxy", "*")):
        result = world.launch("curl", "--http1.1", "-sS", *how, "-H", "Authorization: Bearer client-guess",
                              f"https://{HOST}/headers").ok()
    assert _headers(site, "Authorization") == [f"Bearer {SECRET}"] * 2
    assert result.rc == 0


def test_basic(bound):
    """A Basic credential is not injected with its user name."""
    world, site = bound(scheme="basic", username="robot")
    world.launch("curl", "--http1.1", "-sS", "-u", "other:guess", f"https://{HOST}/").ok()
    expected = base64.b64encode(f"robot:{SECRET}".encode()).decode()
    assert _headers(site, "Authorization") == [f"Basic {expected}"]


def test_header_template(bound):
    """A header by template is not injected, or the client's own stays."""
    world, site = bound(scheme="header-template", header="X-Api-Key", template="key={secret};v=1")
    world.launch("curl", "--http1.1", "-sS", "-H", "x-api-key: guess", "-H", "X-API-KEY: guess2",
                 f"https://{HOST}/").ok()
    assert _headers(site, "X-Api-Key") == [f"key={SECRET};v=1"]


def test_query_parameter(bound):
    """A query parameter is not injected, replaced or encoded, or stands in the audit log."""
    world, site = bound(scheme="query-param", parameter="key")
    for path in ("/a", "/b?x=1", "/c?key=guess&x=%202", "/d?x&key=guess&key=more#frag"):
        world.launch("curl", "--http1.1", "-sS", "--globoff", f"https://{HOST}{path}").ok()
    targets = [one.target for one in site.seen()]
    assert all(target.count(f"key={SECRET}") == 1 and "guess" not in target and "more" not in target
               for target in targets), targets
    assert "x=%202" in targets[2]
    world.secret_free(json.dumps(world.audit()), SECRET)


def test_cookie(bound):
    """A cookie is not set, the client's own of that name stays, or its others go."""
    world, site = bound(scheme="cookie", cookie="sid")
    world.launch("curl", "-sS", "-b", "theme=dark; sid=guess; lang=de", f"https://{HOST}/").ok()
    world.launch("curl", "-sS", f"https://{HOST}/").ok()
    assert _headers(site, "Cookie") == [f"theme=dark; lang=de; sid={SECRET}", f"sid={SECRET}"]


def test_a_look_alike_in_a_cookie(bound):
    """The look-alike in the bound cookie is not replaced, or in another one it is."""
    world, site = bound(scheme="cookie", cookie="sid", sentinel="SERVICE_SID")
    result = world.shell(f"curl -sS -b \"other=$SERVICE_SID; sid=$SERVICE_SID\" https://{HOST}/; "
                         "echo; echo $SERVICE_SID").ok()
    sentinel = result.out.splitlines()[-1]
    assert _headers(site, "Cookie") == [f"other={sentinel}; sid={SECRET}"]


@pytest.mark.parametrize("binding", [
    {"scheme": "bearer"}, {"scheme": "basic", "username": "robot"},
    {"scheme": "query-param", "parameter": "key"}, {"scheme": "cookie", "cookie": "sid"},
    {"scheme": "bearer", "sentinel": "SERVICE_TOKEN"},
], ids=lambda binding: "-".join(binding.values()))
def test_an_echo_is_masked_where_a_binding_asks(bound, binding):
    """With `mask` a site that echoes its request shows the secret to the sandbox, in body or header."""
    world, site = bound(mask=True, **binding)

    def echo(request):
        text = json.dumps([request.path, *request.headers.values()])
        request.send_response(200)
        request.send_header("X-Echo", text)
        request.send_header("Transfer-Encoding", "chunked")
        request.end_headers()
        for character in text:
            request.chunk(character.encode())
        request.wfile.write(b"0\r\n\r\n")

    site.routes["/echo-all"] = echo
    result = world.shell("curl -sSi --compressed -H \"X-Own: $SERVICE_TOKEN\" "
                         f"-H \"Authorization: Bearer $SERVICE_TOKEN\" https://{HOST}/echo-all").ok()
    world.secret_free(result.stdout, SECRET)
    pair = base64.b64encode(f"robot:{SECRET}".encode()).decode()
    assert pair not in result.out and "*" * 20 in result.out, result.out
    seen = str(site.seen()[0])
    assert SECRET in seen or pair in seen


def test_sentinel_swap(bound):
    """The look-alike is not replaced on the wire, or any other token is."""
    world, site = bound(scheme="bearer", sentinel="SERVICE_TOKEN")
    script = (f"echo $SERVICE_TOKEN; curl --http1.1 -sS -H \"Authorization: Bearer $SERVICE_TOKEN\" "
              f"https://{HOST}/mine; curl --http1.1 -sS -H 'Authorization: Bearer other-token' https://{HOST}/other; "
              f"curl --http1.1 -sS https://{HOST}/none; "
              f"curl --http1.1 -sS -H \"Authorization: token $SERVICE_TOKEN\" https://{HOST}/scheme")
    result = world.shell(script).ok()
    sentinel = result.out.splitlines()[0]
    assert sentinel and sentinel != SECRET
    assert site.seen("/mine")[0].header("Authorization") == [f"Bearer {SECRET}"]
    assert site.seen("/other")[0].header("Authorization") == ["Bearer other-token"]
    assert site.seen("/none")[0].header("Authorization") == []
    assert site.seen("/scheme")[0].header("Authorization") == [f"token {SECRET}"]
    world.secret_free(result.stdout, SECRET)
    records = [one for one in world.audit() if one.get("host") == HOST and one.get("path") == "/other"]
    assert records and not records[0].get("credential")
    assert records[0]["detail"] == "a credential of the client's own was passed on"


def test_sentinels_differ_by_session_and_go_nowhere_else(bound):
    """Two sessions share a look-alike, or it is replaced on the way to another host."""
    world, site = bound(scheme="bearer", sentinel="SERVICE_TOKEN")
    other = world.site("other.test")
    script = ("echo $SERVICE_TOKEN; curl --http1.1 -sS -H \"Authorization: Bearer $SERVICE_TOKEN\" "
              "https://other.test/")
    first, second = (world.shell(script).ok().out.splitlines()[0] for _ in range(2))
    assert first != second
    assert other.seen()[0].header("Authorization") == [f"Bearer {first}"]
    world.shell(f"curl --http1.1 -sS -H 'Authorization: Bearer {first}' https://{HOST}/stolen").ok()
    assert site.seen("/stolen")[0].header("Authorization") == [f"Bearer {first}"]


def test_the_sentinel_in_another_place_is_not_replaced(bound):
    """The look-alike is replaced in a body or another header, so the site could echo the secret."""
    world, site = bound(scheme="bearer", sentinel="SERVICE_TOKEN")
    result = world.shell(f"curl --http1.1 -sS -H \"X-Echo: $SERVICE_TOKEN\" -d \"$SERVICE_TOKEN\" "
                         f"\"https://{HOST}/echo?$SERVICE_TOKEN\"").ok()
    world.secret_free(result.stdout, SECRET)
    seen = site.seen()[0]
    assert SECRET not in seen.target and SECRET.encode() not in seen.body
    assert seen.header("X-Echo") != [SECRET]


def test_no_other_host_or_port_gets_the_credential(bound):
    """A credential goes to a host or port that it is not bound to."""
    world, site = bound(scheme="bearer")
    other = world.site("sub.api.test")
    port = world.site(HOST, port=8443)
    plain = world.site(HOST, tls=False)
    for url in ("https://sub.api.test/", f"https://{HOST}:8443/", f"http://{HOST}/"):
        world.launch("curl", "--http1.1", "-sS", url)
    for one in (other, port, plain):
        assert not [value for value in _headers(one, "Authorization") if SECRET in value]
    assert site.seen() == []


def test_a_redirect_does_not_carry_the_credential_along(bound):
    """A redirect to another host gets the credential."""
    world, _ = bound(scheme="bearer")
    other = world.site("other.test")
    world.launch("curl", "-sSL", "--location-trusted", f"https://{HOST}/redirect?to=https://other.test/").ok()
    assert len(other.seen()) == 1 and SECRET not in str(other.seen()[0].headers)


def _refusal(world):
    text = world.launch("curl", "-sSi", "--http1.1", "--suppress-connect-headers", "-H",
                        "Authorization: Bearer own", f"https://{HOST}/").ok().out
    return text.split("\r\n")[0], text


def test_a_locked_vault_fails_closed(bound):
    """With a locked vault a bound request is passed through, or refused without a way out."""
    world, site = bound(scheme="bearer")
    world.aileron("vault", "lock").ok()
    status, text = _refusal(world)
    assert status.startswith("HTTP/1.1 502 ") and "aileron vault unlock" in text, text
    assert site.seen() == []


def test_a_missing_credential_fails_closed(bound):
    """A bound request whose credential is missing is passed through."""
    world, site = bound(scheme="bearer")
    world.aileron("secret", "remove", "api/service").ok()
    status, text = _refusal(world)
    assert status.startswith("HTTP/1.1 502 ") and "aileron secret set api/service" in text, text
    assert site.seen() == []


def test_a_vault_locked_in_the_middle_takes_the_credential_away(bound):
    """A worker goes on using a credential after the vault was locked."""
    world, site = bound(scheme="bearer")
    script = (f"curl --http1.1 -sS https://{HOST}/first; touch one; while ! [ -e two ]; do sleep 0.05; done; "
              f"curl --http1.1 -sS https://{HOST}/second; touch three; while ! [ -e four ]; do sleep 0.05; done; "
              f"curl --http1.1 -sS https://{HOST}/third")
    child = world.launch_start("sh", "-c", script)
    folder = world.workspace
    process.eventually(lambda: os.path.exists(f"{folder}/one"), "the first request was made")
    world.aileron("vault", "lock").ok()
    world.write("two", "")
    process.eventually(lambda: os.path.exists(f"{folder}/three"), "the second request was made")
    world.aileron("vault", "unlock", "--passphrase-file", world.passphrase_file).ok()
    world.write("four", "")
    assert child.wait(process.PATIENCE) == 0
    out = child.stdout.read().decode()
    assert [one.target for one in site.seen()] == ["/first", "/third"]
    assert "vault unlock" in out


def test_a_changed_secret_is_used_at_once(bound):
    """A session goes on with the old value of a secret."""
    world, site = bound(scheme="bearer")
    world.launch("curl", "--http1.1", "-sS", f"https://{HOST}/").ok()
    world.secret("api/service", "new-value-93")
    world.launch("curl", "--http1.1", "-sS", f"https://{HOST}/").ok()
    assert _headers(site, "Authorization") == [f"Bearer {SECRET}", "Bearer new-value-93"]


def test_the_audit_names_the_credential_and_never_its_value(bound):
    """The audit log lacks the credential's reference, or holds its value."""
    world, _ = bound(scheme="bearer")
    # By a file, since the session's own record holds the command as it was given.
    world.write("where", f"url = https://{HOST}/path?query=hidden-query\n")
    world.launch("curl", "--http1.1", "-sS", "--config", "where").ok()
    records = [one for one in world.audited(kind="request") if one["host"] == HOST]
    assert records[0]["credential"] == "api/service" and records[0]["status"] == 200
    text = json.dumps(world.audit())
    world.secret_free(text, SECRET, "hidden-query")


def test_a_secret_with_a_line_break_cannot_split_a_header(bound):
    """A secret that holds CR LF writes a header of its own on the wire."""
    world, site = bound(scheme="bearer")
    world.aileron("secret", "set", "api/service", data=b"abc\r\nX-Evil: 1\r\n")
    text = world.launch("curl", "--http1.1", "-sS", f"https://{HOST}/").out
    assert not _headers(site, "X-Evil")
    world.secret_free(text, "X-Evil")


BUILTIN = [
    ("api.anthropic.com", "X-Api-Key", "{}"), ("api.openai.com", "Authorization", "Bearer {}"),
    ("generativelanguage.googleapis.com", "X-Goog-Api-Key", "{}"),
    ("api.github.com", "Authorization", "Bearer {}"),
    ("registry.npmjs.org", "Authorization", "Bearer {}"),
    ("upload.pypi.org", "Authorization", "Basic {}"), ("gitlab.com", "Authorization", "Basic {}"),
]


@pytest.mark.parametrize("host,header,form", BUILTIN)
def test_builtin_bindings_work_when_the_vault_has_the_credential(world, host, header, form):
    """A built-in binding is not used, or is used without its credential."""
    site = world.site(host)
    world.unlock()
    world.launch("curl", "--http1.1", "-sS", f"https://{host}/before").ok()
    binding = [one for one in world.bindings() if one["host"] == host][0]
    assert binding["source"] == "builtin" and not binding["active"]
    world.secret(binding["credential"], SECRET)
    # A binding with a look-alike swaps it; the others inject whatever the client sends.
    mine = form.format(f"${binding['sentinel']}" if "sentinel" in binding else "own")
    world.shell(f'curl --http1.1 -sS -H "{header}: {mine}" https://{host}/after').ok()
    secret = SECRET
    if binding["scheme"] == "basic":
        secret = base64.b64encode(f"{binding['username']}:{SECRET}".encode()).decode()
    assert site.seen("/before")[0].header(header) == []
    assert site.seen("/after")[0].header(header) == [form.format(secret)]


def test_the_builtin_binding_for_git_over_https(world):
    """git to github.com does not get x-access-token and the GitHub credential."""
    site = world.site("github.com", allow=False)
    world.unlock()
    names = {one["credential"] for one in world.bindings()
             if one["host"] == "github.com"}
    for name in names:
        world.secret(name, SECRET)
    world.launch("git", "ls-remote", "https://github.com/o/r.git")
    expected = base64.b64encode(f"x-access-token:{SECRET}".encode()).decode()
    assert f"Basic {expected}" in _headers(site, "Authorization")


def test_a_users_binding_wins_over_a_builtin_one(world):
    """A built-in binding overrules the user's own."""
    site = world.site("api.openai.com", allow=False)
    world.unlock()
    world.secret("api/mine", SECRET)
    world.bind({"name": "mine", "host": "api.openai.com", "scheme": "header-template", "credential":
                "api/mine", "header": "X-Mine", "template": "{secret}"})
    world.launch("curl", "--http1.1", "-sS", "https://api.openai.com/").ok()
    assert _headers(site, "X-Mine") == [SECRET]
