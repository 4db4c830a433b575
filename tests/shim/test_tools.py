"""Tools of a sandbox: called as commands, followed while a person decides, and their results drained once."""

import json
import os
import re
import subprocess

import pytest

from lib import binary, process
from lib.terminal import open_in

HOST = "api.github.com"
SECRET = "ghp_the-token-that-nobody-sees"
LIST = "github-issues issues.list --owner o --repo r"
CREATE = "github-issues issues create --owner o --repo r --title 'It is broken'"
_SPEC = binary.REPOSITORY / "connectors" / "github-issues.yaml"
_ID = re.compile(r"[0-9A-HJKMNP-TV-Z]{26}")


def _issues(request):
    if request.command == "POST":
        request.answer_json({"number": 2, "title": json.loads(request.body)["title"]}, 201)
    else:
        request.answer_json([{"number": 1, "title": "first"}])


@pytest.fixture
def github(any_world):
    """A world with a stand-in for GitHub, its credential, and its connector."""
    site = any_world.site(HOST, allow=False)
    site.routes["/repos/o/r/issues"] = _issues
    any_world.unlock()
    any_world.secret("token/github", SECRET)
    any_world.bind({"name": "issues", "host": HOST, "scheme": "bearer", "credential": "token/github"})
    any_world.aileron("connector", "add", str(_SPEC), "--yes").ok()
    any_world.github = site
    return any_world


def _pending(world, count: int = 1) -> list:
    return process.eventually(
        lambda: (found := world.json("approvals", "list")) and len(found) >= count and found, f"{count} questions wait")


def _end(child) -> tuple:
    """What a launch printed, and its exit code."""
    out, err = child.communicate(timeout=process.PATIENCE)
    return out.decode(), err.decode(), child.returncode


def test_a_tool_prints_what_the_site_says(github):
    """A reading call waits, changes the body, or brings the credential in."""
    result = github.shell(LIST + " --state open").ok()
    assert json.loads(result.out) == [{"number": 1, "title": "first"}] and result.out.endswith("]\n")
    assert result.err == ""
    seen, = github.github.seen()
    assert seen.target == "/repos/o/r/issues?state=open" and seen.header("Authorization") == [f"Bearer {SECRET}"]
    github.secret_free(result.out, SECRET)


def test_either_spelling_and_all_ways_of_arguments_are_one_call(github):
    """An operation's words, or its arguments as JSON, are another call."""
    script = ("github-issues issues list --owner o --repo r --labels a --labels b; "
              "github-issues issues.list --args '{\"owner\":\"o\",\"repo\":\"r\",\"labels\":[\"a\",\"b\"]}'; "
              "echo '{\"owner\":\"o\",\"repo\":\"r\",\"labels\":[\"a\",\"b\"]}' | github-issues issues list --args -")
    assert len(github.shell(script).ok().out.splitlines()) == 3
    assert len({one.target for one in github.github.seen()}) == 1


def test_json_shows_the_whole_run(github):
    """--json leaves out what became of a call."""
    run = json.loads(github.shell(LIST + " --json").ok().out)
    assert run["state"] == "succeeded" and run["operation"] == "issues.list" and run["outcome"]["status"] == 200
    assert json.loads(run["outcome"]["body"])[0]["number"] == 1


@pytest.mark.parametrize("words, part", [
    ("", "Operations"), ("--help", "issues create"), ("issues", "issues create"), ("issues --help", "Operations of"),
    ("issues create --help", "--title TEXT"), ("issues.create -h", "A person is asked")])
def test_help_is_made_of_the_spec_and_calls_nobody(github, words, part):
    """A tool without words, or with --help, reaches the site or does not explain itself."""
    result = github.shell(f"github-issues {words}").ok()
    assert part in result.out and "--no-wait" in result.out and result.err == ""
    assert github.github.seen() == []


@pytest.mark.parametrize("words, part", [
    ("issues creat --owner o", 'Did you mean "github-issues issues create"?'),
    ("issues.list --owner o --repo r --sate open", "Did you mean --state?"),
    ("issues.list --owner o", "--repo TEXT"),
    ("issues.list --owner o --repo r --state odd", "state"),
    ("issues.list --owner o --repo r --page x", "whole number"),
    ("issues.list --args '[]'", "JSON object"),
    ("issues.list --args '{\"owner\":7,\"repo\":\"r\"}'", "owner")])
def test_a_mistake_is_one_line_with_the_nearest_word(github, words, part):
    """A mistake in a command line reaches the site, or is not explained."""
    result = github.shell(f"github-issues {words}")
    assert result.rc == 64 and result.out == "", result.describe()
    assert result.err.startswith("github-issues: ") and result.err.count("\n") == 1 and part in result.err
    assert github.github.seen() == []


def test_an_error_of_the_site_is_told_beside_its_body(github):
    """An error status ends with 0, or its body is lost."""
    github.github.routes["/repos/o/r/issues"] = lambda request: request.answer_json({"message": "gone"}, 410)
    result = github.shell(LIST)
    assert result.rc == 1 and json.loads(result.out) == {"message": "gone"}
    assert result.err.startswith("github-issues: ") and "410" in result.err and result.err.count("\n") == 1


