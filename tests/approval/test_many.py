"""Two hundred questions wait while sixteen clients list, show, answer and watch: each gets its own answer, once."""

import collections
import json
import threading

import pytest

from lib import control, process
from lib.inside import Inside
from lib.things import Things

_SESSIONS, _EACH = 4, 50
_LISTERS, _DECIDERS, _WATCHERS = 4, 4, 4  # and four sandboxes: sixteen clients


class Host:
    """The clients outside: threads that go on until every question has been answered."""

    def __init__(self, world):
        self.world = world
        self.over = threading.Event()
        self.problems = []
        self.decided = collections.defaultdict(list)  # by question: (status, who decided)
        self.listed = 0
        self.seen = [[] for _ in range(_WATCHERS)]
        self._lock = threading.Lock()
        self._threads = []

    def start(self, work, *arguments) -> None:
        """Runs `work` in a thread; what goes wrong there is a problem of the test."""
        def guarded():
            try:
                work(*arguments)
            except Exception as error:  # pylint: disable=broad-except
                self.problems.append(repr(error)[:2000])
        self._threads.append(threading.Thread(target=guarded, daemon=True))
        self._threads[-1].start()

    def finish(self) -> None:
        """Waits until all have ended."""
        for thread in self._threads:
            thread.join(process.PATIENCE)
            assert not thread.is_alive(), "a client hangs"
        assert self.problems == [], self.problems

    def _pending(self) -> list:
        return control.waiting(self.world)

    def look(self) -> None:
        """Lists, and shows some of what is listed, whole."""
        while not self.over.is_set():
            rows = self._pending()
            self.listed = max(self.listed, len(rows))
            for row in rows[::25]:
                shown = control.approval(self.world, row['id'])
                assert shown["title"] == row["title"] and shown["session"] == row["session"]

    def decide(self, number: int) -> None:
        """Answers what is listed; so do the others, and of two one comes second."""
        while not self.over.is_set():
            rows = self._pending()
            for row in rows[number % 2::2] or rows:
                name = row["fields"][0]["value"]
                if "-" not in name:
                    continue  # the mark of the end
                no = int(name.rsplit("-", 1)[1]) % 3 == 0
                answer = control.ask(self.world, "POST", f"/approvals/{row['id']}/{'deny' if no else 'approve'}",
                                     {"reason": f"no to {name}"} if no else {"reason": f"by {number}"})
                assert answer.status in (200, 409), answer
                with self._lock:
                    self.decided[row["id"]].append(answer.status)

    def watch(self, number: int, first: int) -> None:
        """Follows the changes, and comes back with the last number after every few of them."""
        seen, last = self.seen[number], first
        while True:
            with control.Stream(self.world, f"/approvals/stream?after_seq={last}") as stream:
                for count, (change, at, data) in enumerate(stream):
                    assert change != "gap", "too much has happened"
                    if change == "granted":  # the mark that the test sets at the end
                        return
                    last = int(at)
                    seen.append((last, change, data["approval"]["id"]))
                    if count == 5 + number:
                        break


@pytest.fixture
def one(ordinary):
    """The things' site, and one sandbox."""
    ordinary.things = Things(ordinary)
    ordinary.inside = Inside(ordinary)
    yield ordinary
    ordinary.inside.end()


@pytest.fixture
def scene(ordinary):
    """The things' site, and four sandboxes."""
    ordinary.things = Things(ordinary)
    ordinary.insides = [Inside(ordinary) for _ in range(_SESSIONS)]
    yield ordinary
    for inside in ordinary.insides:
        inside.end()


def _names(session: int) -> list:
    return [f"s{session}-{number}" for number in range(_EACH)]


def _ask_all(world) -> list:
    """Half of the sandboxes call tools, which poll; the others the API: (name, how to get its end)."""
    ends = []
    for session, inside in enumerate(world.insides):
        for name in _names(session):
            if session % 2:
                started = inside.start(f"thing make --name {name}")
                ends.append((name, lambda inside=inside, started=started: _of_tool(inside.finish(started))))
            else:
                body = {"tool": "thing", "operation": "make", "arguments": {"name": name}, "key": name, "wait_s": 60}
                begun = inside.begin("POST", "/runs", body)
                ends.append((name, lambda inside=inside, begun=begun: _of_api(inside.answer(begun).ok())))
    return ends


def _of_tool(ended: process.Result) -> tuple:
    return {0: "succeeded", 77: "denied"}.get(ended.rc, f"exit {ended.rc}"), ended.out + ended.err


def _of_api(run: dict) -> tuple:
    return run["state"], json.dumps(run.get("outcome", {})) + run["reason"]


