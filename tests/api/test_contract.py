"""Both APIs answer as api/openapi.yaml says, on every route, to good requests and to bad ones."""

import json
import os
import socket

import pytest

from lib import binary, certificates, contract, control, process
from lib.inside import Inside
from lib.minisign import Signer

_SLACK = binary.REPOSITORY / "connectors" / "slack-chat.yaml"
_NOBODY = "01KB0S5C8T3V9PAHD0QW6KFZ3M"
# Routes that no scenario gets an answer of, as "surface METHOD path", each with its reason.
UNANSWERED = {
    "control GET /browser/enter/{link}": "the browser's door serves it, which tests/approval/test_browser.py enters by",
}


@pytest.fixture
def slack(ordinary):
    """A world with a connector, its credential, and a stand-in that takes all."""
    ordinary.site("slack.com", allow=False)
    ordinary.unlock()
    return ordinary


def _vault(world) -> None:
    ask = control.ask
    fresh = ask(world, "POST", "/vault/init", raw=b"another passphrase, long enough")
    assert fresh.status == 409 and fresh.code == "vault_exists"
    assert ask(world, "POST", "/vault/lock").ok()["state"] == "locked"
    assert ask(world, "POST", "/vault/unlock", raw=b"not the passphrase").code == "wrong_passphrase"
    assert ask(world, "PUT", "/secrets/token%2Fslack", raw=b"x").code == "vault_locked"
    passphrase = world.read(world.passphrase_file).encode()
    assert ask(world, "POST", "/vault/unlock?auto_lock_s=3600", raw=passphrase).ok()["locks_at"]
    ask(world, "POST", "/vault/passphrase", raw=passphrase + b"\0" + passphrase + b"!").ok()
    ask(world, "POST", "/vault/passphrase", raw=passphrase + b"!\0" + passphrase).ok()
    assert ask(world, "POST", "/vault/passphrase", raw=b"no zero byte").status == 400
    assert ask(world, "GET", "/vault").ok()["state"] == "unlocked"


def _secrets_and_bindings(world) -> None:
    ask = control.ask
    ask(world, "PUT", "/secrets/token%2Fslack", raw=b"xoxb-the-token").ok(201)
    ask(world, "PUT", "/secrets/token%2Fslack", raw=b"xoxb-the-token-2").ok(200)
    assert ask(world, "PUT", "/secrets/NO%20NAME", raw=b"x").code == "invalid_name"
    ask(world, "PUT", "/secrets/token%2Fold", raw=b"x").ok(201)
    ask(world, "DELETE", "/secrets/token%2Fold").ok()
    assert ask(world, "DELETE", "/secrets/token%2Fold").status == 404
    assert [one["name"] for one in ask(world, "GET", "/secrets").ok()["secrets"]] == ["token/slack"]
    fields = {"name": "slack", "host": "slack.com", "scheme": "bearer", "credential": "token/slack", "mask": True,
              "methods": ["GET", "POST"], "paths": ["/api/**"]}
    ask(world, "POST", "/bindings", fields).ok(201)
    assert ask(world, "POST", "/bindings", fields).code == "binding_exists"
    assert ask(world, "POST", "/bindings", {**fields, "name": "b", "scheme": "bearrer"}).code == "invalid_binding"
    ask(world, "POST", "/bindings", {"name": "elsewhere", "host": "e.test", "scheme": "bearer", "credential": "a/b",
                                     "from": {"exec": "false"}}).ok(201)
    ask(world, "POST", "/bindings", {"name": "renewed", "host": "r.test", "scheme": "oauth2", "credential": "a/c",
                                     "oauth2": {"token_url": "https://r.test/token", "grant": "client_credentials",
                                                "client_id": "c"}}).ok(201)
    ask(world, "GET", "/bindings").ok()
    ask(world, "GET", "/bindings/slack").ok()
    ask(world, "GET", "/bindings/elsewhere").ok()
    assert ask(world, "GET", "/bindings/none").status == 404
    for host in ("slack.com", "e.test", "r.test", "github.com"):
        ask(world, "POST", "/bindings/check", {"host": host}).ok()
    assert ask(world, "POST", "/bindings/check", {"host": "no host"}).status == 400
    ask(world, "DELETE", "/bindings/elsewhere").ok()
    assert ask(world, "DELETE", "/bindings/elsewhere").status == 404
    assert ask(world, "DELETE", "/bindings/github-git").code == "binding_builtin"


