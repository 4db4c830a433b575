"""Attackers on what a person reads: control characters, hidden and turned text, look-alike hosts, in each thing that is
shown before an answer."""

import json
import os
import subprocess

import pytest

from lib import binary, control, process, terminal, things
from lib.inside import Inside
from lib.things import Things

# What moves a cursor, paints, links, turns, hides or joins; none of it may reach a person as it is.
TRICKS = {
    "clear": "\x1b[2J\x1b[1;1H", "colour": "\x1b[8m", "title": "\x1b]0;x\x07", "link": "\x1b]8;;http://e\x1b\\",
    "reset": "\x1bc\x1b#8\x1bP0q\x1b\\", "c1": "\x9b2J", "back": "\b\b\b", "return": "\rno", "line": "\n\napproval  fine",
    "tab": "\t\t", "delete": "\x7f", "null": "\x00", "bell": "\x07", "override": "\u202e",
    "isolate": "\u2066\u2067\u2068\u2069", "marks": "\u200e\u200f\u061c", "zero": "\u200b\u200c\u200d\u2060", "bom": "\ufeff",
    "soft": "\u00ad", "separators": "\u2028\u2029", "tags": "\U000e0061\U000e007f", "variation": "\ufe0f\U000e0100",
    "filler": "\u3164\u115f\uffa0", "annotation": "\ufff9\ufffa\ufffb", "grapheme": "\u034f",
    "invisible": "\u2062\u2063\u2064"}
ALL = "".join(f"<{trick}>" for trick in TRICKS.values())


def _hidden(text: str, layout: str = "") -> set:
    """The characters of the tricks that stand in `text`, but for those that the layout itself is made of."""
    return {one for one in "".join(TRICKS.values()) if not " " <= one <= "~" and one not in layout} & set(text)


def _shown_texts(value) -> list:
    """All texts in a JSON value, names included; a preview may have lines, and what can be edited is as it is."""
    if isinstance(value, dict):
        lines = str.maketrans("\n\t", "  ")
        return [text for key, one in value.items() for text in
                [key, *_shown_texts(one.translate(lines) if key == "preview" else one)] if key != "inputs"]
    if isinstance(value, list):
        return [text for one in value for text in _shown_texts(one)]
    return [value] if isinstance(value, str) else []


def _on_a_terminal(world, *arguments) -> str:
    """What a person's terminal gets of a command."""
    screen = terminal.open_in(world, [binary.path(), *arguments], rows=60, columns=160)
    screen.wait()
    screen.read(0)
    return screen.text


@pytest.fixture
def scene(ordinary):
    """A world with the things' site and a sandbox."""
    ordinary.things = Things(ordinary)
    ordinary.inside = Inside(ordinary)
    yield ordinary
    ordinary.inside.end()


def _ask(scene, operation: str, arguments: dict) -> str:
    return scene.inside.call("thing", operation, arguments, "K").ok(202)["id"]


def _check(scene, question: str, *marks: str) -> None:
    """What is shown of a question by every surface holds no trick, and holds the marks."""
    shown = control.approval(scene, question)
    for text in _shown_texts(shown):
        assert not _hidden(text), (_hidden(text), text)
    with control.Stream(scene, "/approvals/stream?after_seq=0") as stream:
        for text in _shown_texts(next(stream)[2]):
            assert not _hidden(text), text
    printed = {" ".join(words): scene.aileron("approvals", *words).ok().out
               for words in (["list"], ["show", question], ["list", "--json"], ["show", question, "--json"])}
    for words in (["list"], ["show", question]):
        printed[f"terminal {words[0]}"] = _on_a_terminal(scene, "approvals", *words)
    for surface, text in printed.items():
        layout = "\n" + ("\r\x1b" if surface.startswith("terminal") else "")
        assert not _hidden(text, layout), (surface, _hidden(text, layout), text)
        for trick in ("\x1b[2J", "\x1b[8m", "\x1b]", "\x1bc", "\x1bP", "\x1b[1;1H"):
            assert trick not in text, (surface, text)
    everything = json.dumps(shown, ensure_ascii=False)
    for mark in marks:
        assert mark in everything, (mark, everything)


