"""The daemon is killed at every step of an operation: nothing is lost, and nothing runs twice."""

import pytest

from lib import control, process
from lib.inside import Cut, Inside
from lib.things import Things, make


class Scene:
    """A world with the things' site and a sandbox that asks for them."""

    def __init__(self, world):
        self.world, self.site = world, Things(world)
        self.inside = Inside(world)
        self.inside.answer(self.sends({}, "/results"))  # opens the connection that is kept

    def kill(self) -> None:
        """kill -9 of the daemon, whether it runs or is stopped."""
        pid, = [one.pid for one in process.descendants() if one.command[1:3] == ("daemon", "run") and one.state != "Z"]
        process.end(pid)

    def back(self) -> None:
        """Waits until the sandbox is served by a new daemon."""
        process.eventually(lambda: self._served(), "the session is taken up again")

    def _served(self) -> bool:
        try:
            return self.inside.ask("GET", "/session").status == 200
        except Cut:
            return False

    def killed(self) -> None:
        """The daemon is killed, and another one has taken the session up."""
        self.kill()
        self.back()

    def freeze(self) -> None:
        """Stops the daemon where it is: what is sent to it from now on is never read."""
        process.freeze(self.world.daemon_pid())

    def sends(self, body: dict, target: str):
        """Sends a body over the connection that is kept, without waiting for the answer."""
        return self.inside.begin("POST", target, body, kept=True)

    def lost(self, begun) -> None:
        """What was sent to the daemon that was killed has no answer of it."""
        try:
            assert self.inside.answer(begun).status >= 500
        except Cut:
            pass

    def asked(self, name: str, key: str = "K", operation: str = "make") -> str:
        """The id of a question about a thing."""
        run = make(self.inside, name, key, operation=operation).ok(202)
        assert run["state"] == "pending"
        return run["id"]

    def approval(self, question: str) -> dict:
        """The question as a person sees it."""
        return control.approval(self.world, question)

    def approve(self, question: str, **decision) -> dict:
        """A person's yes."""
        return control.approve(self.world, question, **decision)

    def ended(self, question: str) -> dict:
        """What became of a run, as its session sees it."""
        return self.inside.ask("GET", f"/runs/{question}?wait_s=30").ok()

    def results(self, *acknowledge) -> list:
        """The results that were not collected yet."""
        body = {"acknowledge": list(acknowledge)} if acknowledge else {}
        return self.inside.ask("POST", "/results", body).ok()["results"]

    def interrupted(self, question: str, name: str, times: int) -> None:
        """It failed with `interrupted`, was made `times` times, and is made no more, whatever is done."""
        run = self.ended(question)
        assert run["state"] == "failed" and run["outcome"]["code"] == "interrupted", run
        assert run["outcome"]["message"], "nobody is told that it may have happened"
        assert control.ask(self.world, "POST", f"/approvals/{question}/approve", {}).status == 409
        self.killed()
        assert self.approval(question)["state"] == "failed" and self.site.made[name] == times
        given, = self.results()
        assert given["id"] == question and given["state"] == "failed" and self.results(question) == []

    def once(self, question: str, name: str) -> None:
        """It ran once, its result is there, and collected once."""
        run = self.ended(question)
        assert run["state"] == "succeeded" and f'"name": "{name}"' in run["outcome"]["body"], run
        given, = self.results()
        assert given["id"] == question and given["outcome"]["body"] == run["outcome"]["body"]
        assert self.results(question) == [] and self.site.made[name] == 1


@pytest.fixture
def scene(ordinary):
    """The scene, whose sandbox ends well."""
    made = Scene(ordinary)
    yield made
    made.inside.end()


def test_when_the_question_was_made(scene):
    """A question is lost or asked a second time, or what was asked is another thing afterwards."""
    question = scene.asked("a")
    before = scene.approval(question)
    scene.killed()
    assert scene.approval(question) == before and before["state"] == "pending"
    assert scene.asked("a") == question, "the same call asks again"
    assert [one["id"] for one in control.waiting(scene.world)] == [question]
    scene.approve(question)
    scene.once(question, "a")