def test_a_tool_says_that_it_waits_and_goes_on_after_a_yes(github):
    """A changing call is made before the yes, or its tool does not say what it waits for."""
    child = github.launch_start("sh", "-c", CREATE)
    question, = _pending(github)
    line = child.stderr.readline().decode()
    assert "It is broken" in line and f"aileron wait {question['id']}" in line
    assert github.github.seen() == [] and child.poll() is None
    github.aileron("approvals", "approve", question["id"]).ok()
    out, _, code = _end(child)
    assert code == 0 and json.loads(out) == {"number": 2, "title": "It is broken"}
    assert len(github.github.seen()) == 1


def test_a_no_ends_a_tool_with_its_reason(github):
    """A denied call is made, or its tool ends as if it had been."""
    child = github.launch_start("sh", "-c", CREATE)
    github.aileron("approvals", "deny", _pending(github)[0]["id"], "--reason", "not today").ok()
    out, err, code = _end(child)
    assert code == 77 and out == "" and "not today" in err
    assert github.github.seen() == []


def test_unattended_is_refused_at_once(github):
    """With --unattended a changing call waits for nobody."""
    result = github.shell(CREATE, flags=["--unattended"])
    assert result.rc == 77 and result.err.count("\n") == 1 and github.github.seen() == []


def test_a_call_is_left_and_come_back_to(github):
    """A call that nobody waited for is lost, or made twice."""
    child = github.launch_start(
        "sh", "-c", f"id=$({CREATE} --no-wait 2>err); echo $? $id; aileron wait $id --timeout 1s 2>/dev/null; echo $?; "
                    "read line; aileron wait $id; echo $?", stdin=subprocess.PIPE)
    assert child.stdout.readline().decode().split()[0] == "75"
    assert child.stdout.readline() == b"75\n", "aileron wait ended as if there were an answer"
    question, = _pending(github)
    assert _ID.fullmatch(question["id"]) and question["id"] in github.read("err")
    github.aileron("approvals", "approve", question["id"]).ok()
    child.stdin.write(b"\n")
    child.stdin.flush()
    out, _, code = _end(child)
    body, _, last = out.strip().rpartition("\n")
    assert code == 0 and json.loads(body)["number"] == 2 and last == "0"
    assert len(github.github.seen()) == 1


def test_results_are_drained_once(github):
    """A result is lost, or printed again after it was acknowledged."""
    child = github.launch_start(
        "sh", "-c", f"{CREATE} --no-wait; {CREATE} --body other --no-wait; aileron drain; echo first; read line; "
                    "aileron drain --wait --json; echo next; aileron drain --json; echo end", stdin=subprocess.PIPE)
    asked = {one["id"] for one in _pending(github, 2)}
    ids = [child.stdout.readline().decode().strip() for _ in range(3)]
    assert set(ids[:2]) == asked and ids[2] == "first", ids
    github.aileron("approvals", "approve", *asked).ok()
    out, err = (text.decode() for text in child.communicate(b"\n", timeout=process.PATIENCE))
    drained = out[:out.index("next")].splitlines()
    assert child.returncode == 0 and out.endswith("next\nend\n")
    assert {json.loads(line)["id"] for line in drained} == asked and len(drained) == 2
    assert "2 calls are still open" in err


def test_tools_are_listed_and_searched(github):
    """A sandbox does not know its tools."""
    result = github.shell("aileron tools; aileron tools --json; aileron tools search open an issue; "
                          "aileron tools search zebra --json").ok()
    assert "github-issues" in result.out and "issues.create" in result.out
    assert result.out.splitlines()[-1] == "[]"


def test_outside_of_a_sandbox_a_tool_says_where_it_runs(any_world):
    """A tool on the host hangs, or does not say what is missing."""
    link = os.path.join(any_world.workspace, "github-issues")
    os.symlink(binary.path(), link)
    for result in (any_world.run(link, "issues.list"), any_world.aileron("tools"), any_world.aileron("drain")):
        assert result.rc == 69 and "aileron launch" in result.err and result.err.count("\n") == 1, result.describe()


def test_a_person_waits_on_the_host_too(github):
    """`aileron wait` on the host does not end with the answer."""
    child = github.launch_start("sh", "-c", f"{CREATE} --no-wait; read line", stdin=subprocess.PIPE)
    question, = _pending(github)
    assert github.aileron("wait", question["id"][-6:], "--timeout", "1s").rc == 75
    waiting = github.start(binary.path(), "wait", question["id"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    github.aileron("approvals", "deny", question["id"]).ok()
    out, err, code = _end(waiting)
    assert code == 77 and out == "" and "denied" in err
    assert github.aileron("wait", "ZZZZZZ").rc == 1
    child.stdin.close()
    child.wait(process.PATIENCE)


def test_no_body_controls_a_terminal(github):
    """Control characters of a site reach the terminal of a person, or are lost in a pipe."""
    hostile = "one\x1b[2J\x9btwo\n"
    github.github.routes["/repos/o/r/issues"] = lambda request: request.answer(hostile)
    assert github.shell(LIST).ok().out == hostile
    terminal = open_in(github, github.launch_line(["sh", "-c", LIST]))
    terminal.expect(re.escape("one\\x1b[2J"))
    assert terminal.wait() == 0
