"""Operations of connectors: checked, asked about, run by the daemon with a credential, and their results kept."""

import json
import os
import subprocess

import pytest

from lib import binary, control, process
from lib.inside import CURL as _CURL
from lib.inside import spoken
from lib.talk import Talk

HOST = "api.github.com"
SECRET = "ghp_the-token-that-nobody-sees"
_CONNECTORS = binary.REPOSITORY / "connectors"


def _issues(request):
    request.answer_json([{"number": 1, "title": "first"}])


def _create(request):
    request.answer_json({"number": 2, "title": json.loads(request.body)["title"]}, 201)


def _create_comment(request):
    request.answer_json({"id": 7}, 201)


def _issue(request):
    (_create if request.command == "POST" else _issues)(request)


@pytest.fixture
def github(any_world):
    """A world with a stand-in for GitHub, its credential, and its connector; no rule allows the host."""
    site = any_world.site(HOST, allow=False)
    site.routes["/repos/o/r/issues"] = _issue
    any_world.unlock()
    any_world.secret("token/github", SECRET)
    any_world.bind({"name": "issues", "host": HOST, "scheme": "bearer", "credential": "token/github"})
    any_world.aileron("connector", "add", str(_CONNECTORS / "github-issues.yaml"), "--yes").ok()
    any_world.github = site
    return any_world


def _run(operation: str, arguments: dict, key: str = "K1", wait: int = 0) -> str:
    body = json.dumps({"tool": "github-issues", "operation": operation, "arguments": arguments, "key": key,
                       "wait_s": wait})
    return f"{_CURL} -d '{body}' \"$AILERON_API_URL/runs\""


def _answers(text: str) -> list:
    return [json.loads(line) for line in text.splitlines() if line.strip()]


@pytest.fixture
def talk(github):
    """A sandbox in that world."""
    made = Talk(github)
    yield made
    made.end()


def test_tools_are_listed_shown_and_found(talk):
    """An installed connector's tools are unknown in the sandbox."""
    tools = talk.say(f'{_CURL} "$AILERON_API_URL/tools"')["tools"]
    assert [tool["name"] for tool in tools] == ["github-issues"] and tools[0]["operations"] > 3
    shown = talk.say(f'{_CURL} "$AILERON_API_URL/tools/github-issues"')
    assert "issues.create" in shown["spec"]
    hits = talk.say(f'{_CURL} "$AILERON_API_URL/tools/search?q=open+issue&limit=3"')["hits"]
    assert hits[0]["operation"] == "issues.create"
    assert talk.say(f'{_CURL} "$AILERON_API_URL/tools/github-isues"')["code"] == "unknown_tool"


def test_a_reading_operation_runs_at_once_with_the_credential(talk):
    """A safe operation waits for a person, misses its credential, or shows it."""
    answer = talk.say(_run("issues.list", {"owner": "o", "repo": "r", "state": "open"}))
    assert answer["state"] == "succeeded" and answer["outcome"]["status"] == 200, answer
    assert json.loads(answer["outcome"]["body"])[0]["title"] == "first"
    seen, = talk.world.github.seen()
    assert seen.target == "/repos/o/r/issues?state=open" and seen.header("Authorization") == [f"Bearer {SECRET}"]
    assert SECRET not in json.dumps(answer)
    record, = talk.world.audited(host=HOST, method="GET")
    assert "issues.list" in record["rule"] and record["credential"] == "token/github"


def test_the_host_stays_closed_to_everything_else(github):
    """A connector's host can be reached by requests that are no operations, or a deny rule is passed over."""
    direct = f"curl -sS -H 'Accept: application/json' https://{HOST}/repos/o/r/issues"
    read = _run("issues.list", {"owner": "o", "repo": "r"})
    talk = Talk(github, "--profile", "locked")
    assert talk.say(read)["state"] == "succeeded"
    assert talk.say(direct)["code"] == "host_not_allowed"
    talk.end()
    talk = Talk(github, "--deny", HOST)
    answer = talk.say(read)
    assert answer["state"] == "failed" and answer["outcome"]["status"] == 0, answer
    assert "denied" in answer["outcome"]["message"] or "not allowed" in answer["outcome"]["message"], answer
    talk.end()
    assert len(github.github.seen()) == 1


