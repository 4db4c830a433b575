"""The audit log records what happened, verifies, and holds no secret."""

import json
import subprocess

from lib import binary, process

HOST = "logged.test"


def test_a_request_is_recorded_with_all_its_facts(any_world):
    """A record lacks who, what, where, decision, status, bytes or duration."""
    any_world.site(HOST)
    # By a file, since the command itself is part of the session's record.
    any_world.write("url", f'url = "https://{HOST}/echo?q=private-query"\n')
    session = any_world.shell("echo $AILERON_SESSION_ID; head -c 1000 /dev/zero | curl -sS --data-binary @- "
                              "-o /dev/null -K url").ok().out.strip()
    record = [one for one in any_world.audited(kind="request") if one["host"] == HOST][0]
    assert record["session"] == session and record["port"] == 443
    assert record["method"] == "POST" and record["path"] == "/echo" and record["status"] == 200
    assert record["action"] == "allow" and HOST in record["rule"]
    assert record["bytes_up"] >= 1000 and record["bytes_down"] >= 1000
    assert record["duration_us"] > 0
    any_world.secret_free(json.dumps(any_world.audit()), "private-query")


def test_headers_bodies_and_queries_are_never_recorded(world):
    """A header's value, a body or a query string stands in the audit database."""
    world.site(HOST)
    # By files, since the command itself is part of the session's record.
    world.write("one", 'header = "X-Thing: private-header"\nheader = "Cookie: c=private-cookie"\n'
                f'data = "private-body"\nurl = "https://u:private-userinfo@{HOST}/echo?a=private-query"\n')
    world.write("two", 'url = "https://denied.test/?private-query2"\n')
    world.launch("curl", "-sS", "-K", "one").ok()
    world.launch("curl", "-sS", "-K", "two").ok()
    assert world.audit(host=HOST, path="/echo") and world.audit(host="denied.test")
    world.aileron("daemon", "stop").ok()
    found = process.run(["grep", "-rl", "private-", world.state]).out
    assert found == "", found


def test_list_show_export_and_verify_agree(world):
    """Two views of the log differ."""
    world.site(HOST)
    for number in range(5):
        world.launch("curl", "-sS", f"https://{HOST}/{number}").ok()
    listed = world.audit()
    lines = [json.loads(line) for line in world.aileron("audit", "export", "--format", "jsonl").ok()
             .out.splitlines()]
    assert [one["seq"] for one in listed] == [one["seq"] for one in lines if one["seq"] in
                                              {row["seq"] for row in listed}]
    shown = world.json("audit", "show", str(listed[-1]["seq"]))
    shown = shown.get("record", shown)
    assert shown["seq"] == listed[-1]["seq"] and shown["kind"] == listed[-1]["kind"]
    verified = world.json("audit", "verify")
    assert verified["ok"] and verified["records"] >= len(listed)


def test_sequence_numbers_have_no_gap(world):
    """A record is missing in the sequence."""
    world.site(HOST)
    for _ in range(3):
        world.launch("curl", "-sS", f"https://{HOST}/").ok()
    lines = [json.loads(line) for line in world.aileron("audit", "export", "--format", "jsonl").ok()
             .out.splitlines()]
    numbers = [one["seq"] for one in lines if "seq" in one]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def test_sessions_and_vault_changes_are_recorded(world):
    """The start or end of a session, or a change of the vault, is not recorded."""
    world.unlock()
    world.secret("api/x", "value")
    world.aileron("vault", "lock").ok()
    world.launch("true").ok()
    text = json.dumps(world.audit())
    for word in ("session", "vault", "api/x"):
        assert word in text, text


def test_list_filters_by_session(world):
    """audit list --session shows a record of another session."""
    world.site(HOST)
    first = world.shell(f"echo $AILERON_SESSION_ID; curl -sS -o /dev/null https://{HOST}/1").out.strip()
    world.shell(f"curl -sS -o /dev/null https://{HOST}/2").ok()
    records = world.json("audit", "list", "--session", first)
    records = records["records"] if isinstance(records, dict) else records
    assert records and {one["session"] for one in records} == {first}


def test_tail_follows(world):
    """audit tail does not show a new record."""

    world.site(HOST)
    world.launch("true").ok()
    tail = world.start(binary.path(), "audit", "tail", stdout=subprocess.PIPE,
                       stderr=subprocess.STDOUT)
    child = world.launch_start("sh", "-c", f"for i in 1 2 3 4 5 6 7 8 9 10; do curl -sS -o /dev/null "
                               f"https://{HOST}/tailed; sleep 0.2; done")
    line = b""
    while b"/tailed" not in line:
        line = tail.stdout.readline()
        assert line, "the tail ended"
    child.wait(process.PATIENCE)


def test_an_empty_log_verifies(world):
    """A fresh log does not verify."""
    assert world.json("audit", "verify")["ok"]


def test_the_log_survives_a_daemon_that_is_killed(world):
    """A record of an answered request is lost with the daemon."""
    world.site(HOST)
    world.launch("curl", "-sS", f"https://{HOST}/kept").ok()
    world.audited(path="/kept")
    daemon = world.daemon_pid()
    process.end(daemon)
    process.eventually(lambda: process.gone(daemon), "the daemon is dead")
    assert world.audit(path="/kept")
    assert world.json("audit", "verify")["ok"]
