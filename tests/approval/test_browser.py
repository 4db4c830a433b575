"""`aileron open`: a browser of this machine signs in by a link, decides, follows events, and is signed out."""

import json
import os
import subprocess

import pytest

from lib import browser, process
from lib.browser import Browser

HOST = "new.test"


@pytest.fixture
def asking(any_world):
    """A world with a site that no rule allows."""
    any_world.site(HOST, allow=False)
    return any_world


def _ask(world) -> subprocess.Popen:
    return world.launch_start("curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", f"https://{HOST}/",
                              flags=["--hold", "60s"])


def _question(world) -> dict:
    return process.eventually(lambda: world.json("approvals", "list"), "a question waits")[0]


def _port(origin: str) -> int:
    return int(origin.rpartition(":")[2])


def test_a_link_signs_in_and_the_browser_decides(asking):
    """A browser that followed the link sees no question, or its answer does not count."""
    one = Browser(asking)
    assert one.entered.status == 200 and "Signed" not in one.entered.headers
    assert "signed in" in one.get("/").body
    child = _ask(asking)
    question = _question(asking)
    listed, = one.get("/v1/approvals").json["approvals"]
    assert listed["id"] == question["id"] and listed["title"] == f"connect to {HOST}:443"
    shown = one.get(f"/v1/approvals/{question['id']}").json
    assert shown["state"] == "pending"
    decided = one.send("POST", f"/v1/approvals/{question['id']}/approve",
                       {"scope": {"kind": "session"}, "surface": "terminal"})
    assert decided.status == 200 and decided.json["decided_by"].endswith(", browser"), decided
    assert child.communicate(timeout=process.PATIENCE)[0] == b"200"
    again = one.send("POST", f"/v1/approvals/{question['id']}/deny")
    assert again.status == 409 and "browser" in again.json["detail"]
    assert one.get("/v1/sessions?all=1").json["sessions"][0]["command"][0] == "curl"
    assert asking.audited(kind="approval.approved")
    kinds = {record["kind"] for record in one.get("/v1/audit?limit=1000").json["records"]}
    assert {"approval.approved", "browser.link", "browser.enter"} <= kinds


def test_an_answer_that_is_remembered_is_taken_back_there(asking):
    """A grant is not listed in the browser, or cannot be revoked there."""
    one = Browser(asking)
    child = _ask(asking)
    one.send("POST", f"/v1/approvals/{_question(asking)['id']}/approve", {"scope": {"kind": "always"}})
    child.communicate(timeout=process.PATIENCE)
    grant, = one.get("/v1/grants").json["grants"]
    assert one.send("DELETE", f"/v1/grants/{grant['id']}").status == 200
    assert asking.json("grants", "list") == []


def test_events_are_followed_and_none_is_missed(asking):
    """A browser that reconnects with Last-Event-ID misses what happened meanwhile, or is told it again."""
    one = Browser(asking)
    stream = one.stream("/v1/approvals/stream?after_seq=0", stdout=subprocess.PIPE)
    child = _ask(asking)
    question = _question(asking)
    first = _event(stream)
    assert first["event"] == "asked" and json.loads(first["data"])["approval"]["id"] == question["id"]
    stream.terminate()
    stream.wait(process.PATIENCE)
    asking.aileron("approvals", "deny", question["id"]).ok()
    child.communicate(timeout=process.PATIENCE)
    # EventSource asks for the same target again, with the number that it saw last.
    again = one.stream("/v1/approvals/stream?after_seq=0", "-H", f"Last-Event-ID: {first['id']}",
                       stdout=subprocess.PIPE)
    second = _event(again)
    assert second["event"] == "denied" and int(second["id"]) == int(first["id"]) + 1
    again.terminate()
    again.wait(process.PATIENCE)
    assert one.get("/v1/approvals/stream", "-H", "Last-Event-ID: x").status == 400
    record = one.get("/v1/audit?limit=2").json["records"][0]
    followed = one.stream("/v1/audit/stream?after_seq=0", "-H", f"Last-Event-ID: {record['seq']}",
                          stdout=subprocess.PIPE)
    assert int(_event(followed)["id"]) == record["seq"] + 1
    followed.terminate()
    followed.wait(process.PATIENCE)


def _event(stream) -> dict:
    event = {}
    for raw in iter(stream.stdout.readline, b""):
        line = raw.decode().rstrip("\n")
        if not line and "data" in event:
            return event
        name, _, value = line.partition(": ")
        event[name] = value
    raise AssertionError("the stream ended")