def test_a_writing_operation_waits_for_a_yes_and_runs_once(talk):
    """A change is made before the yes, twice, or not at all."""
    create = {"owner": "o", "repo": "r", "title": "It is broken"}
    answer = talk.say(_run("issues.create", create))
    assert answer["state"] == "pending" and answer["id"], answer
    assert talk.world.github.seen() == []
    again = talk.say(_run("issues.create", create))
    assert again["id"] == answer["id"], "the same call asks twice"
    again = talk.say(_run("issues.create", create, "another"))
    assert again["id"] == answer["id"], "an agent that tries again asks twice"
    question, = [one for one in talk.world.json("approvals", "list") if one["subject"] == "operation"]
    assert question["id"] == answer["id"] and "It is broken" in question["title"]
    assert "POST" in question["opens"] and "token/github" in question["opens"]
    assert {"name": "title", "value": "It is broken"} in question["fields"]
    talk.world.aileron("approvals", "approve", answer["id"]).ok()
    done = talk.say(f'{_CURL} "$AILERON_API_URL/runs/{answer["id"]}?wait_s=20"')
    assert done["state"] == "succeeded" and done["outcome"]["status"] == 201
    assert json.loads(talk.world.github.seen()[0].body) == {"title": "It is broken"}
    assert len(talk.world.github.seen()) == 1


def test_a_no_runs_nothing(talk):
    """A denied operation is sent."""
    answer = talk.say(_run("issues.create", {"owner": "o", "repo": "r", "title": "x"}))
    talk.world.aileron("approvals", "deny", answer["id"], "--reason", "not today").ok()
    done = talk.say(f'{_CURL} "$AILERON_API_URL/runs/{answer["id"]}?wait_s=20"')
    assert done["state"] == "denied" and done["reason"] == "not today"
    assert talk.world.github.seen() == []


def test_results_are_drained_once(talk):
    """A result is lost, or given again after it was acknowledged."""
    first = talk.say(_run("issues.create", {"owner": "o", "repo": "r", "title": "one"}, "A"))
    second = talk.say(_run("issues.create", {"owner": "o", "repo": "r", "title": "two"}, "B"))
    drain = f'{_CURL} -d "%s" "$AILERON_API_URL/results"'
    assert talk.say(drain % "{}") == {"results": [], "waiting": 2}
    talk.world.aileron("approvals", "approve", first["id"], second["id"]).ok()
    for one in (first, second):
        talk.say(f'{_CURL} "$AILERON_API_URL/runs/{one["id"]}?wait_s=20"')
    results = talk.say(drain % "{}")["results"]
    assert sorted(one["id"] for one in results) == sorted([first["id"], second["id"]])
    assert talk.say(drain % "{}")["results"] == results, "what was not acknowledged is given again"
    ids = json.dumps([one["id"] for one in results]).replace('"', '\\"')
    assert talk.say(drain % ('{\\"acknowledge\\":' + ids + "}"))["results"] == []


@pytest.mark.parametrize("arguments, word", [
    ({"owner": "o"}, "repo"), ({"owner": "o", "repo": "r", "sate": "open"}, "state"),
    ({"owner": "o", "repo": "r", "state": "odd"}, "state"), ({"owner": "..", "repo": "r"}, "owner"),
    ({"owner": "o", "repo": "r", "page": "x"}, "page")])
def test_wrong_arguments_are_named(talk, arguments, word):
    """A wrong argument reaches the site, or the error does not name it."""
    answer = talk.say(_run("issues.list", arguments))
    text = json.dumps(answer)
    assert answer.get("code") == "invalid_arguments" or answer["outcome"]["code"] == "invalid_arguments", answer
    assert word in text and talk.world.github.seen() == []


