"""The first use of a credential whose binding says so waits for a person."""

import pytest

from lib import asked, process

HOST = "api.test"
SECRET = "real-secret-5d0e77ab31"


@pytest.fixture
def bound(any_world):
    """A world, and a site whose credential asks before its first use."""
    return any_world, any_world.bound(HOST, SECRET, scheme="bearer", approval="first-use")


def _curl(path):
    return f"curl -sS -o /dev/null -w '%{{http_code}} ' https://{HOST}{path}"


def test_the_first_request_waits_and_later_ones_pass(bound):
    """A credential goes out before the yes, or a yes for the session asks again."""
    world, site = bound
    child = world.launch_start("sh", "-c", f"{_curl('/one?q=hidden')}; {_curl('/two')}; {_curl('/three')}",
                               flags=["--hold", "60s"])
    question, = asked.waiting(world)
    assert question["subject"] == "credential" and question["credential"] == "api/service"
    assert question["title"] == f"use the credential api/service at {HOST}:443"
    assert asked.fields(question)["first request"] == "GET /one"
    assert site.seen() == []
    asked.approve(world, "--session")
    out, _ = child.communicate(timeout=process.PATIENCE)
    assert out.decode().split() == ["200"] * 3
    assert [one.header("Authorization") for one in site.seen()] == [[f"Bearer {SECRET}"]] * 3
    assert len(world.json("approvals", "list", "--all")) == 1
    # Another session asks by itself.
    other = asked.sends(world, f"https://{HOST}/four")
    asked.deny(world)
    assert asked.code(other) == "403"
    assert len(site.seen()) == 3


def test_it_is_not_opened_before_the_yes(any_world):
    """A credential is opened from its source although nobody has said yes."""
    any_world.site(HOST)
    opened = any_world.write("opened", "")
    command = any_world.write("source.sh", f"#!/bin/sh\necho opened >> {opened}\necho {SECRET}\n", 0o755)
    any_world.bind({"name": "service", "host": HOST, "credential": "api/service", "scheme": "bearer",
                    "approval": "first-use", "from": {"exec": command}})
    child = asked.sends(any_world, f"https://{HOST}/one")
    asked.waiting(any_world)
    assert any_world.read(opened) == ""
    asked.approve(any_world, "--session")
    assert asked.code(child) == "200"
    assert any_world.read(opened) == "opened\n"


def test_a_no_refuses_with_a_code(bound):
    """A no sends the request without its credential, or is not told as one."""
    world, site = bound
    child = world.launch_start("curl", "-sSi", f"https://{HOST}/one", flags=["--hold", "60s"])
    asked.deny(world, "--reason", "not this one")
    out, _ = child.communicate(timeout=process.PATIENCE)
    assert b" 403 " in out and b"approval_denied" in out and b"not this one" in out
    assert site.seen() == []


def test_once_is_for_one_request(bound):
    """A yes for once opens the credential for the session."""
    world, site = bound
    child = world.launch_start("sh", "-c", f"{_curl('/one')}; {_curl('/two')}", flags=["--hold", "60s"])
    first = asked.approve(world)
    again = process.eventually(lambda: [one for one in asked.pending(world) if one["id"] != first["id"]],
                               "the second request is asked about")[0]
    world.aileron("approvals", "deny", again["id"]).ok()
    out, _ = child.communicate(timeout=process.PATIENCE)
    assert out.decode().split() == ["200", "403"]
    assert len(site.seen()) == 1


def test_a_pending_question_is_428_and_its_yes_is_claimed(bound):
    """A client that was sent away is not told the id, or is asked about twice."""
    world, site = bound
    child = world.launch_start("sh", "-c", f"curl -sSi https://{HOST}/one; echo; echo next; read line; {_curl('/one')}",
                               flags=["--hold", "0s"], stdin=-1)
    told = b""
    while not told.endswith(b"next\n"):
        told += child.stdout.readline()
    question, = asked.pending(world)
    assert b" 428 " in told and question["id"].encode() in told
    world.aileron("approvals", "approve", question["id"]).ok()
    child.stdin.write(b"\n")
    child.stdin.flush()
    out, _ = child.communicate(timeout=process.PATIENCE)
    assert out.strip() == b"200" and len(site.seen()) == 1