def test_when_the_question_was_on_its_way(scene):
    """A call whose answer was lost asks twice when it is repeated, or is not asked at all."""
    scene.freeze()
    begun = scene.sends({"tool": "thing", "operation": "make", "arguments": {"name": "a"}, "key": "K"}, "/runs")
    scene.kill()
    scene.lost(begun)
    scene.back()
    question = scene.asked("a")
    assert [one["id"] for one in control.ask(scene.world, "GET", "/approvals?state=all").ok()["approvals"]] == [question]
    scene.approve(question)
    scene.once(question, "a")


def test_while_what_is_shown_is_fetched(scene):
    """A kill while a preview is fetched loses the question, or answers it."""
    scene.site.hold(Things.LOOKED)
    question = scene.asked("a", operation="mend")
    scene.site.reached(Things.LOOKED)
    scene.kill()
    scene.site.let_go(Things.LOOKED)
    scene.back()
    assert scene.approval(question)["state"] == "pending" and scene.site.made["a"] == 0
    scene.approve(question)
    scene.once(question, "a")


def test_when_it_was_shown(scene):
    """What a person was shown is another thing after a kill."""
    question = scene.asked("a", operation="mend")
    shown = process.eventually(lambda: (one := scene.approval(question))["preview"] and one, "the preview is there")
    scene.killed()
    assert scene.approval(question) == shown
    scene.approve(question)
    scene.once(question, "a")


def test_when_the_answer_was_on_its_way(scene):
    """A decision that was never taken counts, or the question is lost with it."""
    question = scene.asked("a")
    scene.freeze()
    with control.connect(scene.world) as lost:
        lost.sendall(f"POST /v1/approvals/{question}/approve HTTP/1.1\r\nHost: aileron\r\n\r\n".encode())
        scene.kill()
    scene.back()
    assert scene.approval(question)["state"] == "pending" and scene.site.made["a"] == 0
    scene.approve(question)
    scene.once(question, "a")


def test_when_it_was_decided_and_not_begun(scene):
    """A yes that could not be carried out yet is lost with the daemon, or carried out more than once."""
    question = scene.asked("a")
    process.freeze(scene.inside.child.pid)  # the launcher cannot bring the session back
    scene.kill()
    scene.world.json("approvals", "list")  # starts a daemon
    assert scene.approve(question)["state"] == "approved"
    scene.kill()
    scene.world.json("approvals", "list")
    decided = scene.approval(question)
    assert decided["state"] == "approved" and decided["decided_by"] and scene.site.made["a"] == 0
    process.thaw(scene.inside.child.pid)
    scene.back()
    scene.once(question, "a")


def test_when_it_was_denied(scene):
    """A no is forgotten, or its reason is."""
    question = scene.asked("a")
    control.deny(scene.world, question, reason="not this one")
    scene.killed()
    run = scene.ended(question)
    assert run["state"] == "denied" and run["reason"] == "not this one"
    again = make(scene.inside, "a", "K")
    assert again.code == "approval_denied" or again.ok()["state"] == "denied"
    assert scene.site.made["a"] == 0 and control.waiting(scene.world) == []


def test_when_it_was_claimed_and_not_sent(scene):
    """What was begun and had not reached the site is run again by itself, or seems to be open for ever."""
    question = scene.asked("a")
    process.freeze(scene.world.worker())
    scene.approve(question)
    process.eventually(lambda: scene.approval(question)["state"] == "running", "it was begun")
    scene.killed()
    scene.interrupted(question, "a", 0)


