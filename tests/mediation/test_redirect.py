"""Rules that redirect: another command runs in the place of the one that was meant, and says so."""

import json
import os

import pytest

from lib import commands

_REASON = "pushes are rehearsed here"
_DRY = ["echo", "rehearsed", "**"]


def _rules(world, *rules) -> None:
    """The user's policy."""
    text = json.dumps({"version": 1, "commands": list(rules)})
    world.write(os.path.join(world.config, "aileron", "policy.yaml"), text, 0o600)


def _redirect(command: str, *to: str, **more) -> dict:
    return {"command": command, "action": "redirect", "redirect": list(to), **more}


@pytest.fixture
def pushing(any_world):
    """A world with a repository that could be pushed to, and where pushes become rehearsals."""
    for line in ("init -q --bare -b main remote.git", "init -q -b main .", "remote add origin remote.git",
                 "-c user.name=a -c user.email=a@b commit -q --allow-empty -m first"):
        any_world.run("git", *line.split()).ok()
    _rules(any_world, _redirect("git push", *_DRY, reason=_REASON))
    return any_world


def _pushed(world) -> bool:
    return world.run("git", "--git-dir", "remote.git", "branch").ok().out != ""


def test_canary_without_the_rule_it_pushes(pushing):
    """The attempts push nothing anyway."""
    _rules(pushing)
    pushing.shell("sh -c 'env A=1 git -c color.ui=never push origin main'").ok()
    assert _pushed(pushing)


@pytest.mark.parametrize("line", [
    "git push origin main", "git -c color.ui=never push origin main", "env A=1 nice git push origin main",
    "sh -c 'git push origin main'", "/usr/bin/git push origin main", "echo git push origin main | sh",
    "xargs git push < words", "find words -exec git push origin main ;", "timeout 20 git push origin main",
    "python3 -c 'import os; os.execvp(\"git\", [\"git\", \"push\", \"origin\", \"main\"])'"])
def test_every_spelling_runs_the_other_command(pushing, line):
    """A push in another spelling pushes, loses its words, or does not say what ran instead."""
    pushing.write("words", "origin main\n")
    result = pushing.shell(line.replace(" ;", " ';'")).ok()
    assert not _pushed(pushing), result.describe()
    assert result.out.startswith("rehearsed ") and result.out.endswith("push origin main\n"), result.describe()
    assert _REASON in result.err and '"echo rehearsed' in result.err, result.describe()
    told, = commands.records(pushing, "redirect")
    assert told["rule"] == "policy.yaml:1" and told["path"].endswith("/git") and "push origin main" in told["detail"]


def test_a_command_may_lead_to_itself_with_other_words(pushing):
    """A push that becomes one with --dry-run pushes, or becomes one again."""
    _rules(pushing, _redirect("git push", "git", "push", "--dry-run", "origin", "main"))
    assert "main -> main" in pushing.shell("git push --force origin main").ok().err
    assert not _pushed(pushing)


def test_the_other_command_is_in_the_place_of_the_first(any_world):
    """It has another input, environment, folder, process or exit code than the one that was meant."""
    _rules(any_world, _redirect("/usr/bin/true", "sh", "-c", "cat; pwd; echo $MARK $# $$ \"$0\" \"$1\"; exit 7", "**"))
    any_world.write("sub/x", "")
    script = ("cd sub; echo input | MARK=set /usr/bin/true 'a b' c; echo code $?; echo body > in; "
              "exec 3< in; sh -c 'echo $$; exec /usr/bin/true x y <&3' ")
    result = any_world.shell(script, flags=["--env", "MARK=not"])
    lines = result.out.splitlines()
    assert lines[0] == "input" and lines[1].endswith("/sub"), result.describe()
    assert lines[2].split()[:2] == ["set", "1"] and lines[2].endswith(" a b c"), result.describe()
    assert lines[3] == "code 7"
    number = lines[4]
    assert lines[5] == "body" and lines[7] == f"not 1 {number} x y" and result.rc == 7, result.describe()


def test_no_words_of_the_first_go_along_unless_asked_for(any_world):
    """Without "**" the words of the first command reach the other."""
    _rules(any_world, _redirect("touch", "printf", "%s.", "one", "two"))
    result = any_world.shell("touch forbidden 'a b'").ok()
    assert result.out == "one.two." and not commands.breached(any_world)


def test_what_it_leads_to_is_judged(any_world):
    """A rule that redirects runs what another rule denies or asks about, or goes round in a circle."""
    _rules(any_world, _redirect("touch", "mkdir", "**"), {"command": "mkdir", "action": "deny", "reason": "no folders"},
           _redirect("head", "tail", "**"), _redirect("tail", "head", "**"), {"command": "touch asked", "action": "ask"})
    denied = any_world.shell("touch forbidden")
    assert denied.rc == 126 and "no folders" in denied.err and os.listdir(any_world.workspace) == []
    assert any_world.shell("touch asked", flags=["--unattended"]).rc == 126
    any_world.write("x", "one\n")
    around = any_world.shell("timeout 20 head -n1 x")
    assert around.rc in (0, 126), around.describe()


def test_where_the_other_command_is_missing_nothing_runs(any_world):
    """Without the other program the first one runs after all."""
    _rules(any_world, _redirect("touch", "no-such-program", "**"))
    result = any_world.shell("touch forbidden")
    assert result.rc in (126, 127) and "no-such-program" in result.err, result.describe()
    assert not commands.breached(any_world)


def test_a_script_is_redirected_too(any_world):
    """A command that is a script runs as itself."""
    any_world.write("bin/deploy", "#!/bin/sh\ntouch forbidden\n", 0o755)
    _rules(any_world, _redirect("deploy", "echo", "rehearsed", "**"))
    result = any_world.shell("bin/deploy --all; sh bin/deploy; PATH=$PWD/bin:$PATH env deploy now").ok()
    assert result.out.split("\n") == ["rehearsed --all", "rehearsed now", ""] or commands.breached(any_world), result.describe()
