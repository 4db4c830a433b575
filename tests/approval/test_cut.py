"""`grants revoke --cut`: what an answer let through ends with it, and nothing else does."""

import subprocess
import threading

import pytest

from lib import process
from lib.slow import Slow
from lib.talk import Talk, call, look


class Stream:
    """A site whose answer never ends; `ended` once its client has gone."""

    def __init__(self, world, host: str):
        self.host, self.ended = host, threading.Event()
        self.site = world.site(host, allow=False)
        self.site.routes["/stream"] = self._answer

    def _answer(self, request):
        request.send_response(200)
        request.send_header("Content-Type", "text/event-stream")
        request.send_header("Transfer-Encoding", "chunked")
        request.end_headers()
        number = 0
        try:
            while True:
                number += 1
                request.chunk(b"data: %d\n\n" % number)
                if self.ended.wait(0.05):
                    return
        except OSError:
            self.ended.set()

    def follow(self, world, *curl) -> subprocess.Popen:
        """A client in a sandbox, that has got something after a person's yes for the session."""
        child = world.launch_start("curl", "-sSN", *curl, f"https://{self.host}/stream", flags=["--hold", "60s"])
        question = process.eventually(
            lambda: [one for one in world.json("approvals", "list") if self.host in one["title"]], "it is asked")[0]
        world.aileron("approvals", "approve", question["id"], "--session").ok()
        assert child.stdout.readline().startswith(b"data: ")
        return child


def _grant(world, word: str) -> str:
    return [one for one in world.json("grants", "list") if word in one["key"]][0]["id"]


@pytest.mark.parametrize("version", ["--http1.1", "--http2"])
def test_a_stream_ends_with_the_answer_that_let_it_through(any_world, version):
    """With --cut a stream flows on, its client does not see that it was cut, or another one ends, too."""
    mine, other = Stream(any_world, "mine.test"), Stream(any_world, "other.test")
    cut, goes_on = mine.follow(any_world, version), other.follow(any_world, version)
    result = any_world.aileron("grants", "revoke", "--cut", _grant(any_world, "mine.test")).ok()
    assert "cut" in result.err and "mine.test" in result.err, result.describe()
    _, err = cut.communicate(timeout=process.PATIENCE)
    assert cut.returncode != 0 and b"curl" in err, err
    assert mine.ended.wait(process.PATIENCE), "the site's connection is open still"
    record = any_world.audited(host="mine.test", code="grant_revoked")[0]
    assert record["path"] == "/stream" and record["bytes_down"] > 0
    event, = any_world.audit(kind="grant.cut")
    assert "mine.test" in event["detail"], event
    for _ in range(20):
        goes_on.stdout.readline()
    assert not other.ended.is_set() and goes_on.poll() is None
    other.ended.set()
    goes_on.terminate()
    goes_on.wait(process.PATIENCE)


def test_without_cut_a_stream_goes_on(any_world):
    """A revoked answer ends what it let through before, though nobody asked for that."""
    stream = Stream(any_world, "mine.test")
    child = stream.follow(any_world)
    any_world.aileron("grants", "revoke", _grant(any_world, "mine.test")).ok()
    for _ in range(40):
        assert child.stdout.readline(), "it was cut"
    assert not stream.ended.is_set() and any_world.audit(kind="grant.cut") == []
    stream.ended.set()
    child.terminate()
    child.wait(process.PATIENCE)


def test_an_operation_ends_with_the_answer_that_let_it_through(any_world):
    """With --cut an operation runs on, is not told as cut off, or can run again by its key."""
    slow = Slow(any_world)
    talk = Talk(any_world)
    do = {key: call("slow", "thing.do", {"what": key}, key=key) for key in ("one", "two")}
    first = talk.say(do["one"])["id"]
    any_world.aileron("approvals", "approve", first, "--session").ok()
    slow.came(1)
    # The answer lets the next one through; its client has gone before there is a result.
    talk.say(f"timeout 1 {do['two']} >/dev/null; echo 1")
    slow.came(2)
    any_world.aileron("grants", "revoke", "--cut", _grant(any_world, "thing.do")).ok()
    for key in ("one", "two"):
        run = talk.say(do[key])
        assert run["state"] == "failed" and run["outcome"]["code"] == "grant_revoked", run
    assert talk.say(look(first))["outcome"]["code"] == "grant_revoked"
    assert slow.gone.wait(process.PATIENCE), "the site's connection is open still"
    slow.release()
    assert len(slow.site.seen()) == 2
    assert "2 operations" in any_world.audit(kind="grant.cut")[0]["detail"]
    talk.end()


def test_an_operation_that_an_answer_lets_through_runs_once_over_the_daemons_death(any_world):
    """A call that a remembered yes let through runs again when it is repeated after a restart."""
    slow = Slow(any_world)
    slow.release()
    talk = Talk(any_world)
    first = talk.say(call("slow", "thing.do", {"what": "one"}, key="one"))["id"]
    any_world.aileron("approvals", "approve", first, "--session").ok()
    again = call("slow", "thing.do", {"what": "two"}, key="two")
    ran = talk.say(again)
    assert ran["state"] == "succeeded" and ran["id"], ran
    pid = any_world.daemon_pid()
    process.end(pid)
    process.eventually(lambda: process.gone(pid), "the daemon is dead")
    found = process.eventually(lambda: talk.say(f"{again} || echo null"), "the sandbox is served again")
    assert found["id"] == ran["id"] and found["state"] == "succeeded", found
    assert found["outcome"]["body"] == ran["outcome"]["body"]
    assert len(slow.site.seen()) == 2
    talk.end()
