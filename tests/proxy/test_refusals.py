"""A refusal is something the user of a client can act on."""

import json

import pytest

HOST = "denied.test"


@pytest.fixture(autouse=True)
def unattended(request):
    """Nobody is asked, so that a refusal is final; tests/approval has those that wait."""
    for name in {"world", "any_world"} & set(request.fixturenames):
        request.getfixturevalue(name).flags.append("--unattended")


def test_curl_shows_reason_and_hint(any_world):
    """A denied host's reason, hint or status is missing, in the head or in the body."""
    for flags in ([], ["--noproxy", "*"]):
        result = any_world.launch("curl", "-sSi", "--http1.1", "--suppress-connect-headers", *flags,
                                  f"https://{HOST}/").ok()
        head, body = result.out.split("\r\n\r\n", 1)
        lines = head.split("\r\n")
        assert lines[0].startswith("HTTP/1.1 403 ") and HOST in lines[0], result.describe()
        assert f"--allow {HOST}" in lines[0]
        headers = {line.split(":")[0].lower(): line.split(":", 1)[1].strip() for line in lines[1:]}
        assert HOST in headers["aileron-reason"] and f"--allow {HOST}" in headers["aileron-hint"]
        assert headers["aileron-code"] and headers["content-type"].startswith("text/plain")
        assert body.startswith("aileron: ") and f"hint: " in body and "--allow" in body


def test_curl_fail_shows_the_reason(world):
    """curl --fail does not end with 22."""
    result = world.launch("curl", "-sSf", f"https://{HOST}/")
    assert result.rc == 22 and "403" in result.err


def test_wget_shows_reason_and_hint(world):
    """wget's error does not hold the reason and the hint."""
    result = world.launch("wget", "-O", "-", f"https://{HOST}/")
    assert result.rc == 8
    told = result.err.split("403", 1)[1]
    assert HOST in told and f"--allow {HOST}" in told, result.describe()


def test_a_client_that_wants_json_gets_problem_details(world):
    """A client that accepts JSON does not get RFC 9457 problem details."""
    result = world.launch("curl", "-sSi", "--http1.1", "--suppress-connect-headers", "-H",
                          "Accept: application/json", f"https://{HOST}/").ok()
    head, body = result.out.split("\r\n\r\n", 1)
    assert "content-type: application/problem+json" in head.lower()
    problem = json.loads(body)
    assert problem["status"] == 403 and HOST in problem["detail"] + problem["title"]
    assert "--allow" in problem["hint"] and problem["code"] and "type" in problem


def test_a_client_that_wants_html_gets_html(world):
    """A browser gets no page, or a page with an unescaped name."""
    result = world.launch("curl", "-sSi", "--http1.1", "--suppress-connect-headers", "-H",
                          "Accept: text/html,*/*;q=0.1", f"https://{HOST}/").ok()
    head, body = result.out.split("\r\n\r\n", 1)
    assert "content-type: text/html" in head.lower() and "<" in body and HOST in body


NPM = ["npm", "view", "left-pad", "--registry", f"https://{HOST}/", "--fetch-retries=0",
       "--cache=/tmp/npm", "--userconfig=/dev/null", "--no-update-notifier"]


def test_npm_shows_reason_and_hint(world):
    """npm's error does not hold the reason and the hint."""
    result = world.launch(*NPM)
    text = result.out + result.err
    assert result.rc != 0 and HOST in text and "--allow" in text, result.describe()


def test_pip_shows_reason_and_hint(world):
    """pip's error does not hold the reason and the hint."""
    result = world.launch("/usr/bin/python3", "-m", "pip", "download", "--no-deps", "--retries", "0",
                          "--no-cache-dir", "-d", "/tmp/x", f"https://{HOST}/left_pad-1-py3-none-any.whl")
    text = result.out + result.err
    assert result.rc != 0 and "403" in text, result.describe()
    assert "allowed hosts" in text and f"--allow {HOST}" in text, result.describe()


def test_python_shows_reason_and_hint(world):
    """urllib's error does not hold the reason and the hint."""
    result = world.launch("/usr/bin/python3", "-c", "import urllib.request; "
                          f"urllib.request.urlopen('https://{HOST}/')")
    told = result.err.split("HTTP Error 403", 1)[1]
    assert HOST in told and f"--allow {HOST}" in told, result.describe()


