"""Attackers that drown the person: floods of questions, of calls and of watchers from one sandbox."""

import pytest

from lib import control, process
from lib.inside import Inside
from lib.things import Things, make

_MOST = 100  # questions of one session that may wait


@pytest.fixture
def scene(ordinary):
    """A world with a greedy sandbox and another one."""
    ordinary.things = Things(ordinary)
    ordinary.greedy, ordinary.other = Inside(ordinary), Inside(ordinary)
    yield ordinary
    ordinary.greedy.end()
    ordinary.other.end()


def _waiting(world) -> list:
    return control.waiting(world)


def _served(world) -> None:
    """The other session asks, a person sees it, says yes, and it is done."""
    question = make(world.other, "other", "O").ok(202)["id"]
    assert question in [one["id"] for one in _waiting(world)], "the person does not see the other session's question"
    control.approve(world, question)
    assert world.other.ask("GET", f"/runs/{question}?wait_s=30").ok()["state"] == "succeeded"
    assert world.things.made["other"] == 1


def test_a_flood_of_questions_has_an_end_and_says_so(scene):
    """One session's questions fill the queue, are dropped without a word, or keep a person from the others."""
    answers = [make(scene.greedy, f"n{number}", f"k{number}") for number in range(_MOST + 40)]
    taken = [one for one in answers if one.status == 202]
    refused = [one for one in answers if one.status != 202]
    assert len(taken) == _MOST == len(_waiting(scene)), len(taken)
    for one in refused:
        assert one.status in (429, 503) and one.code and one.value["hint"], one
    tool = scene.greedy.run("thing make --name more --no-wait")
    assert tool.rc not in (0, 64, 75, 77) and tool.out == "" and tool.err.startswith("thing: "), tool.describe()
    # The same question as one that waits is no other one.
    assert make(scene.greedy, "n0", "again").status in (202, 429, 503) and len(_waiting(scene)) == _MOST
    _served(scene)
    control.deny(scene, taken[0].value['id'])
    assert make(scene.greedy, "room", "room").status == 202, "an answer makes no room"
    assert make(scene.greedy, "none", "none").status in (429, 503)
    listed = scene.aileron("approvals", "list").ok()
    assert len(listed.out) < 64 << 10


def test_large_questions_stay_small_for_who_reads_them(scene):
    """Arguments of a megabyte each make the list too large to be read, or the daemon too large to live."""
    before = control.ask(scene, "GET", "/status").ok()
    for number in range(40):
        answer = make(scene.greedy, f"{number} " + "x" * 900_000, f"k{number}")
        assert answer.status in (202, 400, 413, 429, 503), answer.status
    rows = control.ask(scene, "GET", "/approvals?limit=2000")
    assert len(rows.body) < (len(rows.ok()["approvals"]) + 1) * (64 << 10)
    assert len(scene.aileron("approvals", "list").ok().out) < 64 << 10
    after = control.ask(scene, "GET", "/status").ok()
    assert after["pid"] == before["pid"] and after["rss_bytes"] < 256 << 20, after
    _served(scene)


def test_a_flood_of_waiting_calls_starves_nobody(scene):
    """Hundreds of calls that wait keep another session or the person from the daemon."""
    question = make(scene.greedy, "one", "one").ok(202)["id"]
    held = [scene.greedy.begin("GET", f"/runs/{question}?wait_s=60") for _ in range(300)]
    _served(scene)
    assert scene.json("status")["sessions"] is not None
    control.deny(scene, question)
    answers = [scene.greedy.answer(one) for one in held]
    assert {one.status for one in answers} <= {200, 503}
    assert {one.value["state"] for one in answers if one.status == 200} == {"denied"}, "the canary: some of them waited"


def test_a_flood_of_hosts_and_calls_at_once_starves_nobody(scene):
    """Questions of two kinds together get past the bound, or a person cannot answer any more."""
    script = "seq 110 | xargs -P 8 -I N curl -sS -o /dev/null -w '%{http_code}\\n' -m 30 https://hN.test/"
    hosts = scene.greedy.start(script)
    calls = [make(scene.greedy, f"n{number}", f"k{number}").status for number in range(110)]
    told = scene.greedy.finish(hosts).out.split()
    assert set(told) <= {"403", "428", "429", "502", "503", "000"} and "200" not in told, set(told)
    assert 0 < len(_waiting(scene)) <= 2 * _MOST and set(calls) <= {202, 429, 503}
    _served(scene)


def test_a_flood_in_turns_is_seen_whole_by_a_watcher(scene):
    """A session that asks as fast as it is denied makes a watcher miss what others ask, without telling it."""
    script = ("import json, os, ssl, http.client\n"
              "made = http.client.HTTPSConnection('aileron.internal', context=ssl.create_default_context())\n"
              "for n in range(400):\n"
              "    made.request('POST', '/v1/runs', json.dumps({'tool': 'thing', 'operation': 'make', 'key': f'k{n}',\n"
              "        'arguments': {'name': f'n{n}'}}), {'Authorization': 'Bearer ' + os.environ['AILERON_TOKEN'],\n"
              "        'Content-Type': 'application/json'})\n"
              "    made.getresponse().read()\n"
              "print('done')\n")
    path = scene.write("turns.py", script)
    denied = set()
    with control.Stream(scene, "/approvals/stream?after_seq=0") as stream:
        flood = scene.greedy.start(f"/usr/bin/python3 {path}")
        question = None
        while True:
            change, _, data = next(stream)
            assert change != "gap", "a watcher that keeps up is told to list anew"
            approval = data["approval"]["id"]
            if change == "asked" and approval == question:
                break
            if change == "asked" and data["approval"]["session"] == scene.greedy.session:
                control.deny(scene, approval)
                denied.add(approval)
                if len(denied) == 50:
                    question = make(scene.other, "other", "O").ok(202)["id"]
        assert question
        while not scene.greedy.done(flood):
            for row in _waiting(scene):
                if row["session"] == scene.greedy.session:
                    control.ask(scene, "POST", f"/approvals/{row['id']}/deny", {})
    assert scene.greedy.finish(flood).out == "done\n"
    control.approve(scene, question)
    assert scene.other.ask("GET", f"/runs/{question}?wait_s=30").ok()["state"] == "succeeded"


def test_a_sandbox_that_ends_takes_its_questions_along(scene):
    """Questions of a session that is over go on to wait for a person."""
    gone = Inside(scene)
    for number in range(5):
        make(gone, f"n{number}", f"k{number}").ok(202)
    assert len(_waiting(scene)) == 5, "the canary: they wait"
    gone.end()
    process.eventually(lambda: _waiting(scene) == [], "they wait no more")
    states = {one["state"] for one in control.ask(scene, "GET", "/approvals?state=all").ok()["approvals"]}
    assert states <= {"cancelled", "expired"}, states