def _offer(world, path, **more):
    """Offers the spec in the file `path` to the daemon."""
    with open(path, "rb") as file:
        offer = {"specs": [{"file": "spec.yaml", "size": os.fstat(file.fileno()).st_size}], **more}
        return control.ask(world, "POST", "/connectors", offer, fds=[file.fileno()])


def _connectors(world) -> None:
    ask = control.ask
    assert _offer(world, _SLACK, check=True).ok()["connectors"][0]["replaces"] is None
    assert _offer(world, _SLACK).code == "connector_unconfirmed"
    for _ in range(2):
        added, = _offer(world, _SLACK, confirmed=True).ok(201)["connectors"]
    assert added["replaces"]["fqn"] == added["fqn"]
    fqn = added["fqn"].replace("/", "%2F")
    assert _offer(world, __file__, confirmed=True).code == "invalid_connector"
    assert ask(world, "POST", "/connectors", {"specs": [{"size": 1}]}).status == 400
    assert "messages.post" in ask(world, "GET", f"/connectors/{fqn}").ok()["spec"]
    assert [one["fqn"] for one in ask(world, "GET", "/connectors").ok()["connectors"]] == [added["fqn"]]
    assert ask(world, "GET", "/connectors/none.test%2Fx").status == 404
    assert ask(world, "DELETE", f"/connectors/{fqn}").ok() == {"removed": added["fqn"]}
    assert ask(world, "DELETE", f"/connectors/{fqn}").status == 404
    _offer(world, _SLACK, confirmed=True).ok(201)


def _keyring(world) -> None:
    ask = control.ask
    signer = Signer(world, "alice")
    key = {"name": "alice", "key": signer.line}
    assert ask(world, "POST", "/keyring", key).ok(201)["id"] == signer.id
    assert ask(world, "POST", "/keyring", key).code == "key_exists"
    assert ask(world, "POST", "/keyring", {"name": "bob", "key": "x"}).code == "invalid_key"
    assert [one["name"] for one in ask(world, "GET", "/keyring").ok()["keys"]] == ["alice"]
    spec = world.write("slack.yaml", _SLACK.read_text())
    with open(signer.sign(spec), encoding="utf-8") as file:
        size = {"size": os.stat(spec).st_size, "signature": file.read()}
    with open(spec, "rb") as file:
        signed, = ask(world, "POST", "/connectors", {"specs": [size]}, fds=[file.fileno()]).ok(201)["connectors"]
    assert signed["signed_by"]["name"] == "alice"
    assert ask(world, "GET", "/keyring/alice").ok()["connectors"] == [signed["fqn"]]
    assert ask(world, "DELETE", "/keyring/alice").ok()["connectors"] == [signed["fqn"]]
    assert ask(world, "GET", "/connectors").ok()["connectors"][0]["signed_by"]["name"] is None
    assert ask(world, "GET", "/keyring/alice").status == ask(world, "DELETE", "/keyring/alice").status == 404