def test_a_value_stays_in_its_place(talk):
    """A value adds a path segment, a parameter, or leads to another host."""
    talk.world.github.routes["/repos/o%2Fx%3Fy/r/issues"] = _issues
    answer = talk.say(_run("issues.list", {"owner": "o/x?y", "repo": "r", "assignee": "a&b=c#d"}))
    assert answer["state"] == "succeeded", answer
    assert talk.world.github.seen()[0].target == "/repos/o%2Fx%3Fy/r/issues?assignee=a%26b%3Dc%23d"


def _decide(world, approval: str, body: dict) -> dict:
    """A yes by the control API, as a surface with a form for arguments sends it."""
    return control.ask(world, "POST", f"/approvals/{approval}/approve", body).value


def test_a_person_sees_a_preview_and_changes_what_may_be_changed(talk):
    """The preview is missing or shown to the agent; an edit is lost, or reaches what may not be changed."""
    world = talk.world
    world.github.routes["/repos/o/r/issues/1"] = lambda request: request.answer_json({"title": "the old title"})
    world.github.routes["/repos/o/r/issues/1/comments"] = _create_comment
    run = talk.say(_run("comments.create", {"owner": "o", "repo": "r", "issue_number": 1, "body": "Me too"}))
    assert run["state"] == "pending", run
    shown = process.eventually(lambda: (one := world.json("approvals", "show", run["id"]))["preview"] and one,
                               "the preview is there")
    assert "the old title" in shown["preview"] and shown["editable"] == ["body"]
    assert "the old title" not in json.dumps(talk.say(f'{_CURL} "$AILERON_API_URL/runs/{run["id"]}"'))
    assert _decide(world, run["id"], {"arguments": {"repo": "another"}})["status"] in (400, 409)
    assert _decide(world, run["id"], {"arguments": {"body": "Not me"}})["edited"] == ["body"]
    assert talk.say(f'{_CURL} "$AILERON_API_URL/runs/{run["id"]}?wait_s=20"')["state"] == "succeeded"
    assert json.loads(world.github.seen("/repos/o/r/issues/1/comments")[0].body) == {"body": "Not me"}


def test_an_answer_of_any_bytes_is_taken(talk):
    """Bytes that are no text end the daemon, or the watcher of what happens."""
    talk.world.github.routes["/repos/o/r/issues"] = lambda request: request.answer(b"\xff\xfe\x00\x80", 201)
    watcher = talk.world.start(binary.path(), "approvals", "watch", "--json", "--after", "0", stdout=subprocess.PIPE)
    before = talk.world.daemon_pid()
    assert talk.say(_run("issues.list", {"owner": "o", "repo": "r"}))["state"] == "succeeded"
    run = talk.say(_run("issues.create", {"owner": "o", "repo": "r", "title": "x"}, "K2"))
    talk.world.aileron("approvals", "approve", run["id"]).ok()
    assert talk.say(f'{_CURL} "$AILERON_API_URL/runs/{run["id"]}?wait_s=20"')["outcome"]["body_size"] == 4
    changes = [json.loads(watcher.stdout.readline())["change"] for _ in range(4)]
    assert changes == ["asked", "approved", "began", "succeeded"], changes
    assert talk.world.daemon_pid() == before
    watcher.terminate()
    watcher.wait(process.PATIENCE)


def test_a_body_that_nests_without_end_is_refused(github):
    """A body of a million brackets ends the daemon."""
    before = github.daemon_pid()
    script = ("import json, os, urllib.request as u\n"
              "body = b'{\"tool\":\"t\",\"operation\":\"o\",\"key\":\"k\",\"arguments\":' + b'[' * 400000 + b']' * 400000 + b'}'\n"
              "for path in ('runs', 'results'):\n"
              "    request = u.Request(os.environ['AILERON_API_URL'] + '/' + path, data=body, method='POST',\n"
              "        headers={'Authorization': 'Bearer ' + os.environ['AILERON_TOKEN'], 'Content-Type': 'application/json'})\n"
              "    try: print(u.urlopen(request).status)\n"
              "    except u.HTTPError as error: print(error.status, json.load(error)['detail'])\n")
    path = github.write("deep.py", script)
    out = github.launch("python3", path).ok().out
    assert out.count("400 the body nests") == 2, out
    assert github.daemon_pid() == before


