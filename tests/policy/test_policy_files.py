"""Policy files on the command line: checked, explained, tested and compared, without a session."""

import json
import os

import pytest

from lib import binary

PROJECT = """version: 1
network:
  - host: api.github.com
    method: [POST, PUT, PATCH, DELETE]
    path: /repos/**
    action: ask
  - {host: "*.evil.example", action: deny}
  - {host: new.example, action: allow}
commands:
  - {command: git push --force, action: deny, reason: it rewrites what others have}
tests:
  - {request: "POST https://api.github.com/repos/o/r/issues", expect: ask}
  - {request: "GET https://api.github.com/user", expect: allow}
  - {command: [git, push, --force], expect: deny}
"""


@pytest.fixture
def project(world):
    """A world whose workspace has a policy."""
    world.write("aileron.yaml", PROJECT)
    return world


def user(world, text: str) -> str:
    """Writes the user's policy."""
    return world.write(os.path.join(world.config, "aileron", "policy.yaml"), text, 0o600)


def verdict(world, *words, **keywords) -> dict:
    """What `policy explain` says."""
    return json.loads(world.aileron("policy", "explain", "--json", *words, **keywords).ok().out)


def test_explain_names_the_rule_its_layer_and_its_place(project):
    """A verdict, its rule, layer, file or line is wrong, or is not told."""
    post = verdict(project, "POST https://api.github.com/repos/o/r/issues")
    assert post["verdict"] == "ask" and post["rule"] == "aileron.yaml:3" and post["layer"] == "project"
    assert post["file"] == f"{project.workspace}/aileron.yaml" and post["line"] == 3
    get = verdict(project, "GET https://api.github.com/user?token=secret")
    assert get["verdict"] == "allow" and get["rule"] == "guarded/github" and get["layer"] == "builtin"
    assert "secret" not in json.dumps(get)
    force = verdict(project, "--", "git", "push", "--force")
    assert force["verdict"] == "deny" and force["line"] == 10 and "rewrites" in force["reason"]
    assert verdict(project, "--", "git", "status")["verdict"] == "allow"
    assert verdict(project, "GET https://nobody.example/")["rule"] == "profile guarded"
    text = project.aileron("policy", "explain", "GET", "https://x.evil.example/").ok().out
    assert text.startswith("deny  GET https://x.evil.example/\n") and "aileron.yaml:7" in text


def test_untrusted_shows_what_holds_before_anybody_trusts(project):
    """What a project would open counts although nobody is asked to trust it."""
    assert verdict(project, "GET https://new.example/")["verdict"] == "allow"
    assert verdict(project, "--untrusted", "GET https://new.example/")["verdict"] == "ask"
    assert verdict(project, "--untrusted", "GET https://x.evil.example/")["verdict"] == "deny"


def test_the_user_and_the_project_are_put_together(project):
    """A layer is left out, or an allow beats a deny of another."""
    user(project, "version: 1\nprofile: locked\nnetwork:\n  - {host: new.example, action: deny}\n")
    found = verdict(project, "GET https://new.example/")
    assert found["verdict"] == "deny" and found["layer"] == "user"
    assert verdict(project, "GET https://github.com/")["rule"] == "profile locked"
    assert verdict(project, "--user", "none", "GET https://new.example/")["verdict"] == "allow"
    assert verdict(project, "--user", "none", "--project", "none", "GET https://new.example/")["verdict"] == "ask"
    assert verdict(project, "--profile", "open", "GET https://github.com/")["verdict"] == "allow"


def test_the_file_is_found_from_a_folder_below(project):
    """Somebody who works in a folder of the project escapes its rules."""
    folder = os.path.join(project.workspace, "a", "b")
    project.write("a/b/file", "")
    assert verdict(project, "GET https://x.evil.example/", cwd=folder)["verdict"] == "deny"