def _sandbox(inside: Inside) -> str:
    """Every route of the sandbox's API; gives the id of a call that waits."""
    assert inside.ask("GET", "/session").ok()["id"] == inside.session
    assert [one["name"] for one in inside.ask("GET", "/tools").ok()["tools"]] == ["slack-chat"]
    assert inside.ask("GET", "/tools/search?q=write+a+message&limit=3").ok()["hits"]
    inside.ask("GET", "/tools/slack-chat").ok()
    assert inside.ask("GET", "/tools/slack").code == "unknown_tool"
    told, = inside.ask("GET", "/look-alikes?host=slack.com&path=&username=me").ok()["look_alikes"]
    assert told["username"] == "me" and not told["swapped"]
    for query in ("", "?host=other.test", "?host=*.com", "?host="):
        assert inside.ask("GET", f"/look-alikes{query}").ok() == {"look_alikes": []}, query
    post = {"channel": "C1", "text": "hello"}
    read = inside.call("slack-chat", "channels.get", {"channel": "C1"}, "A").ok()
    assert read["state"] == "succeeded" and read["outcome"]["status"] == 200
    assert inside.call("slack-chat", "channels.get", {"chanel": "C1"}, "B").status == 400
    assert inside.call("slack-chat", "channels.gett", {}, "C").status in (400, 404)
    waits = inside.call("slack-chat", "messages.post", post, "D").ok(202)
    assert inside.ask("GET", f"/runs/{waits['id']}?wait_s=0").ok(202)["state"] == "pending"
    assert inside.ask("GET", f"/runs/{_NOBODY}").status == 404
    assert inside.ask("GET", "/runs/none").status in (400, 404)
    for body in ({}, {"tool": "slack-chat"}, [], {"tool": 1, "operation": 2, "key": 3}, {"unknown": 1}):
        assert inside.ask("POST", "/runs", body).status == 400, body
    assert inside.ask("POST", "/results", {}).ok() == {"results": [], "waiting": 1}
    for raw in (b"{", b"\xff", b"null", b'{"limit":"x"}', b'{"acknowledge":[1]}'):
        assert inside.ask("POST", "/results", raw=raw).status == 400, raw
    for headers in ({"Authorization": None}, {"Authorization": "Bearer x"}):
        for method, path in (("GET", "/session"), ("GET", "/tools"), ("GET", "/tools/search?q=x"), ("POST", "/runs"),
                             ("GET", "/tools/slack-chat"), ("GET", f"/runs/{waits['id']}"), ("POST", "/results"),
                             ("GET", "/look-alikes")):
            refused = inside.ask(method, path, headers=headers)
            assert refused.status == 401 and refused.code == "token_refused"
    return waits["id"]


def _approvals(world, inside: Inside, waiting: str) -> None:
    ask = control.ask
    assert [one["id"] for one in ask(world, "GET", "/approvals").ok()["approvals"]] == [waiting]
    assert ask(world, "GET", f"/approvals?session={inside.session}&state=all&limit=5").ok()["approvals"]
    assert ask(world, "GET", "/approvals?state=odd").status == 400
    assert ask(world, "GET", f"/approvals/{waiting}").ok()["state"] == "pending"
    assert ask(world, "GET", f"/approvals/{_NOBODY}").status == 404
    assert ask(world, "POST", f"/approvals/{_NOBODY}/deny", {}).status == 404
    for body in ({"scope": {"kind": "odd"}}, {"scop": 1}, [], {"reason": "x" * 501}):
        assert ask(world, "POST", f"/approvals/{waiting}/approve", body).status == 400, body
    assert ask(world, "POST", f"/approvals/{waiting}/approve", {"arguments": {"channel": "C2"}}).status in (400, 409)
    ask(world, "POST", f"/approvals/{waiting}/approve", {"scope": {"kind": "session"}, "reason": "fine"}).ok()
    assert ask(world, "POST", f"/approvals/{waiting}/deny", {}).status == 409
    done = ask(world, "GET", f"/approvals/{waiting}?wait_s=30").ok()
    assert done["state"] == "succeeded" and done["outcome"]["status"] == 200
    assert inside.ask("GET", f"/runs/{waiting}").ok()["state"] == "succeeded"
    result, = inside.ask("POST", "/results", {}).ok()["results"]
    assert inside.ask("POST", "/results", {"acknowledge": [result["id"]]}).ok()["results"] == []
    grant, = ask(world, "GET", f"/grants?session={inside.session}").ok()["grants"]
    assert ask(world, "DELETE", f"/grants/{grant['id']}?cut=odd").status == 400
    ask(world, "DELETE", f"/grants/{grant['id']}?cut=true").ok()
    assert ask(world, "DELETE", f"/grants/{grant['id']}").status == 404
    denied = inside.call("slack-chat", "messages.delete", {"channel": "C1", "ts": "1.0"}, "E").ok(202)["id"]
    ask(world, "POST", f"/approvals/{denied}/deny", {"reason": "no"}).ok()
    assert inside.ask("GET", f"/runs/{denied}?wait_s=5").ok()["state"] == "denied"
    with control.Stream(world, "/approvals/stream?after_seq=0") as stream:
        assert next(stream)[0] == "asked"


