"""A host that no rule knows is asked about: the request waits, a person decides, and it goes on or not."""

import json
import subprocess

import pytest

from lib import binary, process
from lib.terminal import open_in

HOST = "new.test"


@pytest.fixture
def asking(any_world):
    """A world with a site that no rule allows."""
    any_world.site(HOST, allow=False)
    return any_world


def _pending(world) -> list:
    return world.json("approvals", "list")


def _waiting(world, count: int = 1) -> list:
    return process.eventually(lambda: (found := _pending(world)) and len(found) >= count and found,
                              f"{count} questions wait")


def _fetch(world, *flags, url: str = f"https://{HOST}/", **keywords) -> subprocess.Popen:
    """A request that waits for a person."""
    return world.launch_start("curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", url,
                              flags=["--hold", "60s", *flags], **keywords)


def _code(child) -> str:
    out, err = child.communicate(timeout=process.PATIENCE)
    assert child.returncode == 0, err
    return out.decode()


@pytest.mark.parametrize("scope", [[], ["--session"], ["--always"], ["--times", "2"], ["--for", "10m"]])
def test_a_request_waits_for_a_yes_and_goes_on(asking, scope):
    """A request to an unknown host is refused at once, goes out before the yes, or not after it."""
    child = _fetch(asking)
    question, = _waiting(asking)
    assert question["title"] == f"connect to {HOST}:443" and question["agent"] == "curl"
    assert HOST in question["opens"] and question["state"] == "pending"
    assert child.poll() is None
    asking.aileron("approvals", "approve", question["id"], *scope).ok()
    assert _code(child) == "200"
    assert _pending(asking) == []
    record = asking.audited(host=HOST, path="/", status=200)[0]
    assert question["id"] in record["rule"] or "grant" in record["rule"]
    asked, = asking.audited(kind="approval.asked")
    approved, = asking.audited(kind="approval.approved")
    assert question["id"] in asked["detail"] and "uid" in approved["detail"]


def test_a_no_is_told_with_its_reason(asking):
    """A request goes out although a person said no, or its client is not told why."""
    child = asking.launch_start("curl", "-sSi", f"https://{HOST}/", flags=["--hold", "60s"])
    question, = _waiting(asking)
    asking.aileron("approvals", "deny", question["id"][-6:], "--reason", "not that one").ok()
    out, _ = child.communicate(timeout=process.PATIENCE)
    assert b" 403 " in out and b"not that one" in out and b"approval_denied" in out


def test_a_question_stays_when_nobody_answers_in_time(asking):
    """A request is held for ever, or its question is forgotten with it."""
    script = (f"curl -sSi --http1.1 --suppress-connect-headers -H 'Accept: application/json' https://{HOST}/; echo; echo next; read line; "
              f"curl -sS -o /dev/null -w '%{{http_code}}\\n' https://{HOST}/")
    child = asking.launch_start("sh", "-c", script, stdin=subprocess.PIPE)
    first = b""
    while not first.endswith(b"next\n"):
        first += child.stdout.readline()
    head, _, body = first.partition(b"\r\n\r\n")
    assert b" 428 " in head.splitlines()[0] and b"Retry-After:" in head
    answer = json.loads(body.decode().splitlines()[0])
    question, = _pending(asking)
    assert answer["code"] == "approval_pending" and answer["approval"] == question["id"]
    assert question["id"] in answer["hint"]
    asking.aileron("approvals", "approve", question["id"]).ok()
    child.stdin.write(b"\n")
    child.stdin.flush()
    assert child.stdout.readline() == b"200\n"
    child.stdin.close()
    child.wait(process.PATIENCE)