def test_what_becomes_of_other_commands_is_explained_tested_and_compared(project):
    """A file's default for commands is not what explain, test and diff go by."""
    strict = project.write("strict.yaml", PROJECT.replace("commands:", "command_default: ask\ncommands:"))
    found = verdict(project, "--project", strict, "--", "git", "status")
    assert (found["verdict"], found["rule"], found["file"], found["line"]) == ("ask", "strict.yaml:9", strict, 9)
    assert verdict(project, "--project", strict, "--untrusted", "--", "git", "status")["verdict"] == "ask"
    assert verdict(project, "--project", strict, "--", "git", "push", "--force")["verdict"] == "deny"
    user(project, "version: 1\ncommand_default: deny\n")
    assert verdict(project, "--project", strict, "--", "git", "status")["layer"] == "user"
    cases = project.write("cases.yaml", "version: 1\ntests: [{command: [git, status], expect: deny}]\n")
    assert project.aileron("policy", "test", cases).ok().out == "1 passed, 0 failed\n"
    changed = project.aileron("policy", "diff", "--user", "none", "aileron.yaml", strict)
    assert changed.rc == 1 and "some-program\n- allow" in changed.out, changed.describe()


def test_check_tells_mistakes_with_their_place(project):
    """A mistake is not found, or not named with file, line, column and the nearest word."""
    path = project.write("aileron.yaml", "version: 1\nnetwork:\n  - {host: a.example, acton: deny}\n")
    result = project.aileron("policy", "check")
    assert result.rc == 78, result.describe()
    assert f"{path}:3:23: \"acton\" is not a key of a network rule. Did you mean \"action\"?" in result.err
    assert json.loads(project.aileron("policy", "check", "--json").out)["valid"] is False
    for verb in ("explain", "test"):
        assert project.aileron("policy", verb, *["GET https://a.example/"][:verb == "explain"]).rc == 78


def test_check_warns_of_rules_that_do_nothing_or_too_much(project):
    """A rule that never decides, or that allows everything, is passed over."""
    project.write("aileron.yaml", """version: 1
network:
  - {host: a.b.example, action: allow}
  - {host: "*.b.example", action: deny}
  - {host: c.example, action: deny}
  - {host: c.example, action: deny}
  - {host: "*.github.io", action: allow}
""")
    found = project.json("policy", "check")
    assert [(one["line"], one["kind"]) for one in found["warnings"]] == [
        (3, "unreachable"), (6, "shadowed"), (7, "too-wide")]
    assert [one["opens"] for one in found["opens"]] == ["allow a.b.example", "allow *.github.io"]
    assert project.aileron("policy", "check").rc == 0
    assert project.aileron("policy", "check", "--strict").rc == 1


@pytest.mark.parametrize("text", [
    "commands:\n  - {command: 're:(', action: deny}\n",
    "agents:\n  claude:\n    commands: [{command: 're:(', action: deny}]\n"])
def test_check_finds_what_a_launch_would(project, text):
    """A pattern that no launch takes is valid, is told without its place, or leaves a program without JSON."""
    path = project.write("aileron.yaml", f"version: 1\n{text}")
    result = project.aileron("policy", "check", "--json")
    assert result.rc == 78, result.describe()
    found = json.loads(result.out)
    assert found["valid"] is False and found["message"].startswith(f"{path}:")


def test_check_warns_of_rules_about_commands(project):
    """A rule about a command that never decides is passed over."""
    project.write("aileron.yaml", """version: 1
commands:
  - {command: git push, action: deny}
  - {command: git push, action: allow}
  - {command: git push, action: deny}
""")
    assert [(one["line"], one["kind"]) for one in project.json("policy", "check")["warnings"]] == [
        (4, "unreachable"), (5, "shadowed")]


def test_every_file_above_is_part_of_what_is_checked(project):
    """What is said of a folder leaves out the file of the project's root."""
    project.write("sub/aileron.yaml", "version: 1\nprofile: open\n")
    below = os.path.join(project.workspace, "sub")
    found = project.json("policy", "check", cwd=below)
    assert found["project"] == f"{below}/aileron.yaml" and found["outer"] == [f"{project.workspace}/aileron.yaml"]
    assert {one["file"] for one in found["opens"]} == {found["project"], *found["outer"]}
    assert project.aileron("policy", "test", cwd=below).ok().out == "3 passed, 0 failed\n"


