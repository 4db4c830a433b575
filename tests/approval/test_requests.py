"""Requests that a rule asks about: a person sees one, decides, and what was shown is what is sent."""

import json
import subprocess

import pytest

from lib import asked, http2, process

HOST = "api.test"
ASK = ("--ask", f"POST,PUT {HOST}/repos/**")
ISSUE = json.dumps({"title": "It is broken", "labels": ["bug"], "token": "do-not-show-this"})
JSON = ("-H", "Content-Type: application/json")


@pytest.fixture
def api(any_world):
    """A world with a site that is allowed."""
    return any_world, any_world.site(HOST)


def _post(world, *more, body=ISSUE, path="/repos/o/r/issues", flags=ASK, **keywords):
    return asked.sends(world, *JSON, "-d", body, *more, f"https://{HOST}{path}", flags=flags, **keywords)


@pytest.mark.parametrize("version", ["--http1.1", "--http2"])
@pytest.mark.parametrize("way", [(), ("--noproxy", "*")], ids=["proxied", "captured"])
def test_a_request_is_shown_and_sent_as_it_was_shown(api, version, way):
    """A request goes out before the yes, differs from what was shown, or shows a secret."""
    world, site = api
    child = _post(world, version, *way, path="/repos/o/r/issues?page=secret-query")
    question, = asked.waiting(world)
    assert question["title"] == f"POST https://{HOST}/repos/o/r/issues" and question["subject"] == "http_request"
    shown = asked.fields(question)
    assert shown["method"] == "POST" and shown["host"] == HOST and shown["path"] == "/repos/o/r/issues"
    assert shown["body.title"] == "It is broken" and shown["body.labels[0]"] == "bug"
    assert shown["body.token"].startswith("•••") and shown["content type"] == "application/json"
    assert shown["body size"] == f"{len(ISSUE)} bytes" and shown["rule"] == " ".join(ASK)
    text = json.dumps(question)
    assert "secret-query" not in text and "do-not-show-this" not in text
    assert site.seen() == [] and child.poll() is None
    asked.approve(world)
    assert asked.code(child) == "200"
    sent, = site.seen()
    assert (sent.method, sent.target, sent.body.decode()) == ("POST", "/repos/o/r/issues?page=secret-query", ISSUE)
    record = world.audited(host=HOST, status=200)[0]
    assert question["id"] in record["rule"]
    for one in world.audit():
        assert "It is broken" not in json.dumps(one)


def test_what_no_rule_names_is_not_asked_about(api):
    """A rule about some requests holds others up."""
    world, site = api
    assert asked.code(asked.sends(world, f"https://{HOST}/repos/o/r", flags=ASK)) == "200"
    assert asked.code(asked.sends(world, "-d", "x", f"https://{HOST}/users", flags=ASK)) == "200"
    assert asked.pending(world) == [] and len(site.seen()) == 2


def test_a_no_is_told_and_nothing_is_sent(api):
    """A request goes out although a person said no."""
    world, site = api
    child = _post(world)
    asked.deny(world, "--reason", "not that one")
    assert asked.code(child) == "403"
    assert site.seen() == []
    assert world.audited(code="approval_denied")


def test_after_428_the_same_request_is_let_through_and_another_body_is_not(api):
    """A yes is lost when its client was sent away, or holds for a request that nobody saw."""
    world, site = api

    def curl(body):
        return (f"curl -sS -o /dev/null -w '%{{http_code}}\\n' -H 'Content-Type: application/json' "
                f"-d '{body}' https://{HOST}/repos/o/r/issues")

    script = "; read line; ".join([curl('{"a":1}'), curl('{"a":2}'), curl('{"a":1}'), curl('{"a":1}')])
    child = world.launch_start("sh", "-c", script, flags=["--hold", "0s", *ASK], stdin=subprocess.PIPE)

    def go_on():
        child.stdin.write(b"\n")
        child.stdin.flush()

    assert child.stdout.readline() == b"428\n"
    first = asked.approve(world)
    go_on()
    assert child.stdout.readline() == b"428\n", "the body was changed between question and retry"
    second, = asked.waiting(world)
    assert second["id"] != first["id"] and asked.fields(second)["body.a"] == "2"
    go_on()
    assert child.stdout.readline() == b"200\n"
    go_on()
    assert child.stdout.readline() == b"428\n", "once is once"
    assert [one.body for one in site.seen()] == [b'{"a":1}']
    child.stdin.close()
    child.wait(process.PATIENCE)


