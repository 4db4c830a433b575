"""A person changes what may be changed before they say yes: by flags, as JSON, and in their editor."""

import json
import os
import subprocess

import pytest

from lib import binary, process
from lib.terminal import open_in

HOST = "api.github.com"
_CONNECTOR = binary.REPOSITORY / "connectors" / "github-issues.yaml"


@pytest.fixture
def github(any_world):
    """A world with a stand-in for GitHub and its connector, whose comments may be edited."""
    site = any_world.site(HOST, allow=False)
    site.routes["/repos/o/r/issues/1"] = lambda request: request.answer_json({"title": "the old title"})
    site.routes["/repos/o/r/issues/1/comments"] = lambda request: request.answer_json({"id": 7}, 201)
    any_world.unlock()
    any_world.secret("token/github", "ghp_secret")
    any_world.bind({"name": "issues", "host": HOST, "scheme": "bearer", "credential": "token/github"})
    any_world.aileron("connector", "add", str(_CONNECTOR), "--yes").ok()
    any_world.github = site
    return any_world


def _comment(world, body: str = "Me too") -> subprocess.Popen:
    return world.launch_start("github-issues", "comments.create", "--owner", "o", "--repo", "r", "--issue-number", "1",
                              "--body", body, flags=["--hold", "60s"])


def _question(world) -> dict:
    one, = process.eventually(lambda: world.json("approvals", "list"), "a question waits")
    return process.eventually(lambda: (shown := world.json("approvals", "show", one["id"]))["preview"] and shown,
                              "its preview is there")


def _sent(world) -> dict:
    one, = process.eventually(lambda: world.github.seen("/repos/o/r/issues/1/comments"), "the call was made")
    return json.loads(one.body)


def _end(child) -> None:
    assert child.wait(process.PATIENCE) in (0, 75)


def test_show_tells_what_may_be_changed_and_what_is_sent_besides(github):
    """A person does not see which arguments they may change, their values, or the headers of the spec."""
    child = _comment(github)
    question = _question(github)
    assert question["inputs"] == [{"name": "body", "type": "string", "required": True, "allowed": [], "value": "Me too"}]
    fields = {field["name"]: field["value"] for field in question["fields"]}
    assert "X-GitHub-Api-Version: " in fields["fixed headers"] and fields["owner"] == "o"
    text = github.aileron("approvals", "show", question["id"]).ok().out
    assert "can change    body" in text and "waits for " in text and "a yes opens   one call" in text
    github.aileron("approvals", "deny", question["id"]).ok()
    child.wait(process.PATIENCE)


@pytest.mark.parametrize("flags, data", [(["--set", "body=Not me = you"], None),
                                         (["--args", '{"body": "Not me = you"}'], None),
                                         (["--args", "-"], b'{"body": "Not me = you"}'),
                                         (["--args", '{"body": "x"}', "--set", "body=Not me = you"], None)])
def test_an_argument_is_changed_on_the_command_line(github, flags, data):
    """What was set is not what is sent, or the change is not kept."""
    child = _comment(github)
    question = _question(github)
    github.aileron("approvals", "approve", question["id"][-6:], *flags, data=data).ok()
    assert _sent(github) == {"body": "Not me = you"}
    assert github.json("approvals", "show", question["id"])["edited"] == ["body"]
    _end(child)


def test_what_may_not_be_changed_or_is_no_value_is_refused_by_name(github):
    """A wrong change is sent, approves unchanged, or is refused without a name."""
    child = _comment(github)
    question = _question(github)
    for flags, words in ((["--set", "owner=me"], '"owner" cannot be changed'), (["--set", "boddy=x"], 'mean "body"'),
                         (["--set", "body"], "NAME=VALUE"), (["--args", "[1]"], "not a JSON object"),
                         (["--args", '{"owner": "me"}'], '"owner" cannot be changed')):
        result = github.aileron("approvals", "approve", question["id"], *flags)
        assert result.rc == 64 and words in result.err, result.describe()
    result = github.aileron("approvals", "approve", question["id"], "--args", '{"body": 7}')
    assert result.rc != 0 and '"body"' in result.err, result.describe()
    several = github.aileron("approvals", "approve", question["id"], question["id"], "--set", "body=x")
    assert several.rc == 64 and "name one" in several.err
    assert _question(github)["state"] == "pending"
    assert not github.github.seen("/repos/o/r/issues/1/comments")
    github.aileron("approvals", "deny", question["id"]).ok()
    child.wait(process.PATIENCE)