def test_one_key_is_one_call(talk):
    """A key that is used for two calls gives one the result of the other, or runs one in its stead."""
    assert talk.say(_run("issues.list", {"owner": "o", "repo": "r"}, "K"))["state"] == "succeeded"
    other = talk.say(_run("issues.list", {"owner": "o", "repo": "r", "state": "all"}, "K"))
    assert other["code"] == "key_in_use", other
    assert len(talk.world.github.seen()) == 1
    assert talk.say(_run("issues.list", {"owner": "o", "repo": "r"}, "K"))["state"] == "succeeded"
    assert len(talk.world.github.seen()) == 1, "a repeated call runs twice"
    create = {"owner": "o", "repo": "r", "title": "one"}
    assert talk.say(_run("issues.create", create, "C"))["state"] == "pending"
    other = talk.say(_run("issues.create", {**create, "title": "two"}, "C"))
    assert other["code"] == "key_in_use", other


_SPEC = """schema: aileron.connector.v1
fqn: example.com/{name}
version: "{version}"
summary: A connector of somebody else
hosts: [api.github.com]
{credential}tools:
  - {{name: {name}, summary: Do something}}
operations:
  - {{name: thing.do, summary: Do it, method: {method}, path: /repos/o/r/issues, approval: {{mode: {mode}}}}}
"""


def _install(world, **fields) -> None:
    text = _SPEC.format(**{"name": "other", "version": "1", "credential": "", "method": "GET", "mode": "never", **fields})
    world.aileron("connector", "add", world.write("spec.yaml", text), "--yes").ok()


def test_only_the_credential_that_was_shown_goes_along(github):
    """A connector that says it needs no credential gets the one that is bound to its host."""
    _install(github)
    _install(github, name="wrong", credential="credential: token/of-somebody\n")
    talk = Talk(github)
    body = {"tool": "other", "operation": "thing.do", "arguments": {}, "key": "K"}
    assert talk.say(f"{_CURL} -d '{json.dumps(body)}' \"$AILERON_API_URL/runs\"")["state"] == "succeeded"
    assert github.github.seen()[0].header("Authorization") == []
    body = {**body, "tool": "wrong", "key": "L"}
    answer = talk.say(f"{_CURL} -d '{json.dumps(body)}' \"$AILERON_API_URL/runs\"")
    assert answer["state"] == "failed" and "token/of-somebody" in answer["outcome"]["message"], answer
    assert len(github.github.seen()) == 1
    talk.end()


def test_a_grant_ends_with_the_spec_it_was_given_for(github):
    """A yes for always holds for what a replaced connector calls by the same name."""
    _install(github, mode="ask")
    talk = Talk(github)
    call = "%s -d '%s' \"$AILERON_API_URL/runs\""
    body = {"tool": "other", "operation": "thing.do", "arguments": {}, "key": "A"}
    first = talk.say(call % (_CURL, json.dumps(body)))
    github.aileron("approvals", "approve", first["id"], "--always").ok()
    assert talk.say(f'{_CURL} "$AILERON_API_URL/runs/{first["id"]}?wait_s=20"')["state"] == "succeeded"
    assert talk.say(call % (_CURL, json.dumps({**body, "key": "B"})))["state"] == "succeeded", "the canary: the grant holds"
    _install(github, mode="ask", version="2", method="POST")
    assert talk.say(call % (_CURL, json.dumps({**body, "key": "C"})))["state"] == "pending"
    talk.end()


def test_a_run_belongs_to_its_session(github):
    """A session reads or waits for the run of another one."""
    one, other = Talk(github), Talk(github)
    run = one.say(_run("issues.create", {"owner": "o", "repo": "r", "title": "x"}))
    assert other.say(f'{_CURL} "$AILERON_API_URL/runs/{run["id"]}"')["code"] == "not_found"
    assert one.say(f'{_CURL} "$AILERON_API_URL/runs/{run["id"]}"')["state"] == "pending"
    one.end()
    other.end()