@pytest.mark.parametrize("step", [Things.ASKED, Things.HALF])
def test_when_the_site_has_it(scene, step):
    """What a site was asked when the daemon died is asked for again."""
    question = scene.asked("a")
    scene.site.hold(step)
    scene.approve(question)
    scene.site.reached(step)
    assert scene.approval(question)["state"] == "running"
    scene.killed()
    scene.site.let_go(step)
    scene.interrupted(question, "a", 1)


def test_when_the_site_has_answered_and_nothing_is_stored(scene):
    """An answer that was not stored is fetched by asking the site once more."""
    question = scene.asked("a")
    scene.site.hold(Things.ASKED)
    scene.approve(question)
    scene.site.reached(Things.ASKED)
    scene.freeze()
    scene.site.let_go(Things.ASKED)
    scene.site.reached(Things.DONE)
    scene.killed()
    scene.interrupted(question, "a", 1)


def test_when_the_result_was_stored(scene):
    """A result is lost, changed, or given twice."""
    question = scene.asked("a")
    scene.approve(question)
    before = scene.ended(question)
    scene.killed()
    assert scene.ended(question) == before
    scene.killed()
    scene.once(question, "a")


def test_when_a_result_was_given_and_not_acknowledged(scene):
    """A result whose acknowledgement was lost is not given again."""
    question = scene.asked("a")
    scene.approve(question)
    scene.ended(question)
    given = scene.results()
    scene.freeze()
    begun = scene.sends({"acknowledge": [question]}, "/results")
    scene.kill()
    scene.lost(begun)
    scene.back()
    assert scene.results() == given
    scene.once(question, "a")


def test_when_a_result_was_acknowledged(scene):
    """A result comes again after it was acknowledged, or what it is of runs again."""
    question = scene.asked("a")
    scene.approve(question)
    scene.once(question, "a")
    scene.killed()
    assert scene.results() == [] and scene.site.made["a"] == 1
    assert scene.approval(question)["state"] == "succeeded"


def test_a_counted_yes_is_counted_over_kills(scene):
    """A yes for three holds for more, or for less, when the daemon dies in between."""
    first = scene.asked("a", "A")
    scene.approve(first, scope={"kind": "times", "times": 3})
    assert scene.ended(first)["state"] == "succeeded"
    for name in ("b", "c"):
        scene.killed()
        assert make(scene.inside, name, name, wait_s=30).ok()["state"] == "succeeded"
    scene.killed()
    assert make(scene.inside, "d", "d").ok(202)["state"] == "pending"
    assert dict(scene.site.made) == {"a": 1, "b": 1, "c": 1}


def test_a_call_that_was_left_is_come_back_to(scene):
    """A call that a tool left to wait cannot be waited for after a kill, or is made twice."""
    calls = {name: scene.inside.run(f"thing make --name {name} --no-wait") for name in ("yes", "no")}
    assert [call.rc for call in calls.values()] == [75, 75]
    questions = {name: call.out.strip() for name, call in calls.items()}
    for _ in range(2):
        scene.killed()
        assert sorted(one["id"] for one in control.waiting(scene.world)) == sorted(questions.values())
    scene.approve(questions["yes"])
    control.deny(scene.world, questions["no"], reason="never")
    done, refused = (scene.inside.run(f"aileron wait {questions[name]}") for name in ("yes", "no"))
    assert done.rc == 0 and '"name": "yes"' in done.out, done.describe()
    assert refused.rc == 77 and "never" in refused.err, refused.describe()
    assert dict(scene.site.made) == {"yes": 1}