def test_a_value_hides_nothing_from_the_person(scene):
    """A value of a call moves the person's cursor, turns or hides text; or what ran is not what it stood for."""
    question = _ask(scene, "make", {"name": "begin" + ALL + "end", "note": ALL})
    _check(scene, question, "begin", "end", "\\u202e", "\\u200b", "\\x1b")
    control.approve(scene, question)
    assert scene.inside.ask("GET", f"/runs/{question}?wait_s=30").ok()["state"] == "succeeded"
    assert scene.things.made["begin" + ALL + "end"] == 1, "the canary: the tricks were really in it"


def test_each_trick_alone_is_written_out(scene):
    """A trick is dropped silently, so that the person reads another text than what is sent."""
    for name, trick in TRICKS.items():
        answer = scene.inside.call("thing", "make", {"name": f"a{trick}b"}, name)
        value, = [one["value"] for one in control.approval(scene, answer.ok(202)["id"])["fields"]]
        assert not _hidden(value) and value != "ab" and value.startswith("a") and value.endswith("b"), (name, value)
        assert len(value) > 3, (name, value)
        control.deny(scene, answer.value['id'])


def test_a_long_value_says_that_it_is_longer(scene):
    """A person reads the harmless beginning of a value and is not told that there is more."""
    run = scene.inside.call("thing", "make", {"name": "harmless " + " " * 50_000 + "harm", "note": "short"}, "K").ok(202)
    shown = control.approval(scene, run['id'])
    fields = {one["name"]: one["value"] for one in shown["fields"]}
    value = fields["name"]
    assert value.endswith("harm") or any(sign in value[-60:] for sign in ("…", "...", "more", "50")), value[-100:]
    assert len(value) < 20_000 and len(shown["title"]) < 1000 and fields["note"] == "short"


def test_a_preview_hides_nothing_from_the_person(scene):
    """A site's answer, shown as a preview, moves the person's cursor or hides text."""
    scene.things.site.routes["/look"] = lambda request: request.answer(("seen" + ALL).encode(), kind="text/plain")
    question = _ask(scene, "mend", {"name": "x"})
    control.previewed(scene, question)
    _check(scene, question, "seen", "\\u202e")
    scene.things.site.routes["/look"] = lambda request: request.answer("one\n\na yes opens   nothing\napproval      no\n")
    other = scene.inside.call("thing", "mend", {"name": "y"}, "L").ok(202)["id"]
    control.previewed(scene, other)
    printed = scene.aileron("approvals", "show", other).ok().out
    assert "a yes opens   nothing" in printed, "the canary: it is shown"
    assert [line for line in printed.splitlines() if line.startswith(("a yes opens   nothing", "approval      no"))] == []


def test_who_asks_hides_nothing_from_the_person(ordinary):
    """The name of the agent or the project's folder moves the person's cursor or hides text."""
    ordinary.things = Things(ordinary)
    folder = os.path.join(ordinary.root, "ws", "pro\x1b[2J\u202eject\nx")
    os.mkdir(folder)
    ordinary.give(folder)
    script = "#!/bin/sh\nexec thing make --name x --no-wait\n"
    agent = ordinary.write(os.path.join(folder, "ag\x1b[2J\u202eent"), script, 0o755)
    ordinary.run(*ordinary.launch_line([agent]), cwd=folder)
    asked = control.ask(ordinary, "GET", "/approvals?state=all").ok()["approvals"]
    assert asked, "the canary: it has asked"
    _check(ordinary, asked[0]["id"], "ject", "ent")
    for words in (["session", "list", "--all"], ["status"], ["audit", "list"]):
        text = _on_a_terminal(ordinary, *words)
        assert "\x1b[2J" not in text and "\u202e" not in text, (words, text)