def test_a_yes_for_the_session_covers_method_and_path_whatever_the_body(api):
    """A yes for the session asks again, or covers another path."""
    world, site = api
    curl = f"curl -sS -o /dev/null -w '%{{http_code}} ' {JSON[0]} '{JSON[1]}' https://{HOST}"
    script = f"{curl}/repos/a -d 1; {curl}/repos/a -d 2; {curl}/repos/b -d 1"
    child = world.launch_start("sh", "-c", script, flags=["--hold", "60s", *ASK])
    first = asked.approve(world, "--session")
    assert "whatever its body" in first["opens"]
    question = process.eventually(
        lambda: [one for one in asked.pending(world) if one["title"].endswith("/repos/b")], "the other path is asked about")[0]
    world.aileron("approvals", "deny", question["id"]).ok()
    out, _ = child.communicate(timeout=process.PATIENCE)
    assert out.decode().split() == ["200", "200", "403"]
    assert [one.body for one in site.seen()] == [b"1", b"2"]


def test_identical_requests_are_one_question_and_once_lets_one_go(api):
    """The same request asks twice at once, or one yes sends it twice."""
    world, site = api
    curl = f"curl -sS -o /dev/null -w '%{{http_code}} ' -d same https://{HOST}/repos/x"
    child = world.launch_start("sh", "-c", f"{curl} & {curl} & wait", flags=["--hold", "60s", *ASK])
    asked.waiting(world)
    process.eventually(lambda: len(world.json("approvals", "list", "--all")) == 1, "one question")
    first = asked.approve(world)
    again = process.eventually(
        lambda: [one for one in asked.pending(world) if one["id"] != first["id"]], "the other one is asked about")[0]
    process.eventually(site.seen, "the one that was let go has arrived")
    world.aileron("approvals", "deny", again["id"]).ok()
    out, _ = child.communicate(timeout=process.PATIENCE)
    assert sorted(out.decode().split()) == ["200", "403"]
    assert len(site.seen()) == 1


def test_rules_of_the_user_hold_in_every_launch(api):
    """The file of rules is not read, or deny does not beat ask and allow."""
    world, site = api
    asked.rules(world,
                {"host": HOST, "method": ["POST", "DELETE"], "path": "/repos/**", "action": "ask"},
                {"host": HOST, "action": "allow", "path": "/repos/**"},
                {"host": HOST, "method": "DELETE", "path": "/repos/*/*", "action": "deny"})
    refused = world.launch("curl", "-sSi", "-X", "DELETE", f"https://{HOST}/repos/o/r")
    assert " 403 " in refused.out and "request_denied" in refused.out and "policy.yaml:" in refused.out
    child = _post(world, flags=())
    assert asked.fields(asked.approve(world))["rule"].startswith("policy.yaml:")
    assert asked.code(child) == "200"
    assert [one.method for one in site.seen()] == ["POST"]


def test_a_rule_can_allow_some_requests_of_a_host(any_world):
    """A rule that allows reading opens the rest of its host."""
    site = any_world.site(HOST, allow=False)
    asked.rules(any_world, {"host": HOST, "method": "GET", "path": "/docs/**", "action": "allow"})
    any_world.flags += ["--profile", "locked"]
    script = f"for path in docs/a other docs/../other; do curl -sS --path-as-is -o /dev/null -w '%{{http_code}} ' https://{HOST}/$path; done"
    assert any_world.shell(script).ok().out.split() == ["200", "403", "403"]
    assert [one.target for one in site.seen()] == ["/docs/a"]


@pytest.mark.parametrize("text, words", [
    ("version: 1\nnetwork:\n  - {host: api.test, methd: POST, action: ask}\n", ["policy.yaml:3:", "method"]),
    ("version: 1\nnetwork:\n  - {host: api.test, action: alow}\n", ["policy.yaml:3:", 'Did you mean "allow"?']),
])
def test_a_wrong_file_stops_the_launch_with_its_line(any_world, text, words):
    """A launch goes on without the user's rules, or does not say what is wrong with them."""
    any_world.write(f"{any_world.config}/aileron/policy.yaml", text, 0o600)
    result = any_world.launch("true")
    assert result.rc == 78, result.describe()
    for word in words:
        assert word in result.err


def test_a_wrong_flag_is_told(any_world):
    """A rule that says nothing is taken."""
    result = any_world.launch("true", flags=["--ask", f"post {HOST}"])
    assert result.rc == 64 and "capitals" in result.err


def test_an_unknown_host_and_its_request_are_one_question(any_world):
    """A person is asked about the host and then about the request, or a yes opens the host."""
    site = any_world.site(HOST, allow=False)
    curl = f"curl -sS -o /dev/null -w '%{{http_code}} ' https://{HOST}"
    child = any_world.launch_start("sh", "-c", f"{curl}/repos/x -d body; {curl}/other", flags=["--hold", "60s", *ASK])
    first = asked.approve(any_world)
    assert first["subject"] == "http_request"
    question = process.eventually(lambda: [one for one in asked.pending(any_world) if one["id"] != first["id"]],
                                  "the host is not open")[0]
    assert question["title"] == f"connect to {HOST}:443"
    any_world.aileron("approvals", "deny", question["id"]).ok()
    out, _ = child.communicate(timeout=process.PATIENCE)
    assert out.decode().split() == ["200", "403"]
    assert [one.target for one in site.seen()] == ["/repos/x"]


