"""`--unattended`: what would ask is denied at once, reported line by line, and may fail the launch."""

import json
import os
import shlex
import subprocess

import pytest

from lib import binary, process

HOST = "new.test"
_FETCH = "curl -sS -o /dev/null -w '%{http_code}\\n' -m 20 https://"


@pytest.fixture
def quiet(any_world):
    """A world with a site that no rule allows, and a place for a report outside of the workspace."""
    any_world.site(HOST, allow=False)
    any_world.report = os.path.join(any_world.state, "report.jsonl")
    return any_world


def _lines(world) -> list:
    with open(world.report, encoding="utf-8") as file:
        text = file.read()
    assert text == "" or text.endswith("\n"), "the last line is cut"
    return [json.loads(line) for line in text.splitlines()]


def _flags(world, *more) -> list:
    return ["--unattended", "--report", world.report, *more]


def test_each_thing_that_would_have_asked_is_a_line(quiet):
    """A denial is missing from the report, or told twice, or what is denied anyway is in it."""
    script = (f"{_FETCH}{HOST}/a?q=1; {_FETCH}{HOST}/b; {_FETCH}other.test/; {_FETCH}evil.test/; "
              "curl -sS -o /dev/null http://10.0.0.1/; exit 5")
    result = quiet.launch("sh", "-c", script, flags=_flags(quiet, "--deny", "evil.test"))
    assert result.rc == 5, result.describe()
    first, second = _lines(quiet)
    assert first["title"] == f"connect to {HOST}:443" and first["host"] == f"{HOST}:443", first
    assert first["kind"] == "host" and first["code"] == "host_not_allowed" and f"--allow {HOST}" in first["hint"]
    assert first["time"].endswith("Z") and first["session"] == quiet.sessions("--all")[0]["id"]
    assert second["host"] == "other.test:443" and set(second) == set(first)
    assert quiet.json("approvals", "list", "--all") == []


def test_a_request_and_a_credential_that_would_ask_are_lines(any_world):
    """The report knows hosts and operations alone, or a request that a rule asks about goes out."""
    site = any_world.bound("api.test", "real-secret-91c4", scheme="bearer", approval="first-use")
    asked_about = any_world.site("items.test")
    any_world.report = os.path.join(any_world.state, "report.jsonl")
    script = f"{_FETCH}api.test/one; {_FETCH}items.test/free; {_FETCH}items.test/items -d x=1"
    result = any_world.launch("sh", "-c", script, flags=_flags(any_world, "--ask", "POST items.test/items"))
    assert result.out.split() == ["403", "200", "403"], result.describe()
    credential, request = _lines(any_world)
    assert credential["kind"] == "credential" and credential["host"] == "api.test:443", credential
    assert "api/service" in credential["title"] and credential["code"] == "credential_not_allowed"
    assert request["kind"] == "http_request" and request["host"] == "items.test:443", request
    assert "POST" in request["title"] and request["code"] == "request_not_allowed"
    assert site.seen() == [] and [one.method for one in asked_about.seen()] == ["GET"]


def test_an_operation_that_would_ask_is_a_line(quiet):
    """The report knows hosts alone."""
    connector = binary.REPOSITORY / "connectors" / "github-issues.yaml"
    quiet.aileron("connector", "add", str(connector), "--yes").ok()
    result = quiet.launch("github-issues", "issues.create", "--owner", "o", "--repo", "r", "--title", "A \x1b[2J",
                          flags=_flags(quiet))
    assert result.rc == 77, result.describe()
    line, = _lines(quiet)
    assert line["kind"] == "operation" and line["operation"].endswith("issues.create"), line
    assert "\\x1b[2J" in line["title"] and line["code"] == "approval_denied" and "host" not in line


def test_the_exit_code_says_that_something_was_denied(quiet):
    """--fail-on-denied fails a launch that was denied nothing, or passes one that was."""
    flags = ["--unattended", "--fail-on-denied"]
    denied = quiet.shell(f"{_FETCH}{HOST}/; exit 3", flags=flags)
    assert denied.rc == 77 and f"connect to {HOST}:443" in denied.err and "--allow" in denied.err, denied.describe()
    assert quiet.shell("exit 3", flags=flags).rc == 3
    assert quiet.shell(f"{_FETCH}{HOST}/; exit 3", flags=[*flags, "--allow", HOST]).rc == 3
    assert quiet.shell(f"{_FETCH}{HOST}/; exit 3", flags=["--unattended"]).rc == 3


def test_the_last_denial_before_the_end_is_reported(quiet):
    """An agent that ends as soon as it is denied leaves no line behind."""
    for _ in range(8):
        result = quiet.launch("curl", "-sS", "-o", "/dev/null", f"https://{HOST}/", flags=_flags(quiet, "--fail-on-denied"))
        assert result.rc == 77, result.describe()
        assert [line["host"] for line in _lines(quiet)] == [f"{HOST}:443"]