def _sessions_and_audit(world, inside: Inside) -> None:
    ask = control.ask
    ask(world, "GET", "/status").ok()
    assert [one["id"] for one in ask(world, "GET", "/sessions").ok()["sessions"]] == [inside.session]
    ask(world, "GET", f"/sessions/{inside.session}").ok()
    assert ask(world, "GET", f"/sessions/{_NOBODY}").status == 404
    for body in ({}, {"workspace": world.workspace, "nope": 1}):
        assert ask(world, "POST", "/sessions", body).status == 400
    mine, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with mine:
        with theirs:
            opened = ask(world, "POST", "/sessions", {
                "command": ["true"], "workspace": world.workspace, "driver": "native", "tier": "host", "image": "host",
                "pid": os.getpid(), "network": {"profile": "locked", "allow": ["a.test"]},
                "connect_to": ["a.test:443:127.0.0.1:1"],
                "upstream_ca": world.read(certificates.shared().certificate)}, fds=[theirs.fileno()])
        assert opened.ok(201)["id"] in opened.header("Location")
        ask(world, "DELETE", f"/sessions/{opened.value['id']}").ok()
    process.eventually(lambda: len(ask(world, "GET", "/sessions").ok()["sessions"]) == 1, "it is put away")
    assert ask(world, "DELETE", f"/sessions/{opened.value['id']}").code == "session_over"
    assert ask(world, "GET", "/sessions?all=true").ok()["sessions"][0]["id"] == opened.value["id"]
    with control.Stream(world, f"/sessions/{inside.session}/events?after_seq=0") as stream:
        assert next(stream)[0] == "record"
    records = ask(world, "GET", "/audit?limit=1000").ok()["records"]
    ask(world, "GET", f"/audit/{records[-1]['seq']}").ok()
    assert ask(world, "GET", "/audit/999999").status == 404
    for query in ("limit=x", "since=yesterday", "after_seq=-1"):
        assert ask(world, "GET", f"/audit?{query}").status == 400, query
    with control.Stream(world, "/audit/stream?after_seq=0") as stream:
        assert next(stream)[2]["seq"] == 1
    assert ask(world, "GET", "/audit/verify").ok()["ok"]
    lines = ask(world, "GET", f"/audit/export?format=jsonl&session={inside.session}").body.splitlines()
    assert lines and all(json.loads(line)["session"] == inside.session for line in lines)