@pytest.mark.parametrize("version", ["--http1.1", "--http2"])
def test_unattended_nobody_is_asked(api, version):
    """With --unattended a request waits, goes out, or leaves a question behind."""
    world, site = api
    result = world.launch("curl", version, "-sSi", "-d", "x", f"https://{HOST}/repos/x",
                          flags=["--unattended", *ASK])
    assert " 403 " in result.out and "request_not_allowed" in result.out
    assert site.seen() == [] and world.json("approvals", "list", "--all") == []
    assert world.audited(code="request_not_allowed")


def test_a_question_outlives_the_daemon(api):
    """A request's question is lost when the daemon is killed, or its answer is."""
    world, site = api
    fetch = f"curl -sS -o /dev/null -w '%{{http_code}}\\n' -d body https://{HOST}/repos/x"
    child = world.launch_start("sh", "-c", f"{fetch}; read line; {fetch}", flags=["--hold", "0s", *ASK],
                               stdin=subprocess.PIPE)
    assert child.stdout.readline() == b"428\n"
    question, = asked.pending(world)
    first = world.daemon_pid()
    process.end(first)
    process.eventually(lambda: process.gone(first), "the daemon is dead")
    process.eventually(lambda: [one for one in world.sessions() if one["state"] == "running"],
                       "the launcher is there again")
    assert asked.approve(world)["id"] == question["id"]
    child.stdin.write(b"\n")
    child.stdin.flush()
    assert child.stdout.readline() == b"200\n"
    assert len(site.seen()) == 1
    child.stdin.close()
    child.wait(process.PATIENCE)


def test_a_question_ends_with_its_session(api):
    """A session that ended leaves its question open, or its request goes out later."""
    world, site = api
    child = world.launch_start("sh", "-c", f"curl -sS -m 600 -d x https://{HOST}/repos/x & read line",
                               flags=["--hold", "60s", *ASK], stdin=subprocess.PIPE)
    question, = asked.waiting(world)
    child.stdin.close()
    child.wait(process.PATIENCE)
    process.eventually(lambda: asked.pending(world) == [], "nothing waits")
    assert world.json("approvals", "show", question["id"])["state"] == "cancelled"
    assert site.seen() == []


@pytest.mark.parametrize("version", ["--http1.1", "--http2"])
def test_a_body_over_the_bound_is_told_and_arrives_whole(api, version):
    """A large body is shown as if it were whole, or is damaged by being held, or stands still."""
    world, site = api
    script = f"head -c 3000000 /dev/zero | tr '\\0' x | curl {version} -sS -o /dev/null -w '%{{http_code}}' -T - https://{HOST}/repos/big"
    child = world.launch_start("sh", "-c", script, flags=["--hold", "60s", *ASK])
    shown = asked.fields(asked.approve(world))
    assert "passed on unseen" in shown["body size"] and "SHA-256 of what was read" in shown
    out, _ = child.communicate(timeout=process.PATIENCE)
    assert out == b"200"
    assert site.seen()[0].body == b"x" * 3_000_000


def test_a_websocket_is_asked_about_by_its_head(api):
    """An upgrade goes by a rule that asks about its path."""
    world, site = api
    head = ("-H", "Connection: Upgrade", "-H", "Upgrade: websocket", "-H", "Sec-WebSocket-Version: 13",
            "-H", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==")
    child = asked.sends(world, "--http1.1", *head, f"https://{HOST}/chat", flags=["--ask", f"GET {HOST}/chat"])
    asked.deny(world)
    assert asked.code(child) == "403" and site.seen() == []


def test_http2_to_http2_and_grpc_are_asked_about(any_world):
    """A stream of HTTP/2 goes by a rule that asks about it."""
    site = http2.Http2Site(HOST)
    any_world.attach(site, (HOST,), 443)
    child = asked.sends(any_world, "--http2", "-H", "Content-Type: application/grpc", "--data-binary", "x",
                        f"https://{HOST}/Greeter/Hello", flags=["--ask", f"POST {HOST}/Greeter/*"])
    shown = asked.fields(asked.deny(any_world))
    assert "unseen" in shown["body size"] or shown["body size"] == "1 byte"
    assert asked.code(child) == "403"
    child = asked.sends(any_world, "--http2", *JSON, "-d", ISSUE, f"https://{HOST}/repos/x", flags=ASK)
    assert asked.fields(asked.approve(any_world))["body.title"] == "It is broken"
    assert asked.code(child) == "200"
    assert len(site.requests) == 1
