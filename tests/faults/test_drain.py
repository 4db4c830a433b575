"""`daemon stop --drain`: what runs comes to its end, nothing new begins, and all else goes on with the next daemon."""

import subprocess

import pytest

from lib import binary, process
from lib.slow import Slow
from lib.talk import Talk, call, look


@pytest.fixture
def slow(any_world):
    """A site that takes its time, and a sandbox with a command for it."""
    made = Slow(any_world)
    made.talk = Talk(any_world)
    yield made
    made.release()
    made.talk.end()


def _do(what: str) -> str:
    return call("slow", "thing.do", {"what": what}, key=what)


def _approve(world, run: str) -> None:
    world.aileron("approvals", "approve", run).ok()


def _running(slow, what: str) -> str:
    """A run that the site has not answered yet."""
    world = slow.talk.world
    before = len(slow.site.seen())
    run = slow.talk.say(_do(what))["id"]
    _approve(world, run)
    slow.came(before + 1)
    return run


def _drain(world) -> subprocess.Popen:
    """A drain that has begun."""
    child = world.start(binary.path(), "daemon", "stop", "--drain", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.eventually(lambda: world.json("daemon", "status").get("draining"), "the daemon drains")
    return child


def _ended(child) -> tuple:
    out, err = child.communicate(timeout=process.PATIENCE)
    return child.returncode, out.decode(), err.decode()


def _come_back(slow, first: int) -> None:
    """Waits for the daemon that the launcher starts."""
    world = slow.talk.world

    def serves():
        status = world.aileron("daemon", "status", "--json")
        return status.rc == 0 and world.daemon_pid() != first and world.sessions()

    process.eventually(serves, "the launcher has found another daemon")


def _outcome(slow, run: str) -> dict:
    """What became of the run, asked for until the sandbox is served again."""
    return process.eventually(lambda: (found := slow.talk.say(f"{look(run, 5)} || echo null")) and
                              found["state"] in ("succeeded", "failed") and found, "the run has ended")


def test_what_runs_ends_and_the_rest_goes_on_with_the_next_daemon(slow):
    """A drain interrupts an operation, lets something begin, loses a question, or runs anything twice."""
    world, first = slow.talk.world, slow.talk.world.daemon_pid()
    run = _running(slow, "one")
    waits = slow.talk.say(_do("two"))["id"]
    child = _drain(world)
    assert world.json("daemon", "status")["operations"] == 1

    refused = world.launch("true")
    assert refused.rc == 69 and "daemon stop" in refused.err, refused.describe()
    begun = slow.talk.say(call("slow", "thing.look", {}, key="L"))
    assert begun["code"] == "daemon_draining" and begun["hint"], begun
    # A yes in the meantime is kept, and nothing is sent.
    _approve(world, waits)
    assert slow.talk.say(look(waits))["state"] == "approved"
    assert child.poll() is None and len(slow.site.seen()) == 1

    slow.release()
    assert _ended(child) == (0, "The daemon has stopped.\n", "")
    _come_back(slow, first)
    assert _outcome(slow, run)["state"] == "succeeded"
    assert _outcome(slow, waits)["state"] == "succeeded"
    assert sorted(one.target for one in slow.site.seen()) == ["/do", "/do"]
    assert slow.talk.say(call("slow", "thing.look", {}, key="L"))["state"] == "succeeded"
    stopped = [one for one in world.audit(kind="daemon.stop") if "drained" in one["detail"]]
    assert stopped, world.audit(kind="daemon.stop")


def test_a_stop_without_drain_does_not_wait(slow):
    """While a drain waits, nobody can stop the daemon at once; or what was cut off is run again."""
    world, first = slow.talk.world, slow.talk.world.daemon_pid()
    run = _running(slow, "one")
    child = _drain(world)
    world.aileron("daemon", "stop").ok()
    assert _ended(child)[0] == 0
    _come_back(slow, first)
    slow.release()
    ended = _outcome(slow, run)
    assert ended["state"] == "failed" and ended["outcome"]["code"] == "interrupted", ended
    assert _do("one") and slow.talk.say(_do("one"))["id"] == run, "the same call finds the run there was"
    assert len(slow.site.seen()) == 1


def test_a_drain_has_a_time(slow):
    """A drain waits longer than it was told to, or does not tell that something was cut off."""
    world, first = slow.talk.world, slow.talk.world.daemon_pid()
    _running(slow, "one")
    result = world.aileron("daemon", "stop", "--drain", "--timeout", "1s")
    assert result.rc == 1 and "1 operation" in result.err and "not run again" in result.err, result.describe()
    _come_back(slow, first)


def test_where_nothing_runs_a_drain_is_a_stop(any_world):
    """A drain waits for sessions, or takes the way out from one for good."""
    site = any_world.site("site.test")
    fetch = "curl -sS -o /dev/null -w '%{http_code}' https://site.test/"
    child = any_world.launch_start("sh", "-c", f"{fetch}; echo; read line; until [ \"$({fetch})\" = 200 ]; do :; done; echo again",
                                   stdin=subprocess.PIPE)
    assert child.stdout.readline() == b"200\n"
    result = any_world.aileron("daemon", "stop", "--drain").ok()
    assert result.out == "The daemon has stopped.\n"
    child.stdin.write(b"\n")
    child.stdin.close()
    assert child.stdout.readline() == b"again\n"
    assert child.wait(process.PATIENCE) == 0 and len(site.seen()) >= 2
    any_world.aileron("daemon", "stop").ok()
    assert any_world.aileron("daemon", "stop", "--drain").ok().out == "The daemon does not run.\n"


@pytest.mark.parametrize("flags", [["--timeout", "1m"], ["--drain", "--timeout", "soon"], ["--drain", "--end-sessions"]])
def test_what_makes_no_sense_is_told(world, flags):
    """A flag that goes with nothing is passed over."""
    result = world.aileron("daemon", "stop", *flags)
    assert result.rc == 64 and "--" in result.err, result.describe()