def test_two_hundred_questions_and_sixteen_clients(scene):
    """A caller gets the answer of another one, none, or two; or a watcher misses a change or sees it twice."""
    ends = _ask_all(scene)
    total = _SESSIONS * _EACH
    process.eventually(lambda: len(control.waiting(scene)) == total,
                       "all of them wait", process.PATIENCE * 3)
    host = Host(scene)
    for number in range(_WATCHERS):
        host.start(host.watch, number, 0)
    for _ in range(_LISTERS):
        host.start(host.look)
    process.eventually(lambda: host.listed == total, "all of them are listed")
    for number in range(_DECIDERS):
        host.start(host.decide, number)
    for name, end in ends:
        state, said = end()
        if int(name.rsplit("-", 1)[1]) % 3 == 0:
            assert state == "denied" and f"no to {name}" in said, (name, state, said)
            assert scene.things.made[name] == 0
        else:
            assert state == "succeeded" and name in said and scene.things.made[name] == 1, (name, state, said)
    host.over.set()
    # A last change, after all others, that is none of theirs.
    mark = scene.insides[0].call("thing", "mend", {"name": "mark"}, "mark").ok(202)["id"]
    control.approve(scene, mark, scope={"kind": "session"})
    host.finish()
    _check(host, total)


def _begin(world, name: str, key: str) -> tuple:
    call = {"tool": "thing", "operation": "make", "arguments": {"name": name}, "key": key, "wait_s": 60}
    return world.inside.begin("POST", "/runs", call)


def test_a_yes_for_five_lets_five_of_what_waits_through(one):
    """A counted yes is counted twice, or not at all, when many wait for it at once."""
    begun = {name: _begin(one, name, name) for name in (f"n{number}" for number in range(12))}
    rows = process.eventually(lambda: len(found := control.waiting(one)) == 12 and found, "all wait")
    control.approve(one, rows[7]["id"], scope={"kind": "times", "times": 5})
    left = process.eventually(lambda: len(found := control.waiting(one)) == 7 and found, "five are answered")
    for row in left:
        control.deny(one, row["id"], reason="no more")
    states = [one.inside.answer(each).ok()["state"] for each in begun.values()]
    assert sorted(states) == ["denied"] * 7 + ["succeeded"] * 5
    assert sum(one.things.made.values()) == 5 and max(one.things.made.values()) == 1
    assert control.ask(one, "GET", "/grants").ok()["grants"] == []


def test_what_is_not_over_cannot_be_acknowledged_away(one):
    """An acknowledgement that came too early loses a result."""
    question = one.inside.call("thing", "make", {"name": "a"}, "A").ok(202)["id"]
    assert one.inside.ask("POST", "/results", {"acknowledge": [question]}).ok() == {"results": [], "waiting": 1}
    control.approve(one, question)
    one.inside.ask("GET", f"/runs/{question}?wait_s=30").ok()
    assert [run["id"] for run in one.inside.ask("POST", "/results", {}).ok()["results"]] == [question]


def _check(host: Host, total: int) -> None:
    assert len(host.decided) == total
    for answers in host.decided.values():
        assert answers.count(200) == 1, "a question was decided twice, or never"
    first = host.seen[0]
    numbers = [number for number, _, _ in first]
    assert numbers == sorted(set(numbers)), "a change came twice, or out of order"
    for seen in host.seen[1:]:
        common = min(len(seen), len(first))
        assert seen[:common] == first[:common], "two watchers saw different things"
    changes = collections.defaultdict(list)
    for _, change, question in first:
        changes[question].append(change)
    of_all = collections.Counter(tuple(changes[question]) for question in host.decided)
    assert set(of_all) <= {("asked", "approved", "began", "succeeded"), ("asked", "denied")}, of_all
    assert of_all[("asked", "denied")] == sum(number % 3 == 0 for number in range(_EACH)) * _SESSIONS


def test_a_watcher_comes_back_as_browsers_do(one):
    """A watcher that comes back with Last-Event-ID, as server-sent events have it, misses what happened meanwhile."""
    first, second = (one.inside.call("thing", "make", {"name": name}, name).ok(202)["id"] for name in "ab")
    with control.Stream(one, "/approvals/stream?after_seq=0") as stream:
        change, number, data = next(stream)
    assert (change, data["approval"]["id"]) == ("asked", first)
    with control.Stream(one, "/approvals/stream", last_id=number) as stream:
        control.deny(one, second)
        changes = [next(stream) for _ in range(2)]
    assert [(change, data["approval"]["id"]) for change, _, data in changes] == [("asked", second), ("denied", second)]


def test_a_call_repeated_around_its_yes_is_made_once(one):
    """A call that is repeated while its yes is carried out asks anew, and a second yes makes it a second time."""
    for number in range(30):
        name = f"n{number}"
        begun = [_begin(one, name, name) for _ in range(20)]
        question = process.eventually(lambda: control.waiting(one), "it waits")[0]
        control.approve(one, question["id"])
        process.eventually(lambda: control.waiting(one) or all(one.inside.done(each) for _, _, each in begun),
                           "all are answered, or somebody is asked again")
        assert control.waiting(one) == [], f"round {number}: the same call with the same key asks a second time"
        for run in (one.inside.answer(each).ok() for each in begun):
            assert run["state"] == "succeeded" and f'"name": "{name}"' in run["outcome"]["body"], run
        assert one.things.made[name] == 1