def test_kills_among_many(scene):
    """Among many operations a kill loses one, runs one twice, or a watcher misses a change or sees it twice."""
    names = [f"n{number}" for number in range(24)]
    asked = {name: scene.asked(name, name) for name in names}
    kills = 0
    for number, name in enumerate(names):
        scene.approve(asked[name])
        if number % 6 == 5:  # what was approved last is somewhere on its way
            scene.killed()
            kills += 1
    for name in names:
        run = scene.ended(asked[name])
        times = scene.site.made[name]
        assert (run["state"], times) == ("succeeded", 1) or (
            run["state"] == "failed" and run["outcome"]["code"] == "interrupted" and times <= 1), (run, times)
    assert kills == 4 and {one["id"] for one in scene.results()} == set(asked.values())
    changes = {question: [] for question in asked.values()}
    with control.Stream(scene.world, "/approvals/stream?after_seq=0") as stream:
        numbers = []
        while not all(any(change in ("succeeded", "failed") for change in seen) for seen in changes.values()):
            change, number, data = next(stream)
            numbers.append(int(number))
            changes[data["approval"]["id"]].append(change)
    assert numbers == sorted(set(numbers))
    for seen in changes.values():
        assert seen in (["asked", "approved", "began", "succeeded"], ["asked", "approved", "began", "failed"]), seen


def _same(scene, state: str, times: int) -> None:
    """The same call again is told what became of it, and nobody is asked a second time."""
    again = make(scene.inside, "a", "K")
    assert again.ok()["state"] == state, "the call that there was is not known any more"
    assert control.waiting(scene.world) == [] and scene.site.made["a"] == times


@pytest.mark.parametrize("step", [None, Things.ASKED])
def test_the_same_call_after_a_kill_is_told_that_it_was_interrupted(scene, step):
    """A call that is repeated after a kill is asked about anew, although it may have happened."""
    question = scene.asked("a")
    if step:
        scene.site.hold(step)
    else:
        process.freeze(scene.world.worker())
    scene.approve(question)
    process.eventually(lambda: scene.approval(question)["state"] == "running", "it was begun")
    if step:
        scene.site.reached(step)
    scene.killed()
    if step:
        scene.site.let_go(step)
    _same(scene, "failed", 1 if step else 0)


def test_the_same_call_after_a_kill_is_given_its_result(scene):
    """A call whose answer was lost with the daemon is asked about anew, and made twice by a second yes."""
    question = scene.asked("a")
    scene.approve(question)
    scene.ended(question)
    _same(scene, "succeeded", 1)  # the canary: so it is while the daemon lives
    scene.killed()
    _same(scene, "succeeded", 1)


def test_a_tool_that_waits_goes_on(scene):
    """A tool that waits for a person ends with the daemon, or its call is made twice."""
    tools = {name: scene.inside.start(f"thing make --name {name}") for name in ("yes", "no")}
    rows = process.eventually(lambda: len(found := control.waiting(scene.world)) == 2 and found, "both ask")
    questions = {row["fields"][0]["value"]: row["id"] for row in rows}
    for _ in range(3):
        scene.killed()
    assert not [name for name, tool in tools.items() if scene.inside.done(tool)], "a tool has given up"
    scene.approve(questions["yes"])
    control.deny(scene.world, questions["no"], reason="never")
    done, refused = scene.inside.finish(tools["yes"]), scene.inside.finish(tools["no"])
    assert done.rc == 0 and '"name": "yes"' in done.out, done.describe()
    assert refused.rc == 77 and "never" in refused.err, refused.describe()
    assert dict(scene.site.made) == {"yes": 1}


def test_a_tool_is_told_that_its_call_was_interrupted(scene):
    """A tool whose call was under way when the daemon died asks for it anew, or says that all is well."""
    scene.site.hold(Things.ASKED)
    tool = scene.inside.start("thing make --name a")
    question, = process.eventually(lambda: control.waiting(scene.world), "it asks")
    scene.approve(question["id"])
    scene.site.reached(Things.ASKED)
    scene.killed()
    scene.site.let_go(Things.ASKED)
    process.eventually(lambda: scene.inside.done(tool) or control.waiting(scene.world), "the tool has tried again")
    assert control.waiting(scene.world) == [], "a person is asked again about what may have happened"
    told = scene.inside.finish(tool)
    assert told.rc not in (0, 64, 75, 77) and "interrupted" in told.err.lower(), told.describe()
    assert scene.site.made["a"] == 1