def _editor(world, script: str) -> dict:
    """An environment whose editor is a shell script with the file's name in $1."""
    path = world.write(os.path.join(world.state, "editor"), f"#!/bin/sh\n{script}\n", 0o755)
    return {"EDITOR": path, "VISUAL": None}


class _Edited:
    """A world whose programs have an editor."""

    def __init__(self, world, env):
        self._world, self._env, self.servers = world, env, world.servers

    def arguments(self, argv):
        """As the world's."""
        return self._world.arguments(argv)

    def options(self):
        """The world's, with the editor."""
        return self._world.options(self._env)


def test_the_key_e_opens_an_editor_and_asks_again(github):
    """What was edited is not shown, sent without a yes, or stays in a file that others can read."""
    child = _comment(github)
    _question(github)
    noted = os.path.join(github.state, "noted")
    script = (f'stat -c "%a %n" "$1" > {noted}; stat -c %a "$(dirname "$1")" >> {noted}; cat "$1" >> {noted}\n'
              "sed -i 's/Me too/Edited by a person/' \"$1\"; touch \"$1.backup\"")
    screen = open_in(_Edited(github, _editor(github, script)), [binary.path(), "approvals", "watch"])
    screen.expect("the old title")  # the preview
    screen.expect("edit")
    screen.send("e")
    screen.expect(r'- body: "Me too"')
    screen.expect(r'\+ body: "Edited by a person"')
    screen.expect("yes, once")
    assert not github.github.seen("/repos/o/r/issues/1/comments")
    mode, folder, *text = github.read(noted).splitlines()
    mode, path = mode.split(" ", 1)
    assert mode == "600" and folder == "700" and json.loads("\n".join(text)) == {"body": "Me too"}
    assert not os.path.exists(os.path.dirname(path))
    screen.send("y")
    assert _sent(github) == {"body": "Edited by a person"}
    _end(child)
    screen.send("\x03")
    screen.wait()


@pytest.mark.parametrize("script, words", [("exit 3", "ended with 3"), ("echo '{' > \"$1\"", "not a JSON object"),
                                           ("echo '{\"owner\": \"me\"}' > \"$1\"", '"owner" cannot be changed')])
def test_an_editor_that_fails_changes_nothing(github, script, words):
    """Nonsense of an editor is sent, or ends the prompt."""
    child = _comment(github)
    question = _question(github)
    screen = open_in(_Edited(github, _editor(github, script)), [binary.path(), "approvals", "watch"])
    screen.expect("edit")
    screen.send("e")
    screen.expect(words)
    screen.expect("yes, once")
    screen.send("n")
    process.eventually(lambda: github.json("approvals", "show", question["id"])["state"] == "denied", "the no has come")
    assert not github.github.seen("/repos/o/r/issues/1/comments")
    child.wait(process.PATIENCE)
    screen.send("\x03")
    screen.wait()


def test_hidden_text_is_written_out_in_the_editor(github):
    """What an agent hid or turned is the same in the editor's file."""
    child = _comment(github, "safe \u202e evil \x1b[2J \u200b end")
    _question(github)
    noted = os.path.join(github.state, "noted")
    screen = open_in(_Edited(github, _editor(github, f'cp "$1" {noted}')), [binary.path(), "approvals", "watch"])
    screen.expect("edit")
    screen.send("e")
    text = process.eventually(lambda: os.path.exists(noted) and github.read(noted), "the editor ran")
    assert "\\u202e" in text and "\u202e" not in text and "\u200b" not in text and "\x1b" not in text, text
    screen.expect("yes, once")
    screen.send("y")
    assert _sent(github) == {"body": "safe \u202e evil \x1b[2J \u200b end"}, "what was not changed is sent as it was"
    _end(child)
    screen.send("\x03")
    screen.wait()