def test_a_daemon_that_dies_in_between_loses_no_line(quiet):
    """What was denied before the daemon was killed, or after, is not in the report."""
    script = f"{_FETCH}{HOST}/; read line; {_FETCH}other.test/"
    child = quiet.launch_start("sh", "-c", script, flags=_flags(quiet), stdin=subprocess.PIPE)
    assert child.stdout.readline() == b"403\n"
    first = quiet.daemon_pid()
    process.end(first)
    process.eventually(lambda: [one for one in quiet.sessions() if one["state"] == "running"],
                       "the session is taken up again")
    assert quiet.daemon_pid() != first
    child.communicate(b"\n", timeout=process.PATIENCE)
    assert [line["host"] for line in _lines(quiet)] == [f"{HOST}:443", "other.test:443"]


def _with_descriptor(world, launch: list, redirection: str) -> process.Result:
    line = " ".join(map(shlex.quote, launch))
    return world.run("sh", "-c", f"exec {redirection}; exec {line}")


def test_a_descriptor_of_the_callers_is_written_to_and_never_seen_inside(quiet):
    """The report is not on the descriptor, or the agent has it too."""
    look = "for one in /proc/self/fd/*; do readlink $one; done"
    outside = _with_descriptor(quiet, ["sh", "-c", look], f"7>{quiet.report}")
    assert quiet.report in outside.ok().out, "the canary: a program outside has it"
    launch = quiet.launch_line(["sh", "-c", f"{_FETCH}{HOST}/; {look}; echo forged >&7"], ["--unattended", "--report-fd", "7"])
    result = _with_descriptor(quiet, launch, f"7>{quiet.report}")
    assert "403" in result.out and quiet.report not in result.out, result.describe()
    assert [line["host"] for line in _lines(quiet)] == [f"{HOST}:443"]


def test_a_report_that_the_agent_could_change_is_refused(quiet):
    """The agent can write, replace or redirect the report."""
    inside = os.path.join(quiet.workspace, "report.jsonl")
    os.symlink(quiet.report, os.path.join(quiet.workspace, "link"))
    os.symlink(inside, os.path.join(quiet.state, "way-in"))
    for name in ("report.jsonl", "link", os.path.join(quiet.state, "way-in"), "../ws/report.jsonl"):
        result = quiet.launch("true", flags=["--unattended", "--report", name])
        assert result.rc == 64 and "agent can change" in result.err, result.describe()
    launch = quiet.launch_line(["true"], ["--unattended", "--report-fd", "7"])
    result = _with_descriptor(quiet, launch, f"7>{inside}")
    assert result.rc == 64 and "agent can change" in result.err, result.describe()
    assert not os.path.exists(quiet.report)
    assert quiet.launch("true", flags=["--unattended", "--read-only", "--report", "report.jsonl"]).rc == 0


def test_flags_that_make_no_sense_are_refused(quiet):
    """A report without --unattended, of the agent's own descriptors, or on none begins a launch."""
    for flags, words in ((["--report", quiet.report], "needs --unattended"), (["--fail-on-denied"], "needs --unattended"),
                         (["--unattended", "--report-fd", "2"], "0 to 2"), (["--unattended", "--report-fd", "x"], "0 to 2"),
                         (["--unattended", "--report-fd", "9"], "9>FILE"),
                         (["--unattended", "--report", "/nowhere/at/all"], "/nowhere/at/all"),
                         (["--unattended", "--report-fd", "7", "--report", quiet.report], "leave one out")):
        result = quiet.launch("echo", "started", flags=flags)
        assert result.rc == 64 and words in result.err and "started" not in result.out, result.describe()


def test_a_reader_that_leaves_is_told_and_the_agent_goes_on(quiet):
    """A report that nobody reads ends the agent, or its loss is not told."""
    launch = quiet.launch_line(["sh", "-c", f"{_FETCH}{HOST}/; {_FETCH}{HOST}/ >/dev/null; echo went on"],
                               ["--unattended", "--report-fd", "7"])
    line = " ".join(map(shlex.quote, launch))
    result = quiet.run("bash", "-c", f"exec 7> >(exec true); wait $!; exec {line}")
    assert result.rc == 1 and "went on" in result.out and "incomplete" in result.err, result.describe()


def test_a_reader_that_is_slow_does_not_stop_the_agent(quiet):
    """An agent stands still until its report is read."""
    reader, writer = os.pipe()
    script = "for n in $(seq 1 400); do echo http://h$n.test/; done | xargs -P 8 -n 20 curl -sS >/dev/null 2>&1; echo done"
    child = quiet.launch_start("sh", "-c", script, pass_fds=[writer], flags=["--unattended", "--report-fd", str(writer)],
                               stderr=subprocess.DEVNULL)
    os.close(writer)
    assert child.stdout.readline() == b"done\n"
    with open(reader, "rb") as file:
        lines = file.read().splitlines()
    assert child.wait(process.PATIENCE) == 0
    assert len({json.loads(line)["host"] for line in lines}) == 400