def _services(world, inside: Inside) -> None:
    ask = control.ask
    services = f"/sessions/{inside.session}/services"
    inside.run("aileron service run web --health true -- sleep 1000").ok()
    process.eventually(lambda: ask(world, "GET", services).ok()["services"], "the daemon knows it")
    published = f"/sessions/{inside.session}/published"
    address = ask(world, "POST", published, {"port": 3000}).ok(201)["address"]
    assert address.startswith("127.0.0.1:")
    assert ask(world, "POST", published, {"port": 3000}).status == 400
    for body in ({}, {"port": 0}, {"port": 1, "service": "web"}, {"service": "web"}, {"port": 1, "host": "x"},
                 {"port": 3001, "host_port": 65536}, {"nope": 1}):
        assert ask(world, "POST", published, body).status == 400, body
    process.eventually(lambda: ask(world, "GET", services).ok()["published"], "the daemon knows that, too")
    assert ask(world, "GET", f"/sessions/{inside.session}").ok()["published"][0]["address"] == address
    ask(world, "DELETE", f"{published}/3000").ok()
    assert ask(world, "DELETE", f"{published}/3000").status == 404
    assert ask(world, "DELETE", f"{published}/nobody").status == 404
    assert ask(world, "GET", f"/sessions/{_NOBODY}/services").status == 404


def _exec(world, inside: Inside) -> None:
    ask = control.ask
    path = f"/sessions/{inside.session}/exec"
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs:
        assert ask(world, "POST", path, {"command": ["true"]}).code == "bad_channel"
        for body in ({}, {"command": []}, {"command": ["true"], "user": "root"}, {"command": ["true"], "workdir": "x"}):
            assert ask(world, "POST", path, body, fds=[theirs.fileno()]).status == 400, body
        stream, other = socket.socketpair()
        with stream, other:
            assert ask(world, "POST", path, {"command": ["true"]}, fds=[other.fileno()]).status == 400
        assert ask(world, "POST", path, {"command": ["sh", "-c", "exit 7"]}, fds=[theirs.fileno()]).ok(201)["session"] == inside.session
        theirs.close()
        assert json.loads(ours.recv(4096)) == {"type": "begun"}
        assert json.loads(ours.recv(4096)) == {"type": "ended", "code": 7}
        assert ask(world, "POST", f"/sessions/{_NOBODY}/exec", {"command": ["true"]}).status == 404


def _surfaces(world) -> None:
    ask = control.ask
    assert ask(world, "GET", "/surfaces").ok()
    assert ask(world, "POST", "/webhooks/test", {"url": "https://none.test/hook"}).status in (400, 404)
    registry = {"realm": "https://none.test/token", "service": "s", "repository": "team/app"}
    assert ask(world, "POST", "/registry-tokens", registry).code == "not_found"
    link = ask(world, "POST", "/browser/links", {}).ok(201)
    assert link["url"].startswith("http://127.0.0.1:") and ask(world, "GET", "/browser").ok()["open"]
    assert ask(world, "DELETE", "/browser").status in (200, 204)


def test_every_route_answers_as_the_document_says(slack):
    """A route of the document is answered by no scenario, or its answers are others than the document says."""
    contract.answered.clear()
    _vault(slack)
    _secrets_and_bindings(slack)
    _connectors(slack)
    _keyring(slack)
    inside = Inside(slack)
    _approvals(slack, inside, _sandbox(inside))
    _services(slack, inside)
    _exec(slack, inside)
    _surfaces(slack)
    _sessions_and_audit(slack, inside)
    inside.end()
    assert "sessions" in control.ask(slack, "POST", "/daemon/stop", {"end_sessions": True}).ok(202)
    missing = {" ".join(key) for key in set(contract.routes()) - contract.answered}
    assert missing == set(UNANSWERED), "add a call of it to this test, or a reason to UNANSWERED"


def test_what_is_no_route_is_refused_as_the_document_says(slack):
    """An unknown path or method is answered with something else than a problem document."""
    slack.json("vault", "status")
    for method, path, code in (("GET", "/nothing", "no_such_route"), ("POST", "/status", "method_not_allowed"),
                               ("PATCH", "/vault", "method_not_allowed"), ("GET", "/", "no_such_route"),
                               ("GET", "/approvals/%2e%2e/vault", "no_such_route"), ("GET", "//vault", "no_such_route")):
        refused = control.ask(slack, method, path)
        assert refused.code == code and refused.status in (404, 405), (method, path, refused)
    body = {"host": "a.test"}
    assert control.ask(slack, "GET", "/status", body).code == "unexpected_body"
    assert control.ask(slack, "POST", "/bindings/check", raw=b"{" * 1000).status in (400, 415)
    large = [("Content-Type", "application/json"), ("Content-Length", str((1 << 20) + 1))]
    assert control.ask(slack, "POST", "/bindings/check", headers=large).code == "body_too_large"


