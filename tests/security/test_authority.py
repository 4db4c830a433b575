"""Attackers on the authority from within the sandbox: it answers its own questions, speaks for another session,
forges its token, guesses ids, or changes what an operation is."""

import base64
import functools
import glob
import itertools
import os

import pytest

from lib import contract, control, things
from lib.inside import Inside
from lib.things import Things, make


@pytest.fixture
def scene(ordinary):
    """A world in which a sandbox waits for an answer."""
    ordinary.things = Things(ordinary)
    ordinary.inside = Inside(ordinary)
    ordinary.question = make(ordinary.inside, "wanted", "K").ok(202)["id"]
    yield ordinary
    ordinary.inside.end()


def _untouched(world) -> None:
    """The question still waits, nothing was made, and a person's yes is what it takes."""
    assert control.approval(world, world.question)["state"] == "pending"
    assert world.things.made["wanted"] == 0
    control.approve(world, world.question)  # the canary: a person can
    assert world.inside.ask("GET", f"/runs/{world.question}?wait_s=30").ok()["state"] == "succeeded"


def test_no_route_of_the_host_is_there_by_any_method(scene):
    """With its token the agent is answered by a route that decides, reads or changes what is the host's."""
    names = {"id": scene.question, "name": "b", "fqn": "thing.test%2Fthings", "seq": "1",
             "port": "1", "link": "x", "service": "web"}
    routes = {path.format(**names) for surface, _, path in contract.routes() if surface == contract.CONTROL}
    routes |= {f"/approvals/{scene.question}/approve/", f"/runs/{scene.question}/approve", f"/runs/{scene.question}/deny",
               f"/session/../approvals/{scene.question}/approve", f"/tools/%2e%2e/approvals/{scene.question}/approve",
               f"//approvals/{scene.question}/approve", f"/tools/..%2fapprovals%2f{scene.question}%2fapprove",
               f"/v1/approvals/{scene.question}/approve", f"/sessions/{scene.inside.session}"}
    for path, method in itertools.product(sorted(routes), ("GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS")):
        answer = scene.inside.ask(method, path, {} if method in ("POST", "PUT") else None, kept=True)
        assert answer.status in (400, 404, 405) and b"state" not in answer.body, (method, path, answer)
    _untouched(scene)


@pytest.mark.parametrize("headers", [
    {"Host": "aileron"}, {"Host": "localhost"}, {"X-HTTP-Method-Override": "POST"}, {"X-Original-URL": "/v1/approvals"},
    {"X-Forwarded-For": "127.0.0.1"}, {"Forwarded": "for=127.0.0.1"},
    {"Upgrade": "h2c", "Connection": "Upgrade, HTTP2-Settings"}, {"Connection": "Authorization"},
    {"X-Aileron-Surface": "control"}])
def test_no_header_leads_to_the_hosts_side(scene, headers):
    """A header makes the sandbox's API answer as the host's."""
    answer = scene.inside.ask("POST", f"/approvals/{scene.question}/approve", {}, headers=headers)
    assert answer.status >= 400 and b"state" not in answer.body
    _untouched(scene)


def test_no_member_of_a_call_answers_its_question(scene):
    """What a call says about its own approval is heeded."""
    call = {"tool": "thing", "operation": "make", "arguments": {"name": "wanted"}, "key": "K"}
    for extra in ({"approval": "never"}, {"approved": True}, {"scope": {"kind": "always"}}, {"session": "x"},
                  {"decision": "approve"}, {"approvals": [scene.question]}, {"state": "approved"}, {"host": "x"},
                  {"spec": "x"}):
        assert scene.inside.ask("POST", "/runs", {**call, **extra}).status == 400, extra
        arguments = {**call["arguments"], **extra}
        assert scene.inside.ask("POST", "/runs", {**call, "arguments": arguments, "key": "L"}).status == 400, extra
    doubled = b'{"tool":"thing","operation":"make","operation":"look","arguments":{"name":"wanted"},"key":"M"}'
    scene.inside.ask("POST", "/runs", raw=doubled)  # refused, or one of the two: neither runs what asks
    assert scene.things.made["wanted"] == 0
    _untouched(scene)


def test_a_key_writes_no_header_of_its_own(scene):
    """A call's key, which goes to the site in a header, brings another header or request along."""
    for key in ("a\r\nX-Evil: 1", "a\nX-Evil: 1", "a\r\n\r\nGET /evil HTTP/1.1\r\n", "a\x00b", " a", "a\x7f"):
        answer = scene.inside.call("thing", "keep", {"name": "kept"}, key)
        assert answer.status >= 400 or answer.ok()["state"] == "failed", (key, answer)
    assert scene.things.site.seen() == []
    assert scene.inside.call("thing", "keep", {"name": "kept"}, "a-b").ok()["state"] == "succeeded"
    assert scene.things.site.seen()[0].header("Idempotency-Key") == ["a-b"], "the canary: the key goes along"
    _untouched(scene)