def test_what_waits_together_is_one_question(asking):
    """Requests of one session to one host ask again and again."""
    script = "; ".join(["for n in 1 2 3 4 5; do curl -sS -o /dev/null -w '%{http_code} ' "
                        f"https://{HOST}/$n & done", "wait"])
    child = asking.launch_start("sh", "-c", script, flags=["--hold", "60s"])
    question, = _waiting(asking)
    asking.aileron("approvals", "approve", question["id"]).ok()
    out, _ = child.communicate(timeout=process.PATIENCE)
    assert out.decode().split() == ["200"] * 5
    assert len(asking.json("approvals", "list", "--all")) == 1


def test_an_answer_for_the_session_ends_with_it(asking):
    """A yes for one session holds in another one."""
    child = _fetch(asking)
    asking.aileron("approvals", "approve", _waiting(asking)[0]["id"], "--session").ok()
    assert _code(child) == "200"
    other = _fetch(asking)
    question, = _waiting(asking)
    asking.aileron("approvals", "deny", question["id"]).ok()
    assert _code(other) == "403"
    assert asking.json("grants", "list") == []


def test_an_answer_for_always_holds_until_it_is_revoked(asking):
    """A yes for every session asks again, or holds after it was taken back."""
    child = _fetch(asking)
    asking.aileron("approvals", "approve", _waiting(asking)[0]["id"], "--always").ok()
    assert _code(child) == "200"
    assert _code(_fetch(asking)) == "200"
    grant, = asking.json("grants", "list")
    script = (f"curl -sS -o /dev/null -w '%{{http_code}}\\n' https://{HOST}/; read line; "
              f"curl -sS -o /dev/null -w '%{{http_code}}\\n' https://{HOST}/")
    child = asking.launch_start("sh", "-c", script, stdin=subprocess.PIPE)
    assert child.stdout.readline() == b"200\n"
    asking.aileron("grants", "revoke", grant["id"]).ok()
    child.stdin.write(b"\n")
    child.stdin.flush()
    assert child.stdout.readline() == b"428\n", "a yes that was revoked still holds"
    child.stdin.close()
    child.wait(process.PATIENCE)


def test_unattended_asks_nobody(asking):
    """With --unattended a request waits, or a question is left behind."""
    result = asking.launch("curl", "-sSi", f"https://{HOST}/", flags=["--unattended"])
    assert " 403 " in result.out and "host_not_allowed" in result.out
    assert asking.json("approvals", "list", "--all") == []


def test_a_denied_host_is_not_asked_about(asking):
    """A deny rule can be overruled by asking."""
    result = asking.launch("curl", "-sSi", f"https://{HOST}/", flags=["--deny", HOST, "--hold", "60s"])
    assert " 403 " in result.out and "host_denied" in result.out
    assert asking.json("approvals", "list", "--all") == []


def test_a_yes_opens_no_private_address(asking):
    """A host that a person approved may lead into the host's own network."""
    child = asking.launch_start("curl", "-sSi", "http://localhost.localdomain/", flags=["--hold", "60s"])
    asking.aileron("approvals", "approve", _waiting(asking)[0]["id"]).ok()
    out, _ = child.communicate(timeout=process.PATIENCE)
    assert b" 200 " not in out.splitlines()[0]
    for address in ("127.0.0.2", "10.0.0.1", "169.254.169.254", "[::1]"):
        literal = asking.launch("curl", "-sSi", f"http://{address}/", flags=["--hold", "60s"])
        assert "address_not_public" in literal.out, literal.describe()
    assert len(asking.json("approvals", "list", "--all")) == 1


def test_questions_outlive_the_daemon(asking):
    """A question is lost when the daemon is killed, or its answer is."""
    fetch = f"curl -sS -o /dev/null -w '%{{http_code}}\\n' https://{HOST}/"
    child = asking.launch_start("sh", "-c", f"{fetch}; read line; {fetch}", stdin=subprocess.PIPE)
    assert child.stdout.readline() == b"428\n"
    question, = _pending(asking)
    first = asking.daemon_pid()
    process.end(first)
    process.eventually(lambda: process.gone(first), "the daemon is dead")
    again, = _pending(asking)
    assert again["id"] == question["id"] and again["title"] == question["title"]
    process.eventually(lambda: [one for one in asking.sessions() if one["state"] == "running"],
                       "the launcher is there again")
    asking.aileron("approvals", "approve", question["id"]).ok()
    child.stdin.write(b"\n")
    child.stdin.flush()
    assert child.stdout.readline() == b"200\n"
    child.stdin.close()
    child.wait(process.PATIENCE)