@pytest.mark.parametrize("place, old, new", [
    ("summary", "summary: Make a thing", 'summary: "Make {}"'), ("tool", "summary: Make things", 'summary: "Make {}"'),
    ("connector", "summary: Things that are made", 'summary: "Things {}"'),
    ("description", "    summary: Mend a thing\n", '    summary: Mend a thing\n    description: "{}"\n'),
    ("input", "{name: note, type: string, where: body}", '{name: note, type: string, where: body, description: "{}"}'),
    ("example", "{name: note, type: string, where: body}", '{name: note, type: string, where: body, example: "{}"}'),
    ("host", "hosts: [thing.test]", 'hosts: ["thing{}.test"]'), ("name", "{name: thing,", '{name: "thing{}",'),
    ("version", 'version: "1"', 'version: "1{}"')])
def test_a_spec_hides_nothing_from_who_installs_or_calls_it(ordinary, place, old, new):
    """Text of a spec moves a cursor, or hides text, when it is installed, listed, searched or explained."""
    ordinary.site(things.HOST, allow=False)
    assert old in things.SPEC, "the canary: the place is there"
    for number, name in enumerate(("clear", "override", "zero", "tags", "c1")):
        text = things.SPEC.replace(old, new.replace("{}", json.dumps("x" + TRICKS[name] + "y")[1:-1]))
        path = ordinary.write(f"{place}{number}.yaml", text)
        checked = ordinary.aileron("connector", "check", path)
        added = ordinary.aileron("connector", "add", path, "--yes")
        outputs = [checked.out + checked.err + added.out + added.err]
        assert checked.rc == added.rc or added.rc != 0
        if added.rc == 0:
            script = ("aileron tools; aileron tools search make a thing; thing --help; thing make --help; "
                      "thing mend --help; cat /run/aileron/tools.txt")
            outputs += [ordinary.shell(script).ok().out, ordinary.aileron("connector", "list").ok().out]
            outputs.append(_on_a_terminal(ordinary, *ordinary.launch_line(["sh", "-c", script])[1:]))
        for text in outputs:
            assert not _hidden(text, "\n\r\x1b"), (place, name, _hidden(text, "\n\r\x1b"), text)
            assert "\x1b[2J" not in text, (place, name, text)


def _asked_hosts(world) -> list:
    return [one["title"] for one in control.waiting(world)]


def test_a_look_alike_host_looks_different(ordinary):
    """A host that looks like a known one is shown as that one, or a yes to one opens the other."""
    site = ordinary.site("bank.test", "xn--bnk-7cd.test", "bank.test.evil.test", allow=False)
    inside = Inside(ordinary, "--hold", "0s")
    fetch = "curl -sS -o /dev/null -w '%{{http_code}}' https://{}/"
    long = "bank.test." + "a" * 60 + "." + "b" * 60 + ".evil.test"
    for host in ("xn--bnk-7cd.test", "b\u0430nk.test", "bank.test.evil.test", long, "BANK.TEST", "bank.test."):
        inside.run(fetch.format(host))
    titles = _asked_hosts(ordinary)
    for title in titles:
        assert title.isascii(), title
    assert "connect to bank.test:443" in titles and "connect to bank.test.evil.test:443" in titles, titles
    assert [title for title in titles if "xn--" in title and "bank" not in title], titles
    assert [title for title in titles if "connect to bank.test.aaa" in title and "evil.test:443" in title], titles
    real, = [one for one in control.waiting(ordinary) if one["title"].lower() == "connect to bank.test:443"]
    control.approve(ordinary, real['id'], scope={"kind": "session"})
    assert inside.run(fetch.format("bank.test")).out == "200", "the canary: the yes opens the host it was for"
    for other in ("xn--bnk-7cd.test", "bank.test.evil.test", "sub.bank.test", "bank.test:8443"):
        assert inside.run(fetch.format(other)).out != "200", other
    assert {one.header("Host")[0] for one in site.seen()} == {"bank.test"}
    inside.end()