def test_a_file_of_the_user_is_compared_beside_the_project(project):
    """A flag that names the project is taken, and ignored."""
    mine = [project.write(f"{name}/policy.yaml", f"version: 1\nnetwork: [{{host: x.evil.example, action: {action}}}]\n")
            for name, action in (("a", "allow"), ("b", "ask"))]
    named = project.write("elsewhere.yaml", "version: 1\n")
    assert project.aileron("policy", "diff", *mine).rc == 0, "the project denies it"
    assert project.aileron("policy", "diff", "--project", "aileron.yaml", *mine).rc == 0
    assert project.aileron("policy", "diff", "--project", named, *mine).rc == 1
    assert project.aileron("policy", "diff", "--project", "none", *mine).rc == 1
    for flag, file in (("--user", mine[0]), ("--project", "aileron.yaml")):
        result = project.aileron("policy", "check", flag, named, file)
        assert result.rc == 64 and flag in result.err, result.describe()


def test_tests_pass_or_fail_with_a_diff(project):
    """A test that fails passes, exits with 0, or does not say what was expected."""
    assert project.aileron("policy", "test").ok().out == "3 passed, 0 failed\n"
    project.write("aileron.test.yaml", """version: 1
tests:
  - {request: "GET https://new.example/x", expect: deny}
""")
    result = project.aileron("policy", "test")
    assert result.rc == 1
    assert result.out == (f"{project.workspace}/aileron.test.yaml:3: GET https://new.example/x\n- expected deny\n"
                          f"+ allow  by aileron.yaml:8 at {project.workspace}/aileron.yaml:8\n3 passed, 1 failed\n")
    found = json.loads(project.aileron("policy", "test", "--json").out)
    assert found["failed"] == 1 and [one["passed"] for one in found["tests"]] == [True, True, True, False]
    assert project.aileron("policy", "test", "--untrusted").out.endswith("3 passed, 1 failed\n")


def test_diff_tells_what_changes(project):
    """A change of verdict is missed, or told where there is none."""
    old = project.write("old.yaml", PROJECT)
    new = project.write("new.yaml", PROJECT.replace("{host: new.example, action: allow}", "{host: new.example, action: deny}"))
    same = project.aileron("policy", "diff", old, old)
    assert same.rc == 0 and same.out.startswith("0 of ")
    changed = project.aileron("policy", "diff", old, new)
    assert changed.rc == 1
    assert "GET https://new.example/\n- allow  by old.yaml:8" in changed.out
    assert "\n+ deny  by new.yaml:8" in changed.out and changed.out.count("\n+") == 1
    only = json.loads(project.aileron("policy", "diff", "--json", "--request", "GET https://github.com/", old, new).out)
    assert only == {"compared": 1, "changes": []}


def test_diff_reads_pipes(project):
    """A file of another revision has to be written to the disk first."""
    script = f"exec {binary.path()} policy diff <(sed s/new.example/other.example/ aileron.yaml) aileron.yaml"
    result = project.run("bash", "-c", script)
    assert result.rc == 1 and "2 of " in result.out, result.describe()


def test_a_profile_is_shown_in_the_format_of_every_policy(world):
    """A built-in profile cannot be read, or not with the same reader."""
    text = world.aileron("policy", "show", "guarded").ok().out
    assert "name: guarded" in text and "host:" in text
    assert world.aileron("policy", "show", "wide").rc == 64


def test_the_schema_is_printed_for_editors(world):
    """An editor has no schema where only the program was installed."""
    text = world.aileron("policy", "schema").ok().out
    assert text == (binary.REPOSITORY / "schema" / "policy.v1.json").read_text()


def test_the_former_name_of_the_users_file_is_told(world):
    """Rules under the former name are passed over in silence."""
    path = world.write(f"{world.config}/aileron/rules.yaml", "version: 1\nnetwork: []\n", 0o600)
    for line in (("policy", "check"), ("launch", "true")):
        result = world.aileron(*line)
        assert result.rc == 78 and f"mv -n {path}" in result.err, result.describe()
    os.rename(path, f"{world.config}/aileron/policy.yaml")
    world.aileron("policy", "check").ok()