def test_the_sandbox_cannot_decide(asking):
    """With its token, or without, the agent approves its own request."""
    script = ("id=$(curl -sSi --http1.1 https://%s/ | sed -n 's/^Aileron-Approval: \\([0-9A-Z]*\\).*/\\1/p'); "
              "for method in POST PUT GET DELETE; do for path in approvals/$id/approve approvals/$id/deny "
              "approvals approvals/stream grants grants/$id; do "
              "curl -sS -o /dev/null -w '%%{http_code} ' -X $method -H \"Authorization: Bearer $AILERON_TOKEN\" "
              "-H 'Content-Type: application/json' -d '{}' \"$AILERON_API_URL/$path\"; done; done; echo $id; read line" % HOST)
    child = asking.launch_start("sh", "-c", script, stdin=subprocess.PIPE)
    *codes, shown = child.stdout.readline().decode().split()
    question, = _pending(asking)
    assert shown == question["id"], "the canary: the sandbox knows the id"
    assert set(codes) <= {"404", "405"}, codes
    assert question["state"] == "pending"
    child.stdin.close()
    child.wait(process.PATIENCE)


def test_a_flood_of_questions_is_bounded(asking):
    """A sandbox asks without end, and drowns what others ask."""
    script = ("for n in $(seq 130); do curl -sS -o /dev/null -w '%{http_code}\\n' -m 20 https://h$n.test/; done | "
              "sort | uniq -c; echo end; read line")
    child = asking.launch_start("sh", "-c", script, stdin=subprocess.PIPE)
    told = b""
    while not told.endswith(b"end\n"):
        told += child.stdout.readline()
    assert len(_pending(asking)) == 100
    assert "100 428" in " ".join(told.decode().split()), told
    other = _fetch(asking)
    newest = process.eventually(lambda: [one for one in _pending(asking) if one["title"] == f"connect to {HOST}:443"],
                                "another session still asks")
    asking.aileron("approvals", "approve", newest[0]["id"]).ok()
    assert _code(other) == "200"
    child.stdin.close()
    child.wait(process.PATIENCE)


def test_changes_are_streamed_and_none_is_missed(asking):
    """A watcher that comes back misses what happened meanwhile."""
    watcher = asking.start(binary.path(), "approvals", "watch", "--json", "--after", "0",
                           stdout=subprocess.PIPE)
    child = _fetch(asking)
    first = json.loads(watcher.stdout.readline())
    assert first["change"] == "asked" and first["approval"]["title"] == f"connect to {HOST}:443"
    watcher.terminate()
    watcher.wait(process.PATIENCE)
    asking.aileron("approvals", "approve", first["approval"]["id"]).ok()
    assert _code(child) == "200"
    again = asking.start(binary.path(), "approvals", "watch", "--json", "--after", str(first["seq"]),
                         stdout=subprocess.PIPE)
    assert json.loads(again.stdout.readline())["change"] == "approved"
    again.terminate()
    again.wait(process.PATIENCE)


def test_single_keys_on_a_terminal(asking):
    """`approvals watch` on a terminal shows no question, or a key does not answer it."""
    child = _fetch(asking)
    _waiting(asking)
    terminal = open_in(asking, [binary.path(), "approvals", "watch"])
    terminal.expect(f"connect to {HOST}:443")
    terminal.expect("yes, once")
    terminal.send("y")
    assert _code(child) == "200"
    terminal.expect("nothing waits")
    terminal.send("\x03")
    terminal.wait()