@pytest.mark.parametrize("method,path", [
    ("GET", "/v1/vault"), ("POST", "/v1/vault/lock"), ("GET", "/v1/secrets"), ("PUT", "/v1/secrets/a"),
    ("DELETE", "/v1/secrets/a"), ("GET", "/v1/bindings"), ("POST", "/v1/bindings"), ("POST", "/v1/bindings/check"),
    ("POST", "/v1/daemon/stop"), ("GET", "/v1/status"), ("POST", "/v1/connectors"), ("GET", "/v1/connectors"),
    ("POST", "/v1/sessions"), ("DELETE", "/v1/sessions/x"), ("GET", "/v1/audit/export"), ("GET", "/v1/audit/verify"),
    ("POST", "/v1/browser/links"), ("DELETE", "/v1/browser"), ("GET", "/v1/surfaces"), ("POST", "/v1/webhooks/test")])
def test_nothing_else_is_served_there(ordinary, method, path):
    """A signed-in browser reaches the vault, bindings, connectors, or the daemon itself."""
    one = Browser(ordinary)
    answer = one.send(method, path)
    # An audit path is taken for a record's number.
    assert answer.status in (404, 405) or (answer.status == 400 and path.startswith("/v1/audit/")), answer
    assert ordinary.aileron("status").ok().out


def test_the_port_is_open_only_while_it_is_needed(ordinary):
    """The daemon listens before anybody asked, or after the last browser was signed out."""
    ordinary.aileron("daemon", "start").ok()
    state = ordinary.run("curl", "-sS", "--unix-socket", os.path.join(ordinary.runtime, "aileron", "control.sock"),
                         "http://aileron/v1/browser").ok()
    assert json.loads(state.out) == {"open": False, "port": None, "links": 0, "signed_in": 0}
    one = Browser(ordinary)
    assert browser.is_listening(_port(one.origin))
    assert one.get("/v1/approvals").status == 200
    assert "signed out" in ordinary.aileron("open", "--revoke").ok().err
    assert not browser.is_listening(_port(one.origin))
    assert one.get("/v1/approvals").status == 0
    other = Browser(ordinary)
    assert browser.ask(ordinary, other.origin + "/v1/approvals", "-H", f"Cookie: {one.cookie}").status == 401
    ordinary.stop_daemon()
    assert not browser.is_listening(_port(other.origin))


def test_signing_out_ends_a_stream(ordinary):
    """A browser that was signed out goes on to be told."""
    one = Browser(ordinary)
    stream = one.stream("/v1/approvals/stream", stdout=subprocess.PIPE)
    assert stream.stdout.readline().startswith(b":")
    ordinary.aileron("open", "--revoke").ok()
    stream.wait(process.PATIENCE)


def test_answers_can_be_framed_read_or_kept_by_nobody(ordinary):
    """An answer lacks one of the fields that keep other pages away from it."""
    one = Browser(ordinary)
    for answer in (one.get("/"), one.get("/v1/approvals"), one.get("/v1/nothing"), one.entered,
                   browser.ask(ordinary, one.origin + "/v1/approvals")):
        fields = answer.headers
        assert "default-src 'none'" in fields["content-security-policy"]
        assert "frame-ancestors 'none'" in fields["content-security-policy"]
        assert fields["x-content-type-options"] == "nosniff" and fields["cache-control"] == "no-store"
        assert fields["referrer-policy"] == "no-referrer"
        assert not any(name.startswith("access-control-") for name in fields)
    cookie = one.entered.headers["set-cookie"]
    for word in ("httponly", "samesite=strict", "path=/", "max-age="):
        assert word in cookie.lower()
    assert "domain" not in cookie.lower()


def test_the_desktop_opens_a_private_page_not_the_link(ordinary):
    """The link stands in the arguments of a program, or in a file that others may read or that stays."""
    ordinary.home_used = True
    folder = os.path.join(ordinary.home, "bin")
    ordinary.write(os.path.join(folder, "xdg-open"),
                   '#!/bin/sh\necho "$@" > "$HOME/opened.new"; cat "$1" > "$HOME/page"; stat -c %a "$1" > "$HOME/mode"\n'
                   'mv "$HOME/opened.new" "$HOME/opened"\n', 0o755)
    ordinary.env.update(PATH=f"{folder}:{ordinary.env['PATH']}", DISPLAY=":99")
    url = ordinary.aileron("open").ok().out.strip()
    process.eventually(lambda: os.path.exists(os.path.join(ordinary.home, "opened")), "it was opened")
    opened = ordinary.read(os.path.join(ordinary.home, "opened")).strip()
    assert "http" not in opened and ordinary.read(os.path.join(ordinary.home, "mode")).strip() == "600"
    assert url in ordinary.read(os.path.join(ordinary.home, "page"))
    one = Browser(ordinary, url)
    assert one.get("/v1/approvals").status == 200
    assert not os.path.exists(opened), "the page stays after the link was used"
    printed = ordinary.aileron("open", "--print").ok()
    assert not os.path.exists(opened) and printed.out.strip() != url