def test_the_control_socket_takes_no_yes_from_the_sandbox(scene):
    """The agent finds a way to the control socket and says yes."""
    program = scene.program("attack_approve.py")
    attack = f"/usr/bin/python3 {program} {scene.question} {control.path(scene)}"
    inside = scene.inside.run(attack)
    assert inside.out.strip() == "held", inside.describe()
    assert control.approval(scene, scene.question)["state"] == "pending"
    os.unlink(os.path.join(scene.workspace, "al-link"))
    outside = scene.run("sh", "-c", attack)
    assert "BREACH" in outside.out, "the canary: outside the same attack is seen: " + outside.describe()
    assert scene.inside.ask("GET", f"/runs/{scene.question}?wait_s=30").ok()["state"] == "succeeded"


def _forged(token: str, other: str, session: str, foreign: str) -> dict:
    """Tokens that are none, by what was done to them."""
    head, payload, signature = token.split(".")

    def changed(old: str, new: str) -> str:
        clear = base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))
        assert old.encode() in clear, clear
        return base64.urlsafe_b64encode(clear.replace(old.encode(), new.encode())).decode().rstrip("=")

    _, their_payload, their_signature = other.split(".")
    return {
        "cut": token[:-1], "cut to half": token[:len(token) // 2], "longer": token + "A", "padded": token + "=",
        "no signature": f"{head}.{payload}.", "no payload": f"{head}..{signature}", "nothing": "",
        "zeros": f"{head}.{payload}.{'A' * len(signature)}", "another version": f"ail0.{payload}.{signature}",
        "none": f"none.{payload}.", "twice": f"{token}.{signature}",
        "another session": f"{head}.{changed(session, foreign)}.{signature}",
        "more rights": f"{head}.{changed('results', 'approve')}.{signature}",
        "their payload": f"{head}.{their_payload}.{signature}", "their signature": f"{head}.{payload}.{their_signature}",
        "theirs": other, "upper case": token.upper(), "a blank in it": token[:20] + " " + token[20:],
        "a quote": f'"{token}"', "both": f"{other},{token}"}


def test_a_forged_token_opens_nothing(scene):
    """A token that was cut, changed, put together or taken from another session is good for a route."""
    other = Inside(scene)
    forged = _forged(scene.inside.token, other.token, scene.inside.session, other.session)
    routes = [("GET", "/session", None), ("GET", f"/runs/{scene.question}", None), ("POST", "/results", {}),
              ("POST", "/runs", {"tool": "thing", "operation": "look", "arguments": {"name": "x"}, "key": "F"})]
    for what, token in forged.items():
        for method, path, body in routes:
            answer = scene.inside.ask(method, path, body, headers={"Authorization": f"Bearer {token}"}, kept=True)
            assert answer.status in (400, 401), (what, path, answer)
    for headers in ({"Authorization": f"Basic {scene.inside.token}"}, {"Authorization": scene.inside.token},
                    {"Authorization": None, "Cookie": f"token={scene.inside.token}"},
                    {"Authorization": None, "X-Authorization": f"Bearer {scene.inside.token}"}):
        assert scene.inside.ask("GET", "/session", headers=headers).status == 401, headers
    for query in ("token", "access_token", "authorization"):
        path = f"/session?{query}={scene.inside.token}"
        assert scene.inside.ask("GET", path, headers={"Authorization": None}).status == 400, "no such parameter"
    assert sum(scene.things.looked.values()) == 0
    assert scene.inside.ask("GET", "/session").status == 200, "the canary: the token itself is good"
    other.end()
    _untouched(scene)


def test_the_token_of_a_session_that_is_over_is_of_no_use(scene):
    """A token is good after its session has ended."""
    other = Inside(scene)
    assert other.ask("GET", "/session").status == 200, "the canary: it was good"
    other.end()
    for method, path in (("GET", "/session"), ("GET", f"/runs/{scene.question}"), ("POST", "/results")):
        answer = scene.inside.ask(method, path, headers={"Authorization": f"Bearer {other.token}"})
        assert answer.code == "token_refused", answer
    _untouched(scene)


def test_another_sessions_run_is_as_if_it_were_not(scene):
    """A session reads, waits for, takes, joins or acknowledges what is another one's, or learns that it is there."""
    other = Inside(scene)
    nobody = "01KB0S5C8T3V9PAHD0QW6KFZ3M"
    theirs, none = (other.ask("GET", f"/runs/{id}").body.decode().replace(id, "ID") for id in (scene.question, nobody))
    assert theirs == none, "what is another one's is told apart from what is not there"
    assert other.run(f"aileron wait {scene.question} --timeout 1s").rc not in (0, 75)
    joined = make(other, "wanted", "K").ok(202)
    assert joined["id"] != scene.question, "a key leads into another session"
    control.deny(scene, joined['id'])
    control.approve(scene, scene.question)
    assert scene.inside.ask("GET", f"/runs/{scene.question}?wait_s=30").ok()["state"] == "succeeded"
    taken = other.ask("POST", "/results", {"acknowledge": [scene.question]})
    assert taken.status >= 400 or scene.question not in [one["id"] for one in taken.ok()["results"]]
    given, = scene.inside.ask("POST", "/results", {}).ok()["results"]
    assert given["id"] == scene.question, "the canary: its own session gets it"
    other.end()


def test_an_id_cannot_be_guessed(scene):
    """Something that is nearly an id, or matches one, leads to a run or to an answer for it."""
    own = scene.question
    alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
    near = [own[:-1] + one for one in alphabet if one != own[-1]]
    other = Inside(scene)
    for guess in (*near, own[-6:], own[-4:], own.lower(), own[:25], own + "0", "*", "%25", "_" * 26, "??", "0", "..",
                  "%00" + own):
        answer = other.ask("GET", f"/runs/{guess}", kept=True)
        assert answer.status in (400, 404), (guess, answer)
    for guess in (own[-6:], own[-4:], own.lower()):
        assert other.run(f"aileron wait {guess} --timeout 1s").rc not in (0, 75), guess
    assert scene.inside.ask("GET", f"/runs/{own}").status == 202, "the canary: the whole id is one"
    asked = [make(scene.inside, f"g{number}", f"g{number}").ok(202)["id"] for number in range(8)]
    tails = [one[10:] for one in asked]
    assert len({tail[:4] for tail in tails}) == len(tails), "the next id follows from the last one"
    other.end()
    _untouched(scene)


def test_what_was_installed_is_what_runs_whoever_edits_the_file(scene):
    """An agent that edits the spec it can reach, or files of the sandbox, changes what its operations do."""
    changed = things.SPEC.replace("approval: {mode: ask, editable: [note]}", "approval: never")
    assert changed != things.SPEC
    assert scene.inside.run("cat > things.yaml", changed).rc == 0, "the canary: it can be edited"
    assert make(scene.inside, "edited", "E").ok(202)["state"] == "pending"
    for path in ("tools.txt", "session.json", "token", "GUIDE.md", "bin/thing", "bin/aileron", "bin/new"):
        assert scene.inside.run(f"echo x > /run/aileron/{path}").rc != 0, path
        assert scene.inside.run(f"rm -f /run/aileron/{path}; mv /run/aileron/{path} /tmp/x").rc != 0, path
    assert scene.inside.run("mount -t tmpfs none /run/aileron/bin").rc != 0
    scene.inside.run("aileron connector add things.yaml --yes; aileron approvals approve " + scene.question)
    installed, = scene.json("connector", "list")
    assert installed["asking"] == 2 and make(scene.inside, "again", "F").ok(202)["state"] == "pending"
    assert scene.things.made["edited"] == scene.things.made["again"] == 0
    _untouched(scene)


def test_a_spec_that_was_edited_in_the_store_asks_as_before(scene):
    """A change of the store's file takes away a question, now or with the next daemon."""
    paths = glob.glob(os.path.join(scene.state, "aileron", "connectors", "*"))
    changes = {"mode: ask": "mode: never", '"mode":"ask"': '"mode":"never"', '"approval":"ask"': '"approval":"never"'}
    texts = {path: scene.read(path) for path in paths}
    edited = {path: functools.reduce(lambda text, old: text.replace(old, changes[old]), changes, text)
              for path, text in texts.items()}
    assert edited != texts, f"the canary: the edit reaches something: {texts}"
    for path, text in edited.items():
        os.chmod(path, 0o600)
        scene.write(path, text, 0o600)
    assert make(scene.inside, "edited", "E").status in (202, 404) and scene.things.made["edited"] == 0
    scene.aileron("daemon", "stop").ok()
    assert scene.aileron("connector", "list").rc == 0
    answer = scene.inside.run("thing make --name edited --no-wait")
    assert answer.rc != 0 and scene.things.made["edited"] == 0, answer.describe()


def test_commands_of_the_host_say_that_they_are(scene):
    """In a sandbox a command of the host's starts a daemon of its own there, and says that something was done."""
    for words in ("approvals list", f"approvals approve {scene.question}", "connector list", "vault init", "secret list",
                  "connector add things.yaml --yes", "grants list", "daemon start"):
        result = scene.inside.run(f"aileron {words} < /dev/null")
        assert result.rc != 0 and "sandbox" in result.err, (words, result.describe())
    assert "daemon run" not in scene.inside.run("cat /proc/[0-9]*/cmdline | tr '\\0' ' '").out
    _untouched(scene)


def test_a_key_that_cannot_be_sent_asks_nobody(scene):
    """A person is asked about a call that cannot be made, and it fails after their yes."""
    spec = things.SPEC.replace("approval: never", "approval: ask")
    spec = spec.replace("/things", "/other").replace("name: thing", "name: other")
    scene.aileron("connector", "add", scene.write("other.yaml", spec), "--yes").ok()
    answer = scene.inside.call("other", "keep", {"name": "kept"}, "a\r\nX-Evil: 1")
    assert answer.status == 400, answer
    _untouched(scene)