def test_an_approved_operation_is_not_lost_with_the_daemon(github):
    """A kill of the daemon loses a question, or runs an operation twice."""
    talk = Talk(github)
    run = talk.say(_run("issues.create", {"owner": "o", "repo": "r", "title": "x"}))
    first = github.daemon_pid()
    process.end(first)
    process.eventually(lambda: process.gone(first), "the daemon is dead")
    github.aileron("vault", "unlock", "--passphrase-file", github.passphrase_file).ok()
    process.eventually(lambda: [one for one in github.sessions() if one["state"] == "running"],
                       "the launcher is there again")
    github.aileron("approvals", "approve", run["id"]).ok()
    done = process.eventually(
        lambda: (found := talk.say(f'{_CURL} "$AILERON_API_URL/runs/{run["id"]}?wait_s=5" || echo null')) and
        found["state"] in ("succeeded", "failed") and found, "the run has ended")
    assert done["state"] == "succeeded", done
    assert len(github.github.seen()) == 1
    talk.end()


def test_unattended_refuses_what_would_ask(github):
    """With --unattended a changing operation waits or runs."""
    result = github.shell(_run("issues.create", {"owner": "o", "repo": "r", "title": "x"}), flags=["--unattended"])
    assert spoken(result.out)["code"] == "approval_denied"
    assert github.github.seen() == [] and github.json("approvals", "list", "--all") == []


def test_installing_says_what_it_reaches_and_needs_a_yes(any_world):
    """A connector is installed without a word about what it opens, or without being asked."""
    path = str(_CONNECTORS / "stripe-customers.yaml")
    result = any_world.aileron("connector", "add", path)
    assert result.rc == 64 and "--yes" in result.err and "api.stripe.com" in result.out, result.describe()
    assert any_world.json("connector", "list") == []
    any_world.aileron("connector", "add", path, "--yes").ok()
    installed, = any_world.json("connector", "list")
    assert installed["hosts"] == ["api.stripe.com"] and len(installed["digest"]) == 64
    any_world.audited(kind="connector.add")
    any_world.aileron("connector", "remove", installed["fqn"]).ok()
    assert any_world.json("connector", "list") == []


def test_a_changed_spec_is_not_used(any_world):
    """A spec that was edited in the store is used as if it had been installed."""
    any_world.aileron("connector", "add", str(_CONNECTORS / "slack-chat.yaml"), "--yes").ok()
    any_world.aileron("daemon", "stop").ok()
    folder = os.path.join(any_world.state, "aileron", "connectors")
    name, = os.listdir(folder)
    with open(os.path.join(folder, name), "a", encoding="utf-8") as file:
        file.write(" ")
    result = any_world.aileron("connector", "list", "--json")
    assert json.loads(result.out) == [] and "damaged" in result.err, result.describe()
    assert "damaged" in any_world.aileron("status").ok().out


def test_mistakes_in_a_spec_are_shown_with_their_line(any_world):
    """A wrong spec is installed, or its error has no place."""
    text = (_CONNECTORS / "slack-chat.yaml").read_text().replace("method: POST", "methd: POST", 1)
    path = any_world.write("bad.yaml", text)
    result = any_world.aileron("connector", "check", path)
    line = text[:text.index("methd")].count("\n") + 1
    assert result.rc != 0 and f"bad.yaml:{line}" in result.err and "method" in result.err, result.describe()


def test_an_openapi_document_becomes_a_connector(any_world):
    """`connector import openapi` writes a spec that cannot be installed."""
    document = str(binary.REPOSITORY / "api" / "openapi.yaml")
    out = os.path.join(any_world.workspace, "api.yaml")
    result = any_world.aileron("connector", "import", "openapi", document, "--name", "example.com/api",
                               "--host", "api.example.com", "-o", out).ok()
    any_world.aileron("connector", "check", out).ok()
    any_world.aileron("connector", "add", out, "--yes").ok()
    assert any_world.json("connector", "list")[0]["operations"] > 10, result.err
