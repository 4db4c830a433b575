"""Webhooks: signed messages about what is asked and decided, that arrive, and that decide nothing."""

import os
import subprocess
import time

import pytest

from lib import binary, process, webhooks
from lib.webhooks import KEY, SECRET, Receiver, tell

HOST = "new.test"


@pytest.fixture
def asking(ordinary):
    """A world with a vault, the key of its webhooks, and a site that no rule allows."""
    ordinary.site(HOST, allow=False)
    ordinary.unlock()
    ordinary.secret("webhook/test", SECRET)
    return ordinary


def _told(world) -> None:
    """The daemon has read the file as it is now."""
    process.eventually(lambda: world.json("approvals", "webhook", "list"), "the file is read")


def _ask(world, host: str = HOST, hold: str = "60s") -> subprocess.Popen:
    return world.launch_start("curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", f"https://{host}/",
                              flags=["--hold", hold])


def _question(world) -> dict:
    return process.eventually(lambda: world.json("approvals", "list"), "a question waits")[0]


def _arrives(receiver, kind: str, count: int = 1) -> list:
    return process.eventually(lambda: len(found := receiver.of(kind)) >= count and found,
                              f"{count} × {kind} arrived")


@pytest.mark.parametrize("tls", [True, False], ids=["https", "http-to-this-machine"])
def test_what_is_asked_and_decided_is_told_and_signed(asking, tls):
    """A question or its answer is not told, is not signed as Standard Webhooks says, or tells too much."""
    receiver = Receiver(asking, tls)
    tell(asking, receiver.entry)
    _told(asking)
    child = _ask(asking)
    question = _question(asking)
    created, = _arrives(receiver, "approval.created")
    assert created.is_signed_with(KEY) and not created.is_signed_with(b"another key")
    assert abs(int(created.timestamp) - time.time()) < 300
    data = created.body["data"]
    assert data["id"] == question["id"] and data["title"] == f"connect to {HOST}:443"
    assert data["subject"] == "host" and data["session"] == question["session"]
    assert data["expires"] == question["expires"] and data["state"] == "pending"
    assert "preview" not in data and data["fields"] == question["fields"]
    asking.aileron("approvals", "approve", question["id"]).ok()
    decided, = _arrives(receiver, "approval.decided")
    assert decided.body["data"]["state"] == "approved" and decided.id != created.id
    child.communicate(timeout=process.PATIENCE)
    entry = process.eventually(lambda: [one for one in asking.json("approvals", "webhook", "list")
                                        if one["delivered"] == 2], "both were taken")[0]
    assert entry["problem"] == "" and entry["url"] == receiver.url
    asking.secret_free(asking.read(os.path.join(asking.state, "aileron", "daemon.log")), SECRET, KEY.decode(),
                       receiver.url)


def test_only_the_events_that_are_wanted_come(asking):
    """A webhook is told of what it did not ask for."""
    receiver = Receiver(asking)
    tell(asking, {**receiver.entry, "events": ["decided"]})
    _told(asking)
    child = _ask(asking)
    asking.aileron("approvals", "deny", _question(asking)["id"]).ok()
    _arrives(receiver, "approval.decided")
    assert {one.body["type"] for one in receiver.messages} == {"approval.decided"}
    child.communicate(timeout=process.PATIENCE)


def test_nothing_that_a_receiver_answers_decides(asking):
    """A receiver that answers with a decision has decided."""
    receiver = Receiver(asking, answers=[200] * 20, said=b'{"approve":true,"decision":"approve","answer":"approve"}')
    tell(asking, receiver.entry)
    _told(asking)
    child = _ask(asking)
    question = _question(asking)
    _arrives(receiver, "approval.created")
    process.eventually(lambda: asking.json("approvals", "webhook", "list")[0]["delivered"] == 1, "it was taken")
    assert asking.json("approvals", "show", question["id"])["state"] == "pending"
    assert child.poll() is None
    asking.aileron("approvals", "deny", question["id"]).ok()
    out, _ = child.communicate(timeout=process.PATIENCE)
    assert out == b"403"


def test_what_was_not_taken_is_sent_again_with_the_same_id(asking):
    """A message that a receiver refused is lost, changes its id, or is overtaken by the next one."""
    receiver = Receiver(asking, answers=[500, 302, 429])
    tell(asking, receiver.entry)
    _told(asking)
    child = _ask(asking)
    asking.aileron("approvals", "approve", _question(asking)["id"]).ok()
    _arrives(receiver, "approval.decided")
    kinds = [one.body["type"] for one in receiver.messages]
    assert kinds == ["approval.created"] * 4 + ["approval.decided"]
    assert len({one.id for one in receiver.messages[:4]}) == 1
    assert all(one.is_signed_with(KEY) for one in receiver.messages)
    child.communicate(timeout=process.PATIENCE)


def test_a_receiver_that_asks_for_time_gets_it(asking):
    """A receiver that answers 429 is told again before the time that it asked for."""
    receiver = Receiver(asking, answers=[(429, 4)])
    tell(asking, receiver.entry)
    _told(asking)
    child = _ask(asking)
    asking.aileron("approvals", "deny", _question(asking)["id"]).ok()
    _arrives(receiver, "approval.decided")
    assert receiver.messages[0].id == receiver.messages[1].id
    assert receiver.times[1] - receiver.times[0] >= 4
    child.communicate(timeout=process.PATIENCE)