def test_a_new_host_and_its_credential_are_one_question(any_world):
    """A person is asked about the host and then about its credential."""
    site = any_world.site(HOST, allow=False)
    any_world.unlock()
    any_world.secret("api/service", SECRET)
    any_world.bind({"name": "service", "host": HOST, "credential": "api/service", "scheme": "bearer",
                    "approval": "first-use"})
    child = any_world.launch_start("sh", "-c", f"{_curl('/one')}; {_curl('/two')}", flags=["--hold", "60s"])
    question = asked.approve(any_world, "--session")
    assert question["subject"] == "host" and "with the credential api/service" in question["opens"]
    out, _ = child.communicate(timeout=process.PATIENCE)
    assert out.decode().split() == ["200", "200"]
    assert [one.header("Authorization") for one in site.seen()] == [[f"Bearer {SECRET}"]] * 2
    assert len(any_world.json("approvals", "list", "--all")) == 1


def test_a_ruled_request_and_its_credential_are_one_question(bound):
    """A person is asked about the request and then about its credential; or its yes is one for other requests."""
    world, site = bound
    child = world.launch_start("sh", "-c", f"{_curl('/items')} -d x; {_curl('/items')}",
                               flags=["--hold", "60s", "--ask", f"POST {HOST}/items"])
    first = asked.approve(world)
    assert first["subject"] == "http_request" and first["credential"] == "api/service"
    again = process.eventually(lambda: [one for one in asked.pending(world) if one["id"] != first["id"]],
                               "another request asks about the credential")[0]
    assert again["subject"] == "credential"
    world.aileron("approvals", "deny", again["id"]).ok()
    out, _ = child.communicate(timeout=process.PATIENCE)
    assert out.decode().split() == ["200", "403"]
    assert [(one.method, one.header("Authorization")) for one in site.seen()] == [("POST", [f"Bearer {SECRET}"])]


def test_unattended_it_is_refused(bound):
    """With --unattended a credential is used unasked, or a question is left behind."""
    world, site = bound
    result = world.launch("curl", "-sSi", f"https://{HOST}/one", flags=["--unattended"])
    assert " 403 " in result.out and "credential_not_allowed" in result.out
    assert site.seen() == [] and world.json("approvals", "list", "--all") == []


def test_a_yes_that_is_revoked_opens_nothing_more(bound):
    """A credential that was cached by the worker outlives the grant."""
    world, site = bound
    child = world.launch_start("sh", "-c", f"{_curl('/one')}; echo; read line; {_curl('/two')}", flags=["--hold", "60s"],
                               stdin=-1)
    asked.approve(world, "--session")
    assert child.stdout.readline() == b"200 \n"
    grant, = world.json("grants", "list")
    world.aileron("grants", "revoke", grant["id"]).ok()
    child.stdin.write(b"\n")
    child.stdin.flush()
    asked.deny(world)
    out, _ = child.communicate(timeout=process.PATIENCE)
    assert out.strip() == b"403" and len(site.seen()) == 1


def test_the_field_is_checked_written_and_shown(any_world):
    """The binding's field is lost on its way, or a wrong word is taken."""
    add = ("binding", "add", "work", "--host", HOST, "--credential", "token/work")
    any_world.aileron(*add, "--approval", "first-use").ok()
    binding = next(one for one in any_world.bindings() if one["name"] == "work")
    assert binding["approval"] == "first-use"
    with open(f"{any_world.config}/aileron/bindings.yaml", encoding="utf-8") as file:
        assert "approval: first-use" in file.read()
    assert any_world.aileron(*add[:2], "other", *add[3:], "--approval", "always").rc == 64
    any_world.bind({"name": "a", "host": HOST, "credential": "token/work", "scheme": "bearer", "approval": "sometimes"})
    result = any_world.aileron("binding", "list")
    assert result.rc == 78 and "first-use" in result.err