def test_a_denied_host_on_another_port_is_refused_at_the_tunnel(world):
    """CONNECT to a denied host on an odd port is not refused with a reason."""
    result = world.launch("curl", "--http1.1", "-sS", "-v", f"https://{HOST}:9443/")
    assert result.rc in (56, 7) and "403" in result.err and HOST in result.err, result.describe()


def test_plain_http_is_refused_with_the_reason(world):
    """http:// to a denied host hangs or passes."""
    for flags in ([], ["--noproxy", "*"]):
        result = world.launch("curl", "--http1.1", "-sS", *flags, f"http://{HOST}/").ok()
        assert HOST in result.out and "--allow" in result.out


def test_deny_beats_allow_in_any_order(world):
    """--allow opens what --deny closes."""
    world.site("both.test")
    for flags in (["--deny", "both.test"], ["--allow", "*.test", "--deny", "both.test"],
                  ["--deny", "*.test"]):
        result = world.launch("curl", "--http1.1", "-sS", "-o", "/dev/null", "-w", "%{http_code}",
                              "https://both.test/", flags=flags).ok()
        assert result.out == "403", flags


def test_a_wildcard_allows_names_below_and_not_the_name_itself(world):
    """*.zone.test allows zone.test, or denies a name below."""
    world.site("a.zone.test", "zone.test", "x.y.zone.test", allow=False)
    codes = [world.launch("curl", "--http1.1", "-sS", "-o", "/dev/null", "-w", "%{http_code}",
                          f"https://{name}/", flags=["--allow", "*.zone.test"]).ok().out
             for name in ("a.zone.test", "zone.test", "azone.test")]
    assert codes == ["200", "403", "403"]


@pytest.mark.parametrize("name", ["SITE.test", "site.test.", "Site.Test"])
def test_names_are_compared_without_case_and_final_dot(world, name):
    """Another spelling of an allowed name is refused."""
    world.site("site.test")
    result = world.launch("curl", "--http1.1", "-sS", f"https://{name}/").ok()
    assert result.out == "hello from site.test\n", result.describe()


@pytest.mark.parametrize("name", ["SITE.test", "site.test."])
def test_a_denied_name_is_denied_in_every_spelling(world, name):
    """Another spelling of a denied name is allowed."""
    result = world.launch("curl", "--http1.1", "-sS", f"https://{name}/",
                          flags=["--profile", "open", "--deny", "site.test"]).ok()
    assert "403" in result.out or "denied" in result.out or "aileron" in result.out


def test_allow_without_a_port_is_not_for_every_port(world):
    """--allow HOST opens a port that nobody named."""
    world.site("one.test")
    site = world.site("one.test", port=8443, allow=False)
    result = world.launch("curl", "--http1.1", "-sS", "https://one.test:8443/")
    assert "hello" not in result.out and site.requests == []


def test_profile_locked_refuses_what_guarded_allows(world):
    """The profile locked lets a registry through, or guarded refuses it."""
    world.site("registry.npmjs.org", allow=False)
    url = "https://registry.npmjs.org/"
    allowed = world.launch("curl", "--http1.1", "-sS", url).ok()
    assert allowed.out == "hello from registry.npmjs.org\n", allowed.describe()
    refused = world.launch("curl", "--http1.1", "-sS", url, flags=["--profile", "locked"]).ok()
    assert "hello" not in refused.out and "aileron:" in refused.out


@pytest.mark.parametrize("name", ["pypi.org", "files.pythonhosted.org", "github.com",
                                  "api.github.com", "gitlab.com", "api.anthropic.com",
                                  "api.openai.com", "generativelanguage.googleapis.com", "crates.io",
                                  "proxy.golang.org", "deb.debian.org"])
def test_guarded_allows_registries_forges_and_models(world, name):
    """The built-in profile refuses a well-known registry, forge or model API."""
    world.site(name, allow=False)
    assert world.launch("curl", "--http1.1", "-sS", f"https://{name}/").ok().out == f"hello from {name}\n"


def test_every_refusal_is_audited(world):
    """A refused request is not in the audit log, or without its reason."""
    # By a file, since the session's own record holds the command as it was given.
    world.write("where", f"url = https://{HOST}/secret-path?q=secret-query\n")
    world.launch("curl", "--http1.1", "-sS", "--config", "where").ok()
    record = [one for one in world.audit() if one.get("host") == HOST][-1]
    assert record["action"] == "deny" and record["code"]
    assert "secret-query" not in json.dumps(world.audit())