def test_a_host_name_hides_nothing_from_the_person(ordinary):
    """A host with control characters, credentials or an encoded dot is asked about as another one."""
    program = ordinary.write("ask.py", (
        "import os, socket, sys, urllib.parse as u\n"
        "where = u.urlsplit(os.environ['HTTP_PROXY'])\n"
        "for host in (b'ba\\x1b[2Jnk.test', b'b\\xd0\\xb0nk.test', b'bank.test\\x00.evil.test', b'bank%2etest',\n"
        "             b'user@bank.test', b'bank.test@evil.test', b'bank.test\\xe2\\x80\\xae', b'bank\\xc2\\xad.test', b'-.test',\n"
        "             b'bank.test#.evil.test', b'bank..test', b'bank.test/.evil.test', b'bank.test:443:443', b'bank test'):\n"
        "    for line in (b'CONNECT ' + host + b':443 HTTP/1.1', b'GET http://' + host + b'/ HTTP/1.1'):\n"
        "        with socket.create_connection((where.hostname, where.port), 10) as opened:\n"
        "            opened.sendall(line + b'\\r\\nHost: ' + host + b'\\r\\n\\r\\n')\n"
        "            sys.stdout.buffer.write(host + b' ' + opened.recv(4096)[:12] + b'\\n')\n"))
    inside = Inside(ordinary, "--hold", "0s")
    inside.run(f"/usr/bin/python3 {program}").ok()
    inside.run("curl -sS -o /dev/null https://canary.test/")
    titles = _asked_hosts(ordinary)
    assert "connect to canary.test:443" in titles, "the canary: a host is asked about"
    for title in titles:
        assert title.isascii() and title.isprintable() and not set("%@#") & set(title), title
        assert title.split(":")[0].removeprefix("connect to ") not in ("bank.test", "bank..test", "-.test"), titles
    printed = _on_a_terminal(ordinary, "approvals", "list")
    assert not _hidden(printed, "\n\r\x1b") and "\x1b[2J" not in printed
    inside.end()


def test_the_prompt_shows_what_is_asked_and_no_more(scene):
    """The prompt with single keys is redrawn, or answered, by the text of a question."""
    question = _ask(scene, "make", {"name": "begin" + ALL + "end"})
    screen = terminal.open_in(scene, [binary.path(), "approvals", "watch"], rows=50, columns=120)
    text = screen.expect(r"(?s)(.*)yes, once").group(1)
    assert not _hidden(text, "\n\r\x1b") and "\\u202e" in text, text
    for trick in ("\x1b[8m", "\x1b]", "\x1bc", "\x1bP"):
        assert trick not in text, text
    screen.send("n")
    process.eventually(lambda: control.approval(scene, question)["state"] == "denied", "it is denied")
    screen.send("\x03")
    screen.wait()


def test_canary_the_tricks_are_seen_on_a_terminal(world):
    """The attacker cannot see success: what a program prints as it is does not reach the terminal of the test."""
    path = world.write("all", ALL)
    screen = terminal.open_in(world, ["cat", path])
    screen.expect("begin|\x1b\\[2J")
    screen.wait()
    result = subprocess.run(["cat", path], capture_output=True, check=True)
    assert _hidden(result.stdout.decode(), "\n\r\x1b")


def test_a_value_cannot_be_taken_for_what_stands_for_another(scene):
    """Two values are shown as the same text, so that a yes to the one is had for the other."""
    shown = {}
    for number, value in enumerate(("a\x1bb", "a\\x1bb", "a\u202eb", "a\\u202eb", "a\nb", "a\\x0ab", "a\\b", "a\\\\b", "ab")):
        run = scene.inside.call("thing", "make", {"name": value}, f"k{number}").ok(202)
        field, = control.approval(scene, run["id"])["fields"]
        assert field["value"] not in shown, f"{value!r} is shown as {shown[field['value']]!r} is: {field['value']}"
        shown[field["value"]] = value


def test_characters_that_mean_nothing_are_written_out(scene):
    """A character of private use, or none at all, is shown as whatever a font makes of it, which may be nothing."""
    for number, trick in enumerate(("\ue000", "\U000f0000", "\U0010fffd", "\ufdd0", "\uffff")):
        answer = scene.inside.call("thing", "make", {"name": f"a{trick}b"}, f"k{number}").ok(202)
        field, = control.approval(scene, answer["id"])["fields"]
        assert trick not in field["value"], ascii(trick)