def test_canary_the_judge_sees_what_is_wrong():
    """The comparison with the document cannot fail: a wrong status, type or body passes."""
    good = {"state": "locked", "entries": 1, "auto_lock_s": None, "locks_at": None}
    refusal = {"type": "about:blank", "title": "t", "status": 404, "detail": "d", "code": "c"}

    def judge(value, status=200, kind="application/json", path="/vault", method="GET"):
        contract.check(contract.CONTROL, method, path, contract.Answer(
            status, [("Content-Type", kind)], json.dumps(value).encode()))

    judge(good)
    judge(refusal, 404, "application/problem+json")
    for wrong in (dict(value={**good, "state": "ajar"}), dict(value={**good, "entries": "1"}),
                  dict(value={"state": "locked"}), dict(value={**good, "passphrase": "x"}), dict(value=good, status=201),
                  dict(value=good, kind="text/plain"), dict(value=refusal, status=403, kind="application/problem+json"),
                  dict(value=good, path="/vaults"), dict(value=good, method="DELETE"), dict(value=good, status=404),
                  dict(value={"bindings": [{"name": "b"}], "problem": ""}, path="/bindings"),
                  dict(value={"sessions": [], "more": 1}, path="/sessions")):
        with pytest.raises(AssertionError):
            judge(**wrong)


def test_every_refusal_says_what_to_do(slack):
    """A refusal has no hint, though the document promises one on every answer that is not 2xx."""
    slack.json("vault", "status")
    without = [path for path in ("/audit/999999", f"/approvals/{_NOBODY}", "/approvals?state=odd", f"/sessions/{_NOBODY}",
                                 "/connectors/none.test%2Fx", "/bindings/none", "/audit?limit=x", "/vault/lock")
               if not control.ask(slack, "GET", path).value.get("hint")]
    assert without == []


def test_an_edit_is_refused_before_it_decides(slack):
    """An edit that cannot be carried out counts as a yes, or is refused as if the question were answered already."""
    _offer(slack, _SLACK, confirmed=True).ok(201)
    inside = Inside(slack)
    waits = inside.call("slack-chat", "messages.post", {"channel": "C1", "text": "x"}, "A").ok(202)["id"]
    for arguments in ({"channel": "C2"}, {"unknown": "x"}, {"text": 5}, {"text": None}, {"text": ["x"]}):
        refused = control.ask(slack, "POST", f"/approvals/{waits}/approve", {"arguments": arguments})
        assert refused.status == 400 and refused.code != "not_pending", (arguments, refused)
        assert next(iter(arguments)) in refused.value["detail"]
        assert control.approval(slack, waits)["state"] == "pending"
    inside.end()


def test_a_query_is_taken_as_the_document_has_it(slack):
    """A parameter that is unknown or out of its bounds is passed over in silence, and another answer given."""
    slack.json("vault", "status")
    taken = [path for path in ("/approvals?sesion=x", "/approvals?session=x", "/approvals?limit=2001",
                               "/audit?limit=1001", "/audit?limit=0", "/audit?session=none", "/grants?session=x")
             if control.ask(slack, "GET", path).status == 200]
    assert taken == []


def test_what_the_data_plane_says_of_the_api_is_a_problem_document(slack):
    """A client of the sandbox's API gets text instead of a problem document when it has too many connections open."""
    inside = Inside(slack)
    refused = inside.ask("GET", "/session", headers={"Host": "aileron"})
    assert refused.status == 400 and refused.kind == "application/problem+json", refused
    inside.end()