def test_nothing_is_lost_when_the_daemon_dies(asking):
    """Messages that were not taken when the daemon was killed never come, or come under another id."""
    receiver = Receiver(asking, answers=[503] * 3)
    tell(asking, receiver.entry)
    _told(asking)
    child = _ask(asking)
    question = _question(asking)
    first, = _arrives(receiver, "approval.created")
    asking.aileron("approvals", "deny", question["id"]).ok()
    child.communicate(timeout=process.PATIENCE)
    pid = asking.daemon_pid()
    process.end(pid)
    process.eventually(lambda: process.gone(pid), "the daemon is dead")
    # The vault is locked now: nothing can be signed, and nothing is given up.
    stuck = process.eventually(lambda: [one for one in asking.json("approvals", "webhook", "list")
                                        if one["state"] == "stuck"], "it waits for the vault")
    assert "locked" in stuck[0]["problem"]
    assert "locked" in asking.aileron("status").ok().out
    asking.aileron("vault", "unlock", "--passphrase-file", asking.passphrase_file).ok()
    decided, = _arrives(receiver, "approval.decided")
    again, = receiver.of("approval.created")
    assert again.id == first.id and decided.body["data"]["state"] == "denied"
    process.eventually(lambda: asking.json("approvals", "webhook", "list")[0]["delivered"] >= 1, "it was taken")


def test_a_receiver_that_is_away_is_reached_later(asking):
    """A webhook whose receiver listens later gets nothing of what happened before."""
    receiver = Receiver(asking)
    receiver.site.close()
    tell(asking, receiver.entry)
    _told(asking)
    child = _ask(asking)
    asking.aileron("approvals", "deny", _question(asking)["id"]).ok()
    child.communicate(timeout=process.PATIENCE)
    process.eventually(lambda: "cannot connect" in asking.json("approvals", "webhook", "list")[0]["problem"],
                       "it is told why")
    back = Receiver(asking, port=receiver.site.port)
    assert back.url == receiver.url
    _arrives(back, "approval.created")
    _arrives(back, "approval.decided")


def test_a_certificate_that_nobody_vouches_for_gets_nothing(asking):
    """A receiver with a certificate of no known authority is told."""
    receiver = Receiver(asking)
    tell(asking, {name: value for name, value in receiver.entry.items() if name != "ca"})
    _told(asking)
    result = asking.aileron("approvals", "webhook", "test")
    assert result.rc == 69 and "TLS" in result.err, result.describe()
    assert receiver.messages == []
    tell(asking, receiver.entry)
    process.eventually(lambda: asking.aileron("approvals", "webhook", "test").rc == 0, "with its authority it is told")
    assert receiver.of("webhook.test")


def test_a_test_says_what_came_back(asking):
    """`webhook test` sends nothing, sends it twice, or does not tell what came back."""
    receiver = Receiver(asking, answers=[418, 200])
    tell(asking, receiver.entry)
    _told(asking)
    refused = asking.aileron("approvals", "webhook", "test")
    assert refused.rc == 1 and "418" in refused.err, refused.describe()
    assert asking.json("approvals", "webhook", "test", receiver.url) == {"status": 200}
    assert len(receiver.messages) == 2 and all(one.is_signed_with(KEY) for one in receiver.messages)
    assert {one.body["type"] for one in receiver.messages} == {"webhook.test"}
    unknown = asking.aileron("approvals", "webhook", "test", "https://other.test/")
    assert unknown.rc != 0 and "no such webhook" in unknown.err
    asking.aileron("vault", "lock").ok()
    locked = asking.aileron("approvals", "webhook", "test")
    assert locked.rc == 69 and "locked" in locked.err


def test_a_file_that_is_wrong_leaves_the_last_good_one_in_force(asking):
    """A mistake in approvals.yaml silences webhooks, stops the daemon, or is not told where people look."""
    receiver = Receiver(asking)
    tell(asking, receiver.entry)
    _told(asking)
    path = os.path.join(asking.config, "aileron", "approvals.yaml")
    asking.write(path, "version: 1\nwebhoks: []\n", 0o600)
    process.eventually(lambda: "webhoks" in asking.aileron("status").ok().out, "status tells the mistake")
    told = asking.aileron("doctor")
    assert told.rc == 1 and 'approvals.yaml:2: unknown key "webhoks". Did you mean "webhooks"?' in told.out
    child = _ask(asking)
    question = _question(asking)
    _arrives(receiver, "approval.created")
    asking.aileron("approvals", "deny", question["id"]).ok()
    child.communicate(timeout=process.PATIENCE)
    asking.write(path, "version: 1\n", 0o600)
    process.eventually(lambda: asking.json("approvals", "webhook", "list") == [], "the new file is in force")
    assert "webhoks" not in asking.aileron("status").ok().out
    assert "webhoks" in asking.read(os.path.join(asking.state, "aileron", "daemon.log"))


def test_a_daemon_starts_with_a_file_that_is_wrong(ordinary):
    """A mistake in approvals.yaml keeps the daemon from starting."""
    ordinary.write(os.path.join(ordinary.config, "aileron", "approvals.yaml"), "version: 7\n", 0o600)
    assert "version 1 of the file" in ordinary.run(binary.path(), "doctor").out
    ordinary.launch("true").ok()


def test_the_receiver_helper_refuses_a_wrong_signature(asking):
    """The canary: the receiver of these tests takes any signature for a good one."""
    receiver = Receiver(asking, tls=False)
    asking.run("curl", "-sS", "-d", "{}", "-H", "webhook-id: x", "-H", "webhook-timestamp: 1", "-H",
               "webhook-signature: v1,AAAA", receiver.url).ok()
    assert not receiver.messages[0].is_signed_with(webhooks.KEY)
