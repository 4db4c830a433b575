"""Whoever can write a project's file: what it hides, exchanges or rewrites opens nothing. And an agent under one: what a
rule about files takes stays taken."""

import hashlib
import json
import os
import subprocess
import threading
import time

import pytest

from lib import process

HOST = "api.test"
DENIED = f"version: 1\nnetwork:\n  - {{host: {HOST}, action: deny}}\n"
WIDE = f"version: 1\nnetwork:\n  - {{host: {HOST}, action: allow}}\n"

TRICKS = {
    "a key that stands twice": f"{DENIED}network: []\n",
    "a second document": f"{DENIED}---\nversion: 1\n",
    "a second document behind an end": f"{DENIED}...\n---\nversion: 1\n",
    "an alias": f"version: 1\nx: &a [{{host: {HOST}, action: deny}}]\nnetwork: *a\n",
    "an anchor": f"version: 1\nnetwork: &a [{{host: {HOST}, action: deny}}]\n",
    "a merge key": f"version: 1\nnetwork:\n  - {{<<: {{action: allow}}, host: {HOST}, action: deny}}\n",
    "a tag": f"version: 1\nnetwork: !!set {{? {{host: {HOST}, action: deny}}}}\n",
    "a tag on a word": f"version: 1\nnetwork:\n  - {{host: {HOST}, action: !ask deny}}\n",
    "a key that is a map": f"version: 1\n? {{a: b}}\n: c\n",
    "a directive": f"%YAML 1.1\n%TAG ! tag:x,2000:\n---\nversion: 1\nnetwork: !x []\n",
    "another version": f"{DENIED}".replace("version: 1", "version: 1.0"),
    "a null byte": f"version: 1\nnetwork: []\n\0{DENIED}",
    "bytes that are no text": "version: 1\nnetwork: []\n# \xff\n",
    "deep nesting": "version: 1\nnetwork: " + "[" * 5000,
    "a host in another spelling": "version: 1\nnetwork:\n  - {host: 0x7f.1, action: allow}\n",
}


def _project(world, text) -> str:
    return world.write("aileron.yaml", text.encode("latin-1"))


def _curl(world, flags=()) -> str:
    return world.shell(f"curl -sS -o /dev/null -w '%{{http_code}}' https://{HOST}/", flags=["--hold", "0s", *flags]).out


@pytest.mark.parametrize("trick", TRICKS)
def test_a_text_that_hides_what_it_means_starts_nothing(world, trick):
    """Two readers of a file see two policies."""
    world.site(HOST)
    _project(world, DENIED)
    assert _curl(world) == "403", "the canary: the denial as it stands is in force"
    _project(world, TRICKS[trick])
    result = world.shell("echo started")
    assert result.rc == 78 and "started" not in result.out, result.describe()
    assert "aileron.yaml" in result.err and "\x1b" not in result.err


def test_a_link_is_no_policy(any_world):
    """A project's file is one of its user's, or of anybody's, by a link."""
    any_world.site(HOST, allow=False)
    secret = any_world.write(f"{any_world.root}/secret", "version: 1\nsecret-word: [\n", 0o600)
    os.symlink(secret, f"{any_world.workspace}/aileron.yaml")
    result = any_world.shell("echo started")
    assert result.rc == 78 and "is a link" in result.err and "secret-word" not in result.err, result.describe()
    assert any_world.aileron("policy", "trust", "--yes").rc == 78
    os.unlink(f"{any_world.workspace}/aileron.yaml")
    any_world.shell("echo started").ok()


def test_a_pipe_holds_nobody_up(any_world):
    """A launch waits for whoever made a pipe of the project's file."""
    os.mkfifo(f"{any_world.workspace}/aileron.yaml")
    result = any_world.shell("echo started")
    assert result.rc == 78 and "no ordinary file" in result.err, result.describe()


def test_a_file_that_is_exchanged_all_the_time_is_never_more_than_what_was_trusted(world):
    """What is checked and what is used are two texts."""
    site = world.site(HOST, allow=False)
    harmless = DENIED.replace(HOST, "other.test")
    digest = hashlib.sha256(harmless.encode()).hexdigest()
    _project(world, harmless)
    over = threading.Event()

    def exchange():
        """As fast as it goes, by renaming, so that each text is whole."""
        while not over.is_set():
            for text in (WIDE, harmless):
                _project_by_rename(world, text)

    thread = threading.Thread(target=exchange)
    thread.start()
    try:
        for _ in range(20):
            done = world.aileron("policy", "trust", "--digest", digest)
            assert done.rc in (0, 77), done.describe()
        # A file that changes while the walls are built ends a launch, which then says nothing.
        assert {_curl(world) for _ in range(8)} <= {"428", "403", ""}
    finally:
        over.set()
        thread.join()
    trusted = json.loads(world.aileron("policy", "trusted", "--json").out)
    assert all(one["digest"] == digest for one in trusted) and site.seen() == []
    # The canary: the wide one, once trusted, opens the host.
    _project(world, WIDE)
    world.aileron("policy", "trust", "--yes").ok()
    assert _curl(world) == "200"


def _project_by_rename(world, text) -> None:
    fresh = f"{world.root}/fresh"
    with open(fresh, "w", encoding="utf-8") as file:
        file.write(text)
    os.rename(fresh, f"{world.workspace}/aileron.yaml")


def test_an_agent_cannot_write_its_policy(any_world):
    """An agent edits, removes, moves or links the file that holds it."""
    site = any_world.site(HOST)
    path = _project(any_world, DENIED)
    script = f"""
        for way in 'echo x > aileron.yaml' 'rm -f aileron.yaml' 'mv aileron.yaml y' 'ln -sf /dev/null aileron.yaml' \
                   'cp /dev/null aileron.yaml' 'truncate -s 0 aileron.yaml' 'echo x > t && mv t aileron.yaml'; do
            sh -c "$way" 2>/dev/null && echo "done: $way"
        done
        curl -sS -o /dev/null -w '%{{http_code}}' https://{HOST}/
    """
    assert any_world.shell(script).out.strip() == "403"
    assert any_world.read(path) == DENIED and site.seen() == []


def test_a_file_that_an_agent_may_write_is_trusted_no_more(any_world):
    """An agent that was let write the file opens something with it."""
    site = any_world.site(HOST, allow=False)
    _project(any_world, WIDE)
    any_world.aileron("policy", "trust", "--yes").ok()
    more = WIDE.replace("\n", "\\n") + "  - {host: more.test, action: allow}\\n"
    script = (f"curl -sS -o /dev/null -w '%{{http_code}} ' https://{HOST}/; printf '{more}' > aileron.yaml && echo written; "
              f"sleep 2; curl -sS -o /dev/null -w '%{{http_code}}' https://{HOST}/")
    result = any_world.shell(script, flags=["--hold", "0s", "--allow-write", "aileron.yaml"])
    assert result.out.split() == ["200", "written", "428"], f"the canary: it was written\n{result.describe()}"
    assert len(site.seen()) == 1


def test_an_agent_that_breaks_the_file_keeps_what_was_in_force(any_world):
    """A file that is broken from inside opens what it denied."""
    any_world.site(HOST)
    _project(any_world, DENIED)
    script = (f"echo '[' > aileron.yaml && echo written; sleep 2; rm -f aileron.yaml; sleep 1; "
              f"curl -sS -o /dev/null -w '%{{http_code}}' https://{HOST}/")
    result = any_world.shell(script, flags=["--allow-write", "aileron.yaml"])
    assert result.out.split() == ["written", "403"], result.describe()
    assert "is not in force" in result.err


def test_no_sandbox_sees_who_is_trusted(any_world):
    """An agent reads or writes the list of what its user trusts."""
    _project(any_world, WIDE)
    any_world.aileron("policy", "trust", "--yes").ok()
    path = f"{any_world.state}/aileron/trusted.txt"
    assert "aileron.yaml" in any_world.read(path), "the canary: it is there"
    result = any_world.shell(f"cat {path}; echo x >> {path}; mkdir -p {any_world.state}/aileron; echo x > {path}; true")
    assert any_world.read(path).count("\n") == 1, result.describe()
    assert any_world.aileron("policy", "trusted").ok().out.count("yes") == 1


def _files(world, *rules, whose="project") -> None:
    """Writes a policy of rules about files, each "PATH ACCESS"."""
    text = json.dumps({"version": 1, "files": [dict(zip(("path", "access"), rule.rsplit(" ", 1))) for rule in rules]})
    path, mode = {"project": ("aileron.yaml", 0o644), "user": (f"{world.config}/aileron/policy.yaml", 0o600)}[whose]
    world.write(path, text, mode)


def _repository(world) -> None:
    world.run("git", "init", "-q").ok()
    world.run("git", "config", "user.email", "a@b").ok()
    world.run("git", "config", "user.name", "a").ok()


REOPENED = {
    ".git/hooks": (".git/hooks/pre-commit", [".git read-only", ".git/hooks read-write"]),
    "a file": (".envrc", [". read-only", ".envrc read-write"]),
    "the settings of an editor": (".vscode/tasks.json", [". read-only", ".vscode read-write"]),
    "something in it": (".vscode/sub/tasks.json", [".vscode read-only", ".vscode/sub read-write"]),
    "git's folder": (".git/hooks/pre-commit", [". read-only", ".git read-write"]),
    "the policy": ("aileron.yaml", [". read-only", "aileron.yaml read-write"]),
}


@pytest.mark.parametrize("what", REOPENED)
@pytest.mark.parametrize("whose", ["project", "user"])
def test_a_policy_does_not_open_what_the_host_would_run(any_world, what, whose):
    """A project that nobody trusted, or a policy that means only the files, lets the agent plant a hook."""
    path, rules = REOPENED[what]
    _repository(any_world)
    any_world.write(".envrc", "mine")
    any_world.write(".vscode/sub/tasks.json", "mine")
    any_world.write(".vscode/tasks.json", "mine")
    _files(any_world, *rules, whose=whose)
    if path == "aileron.yaml" and whose == "user":
        any_world.write(path, "version: 1\n")
    script = f"echo EVIL > {path}; git config alias.x y 2>/dev/null; true"
    result = any_world.shell(script).ok()
    planted = f"{any_world.workspace}/{path}"
    assert not os.path.exists(planted) or "EVIL" not in any_world.read(path), result.describe()
    assert "stays read-only" in result.err and "--allow-write" in result.err
    # The canary: a person opens it, and the same agent writes it.
    name = rules[1].split()[0]
    any_world.shell(script, flags=["--allow-write", name]).ok()
    assert "EVIL" in any_world.read(path)


def test_a_flag_does_not_open_a_workspace_that_a_policy_closes(any_world):
    """--allow-write is stronger than the policy, or does nothing and says nothing."""
    any_world.write(".vscode/tasks.json", "mine")
    _files(any_world, ". read-only")
    result = any_world.shell("echo EVIL > .vscode/tasks.json", flags=["--allow-write", ".vscode"])
    assert result.rc == 78 and "the policy makes the workspace read-only" in result.err, result.describe()
    assert any_world.read(".vscode/tasks.json") == "mine"


@pytest.mark.parametrize("rules", [[". read-only", "build read-write"], ["sub read-only", "sub/build read-write"]])
def test_a_rule_does_not_open_by_a_link(any_world, rules):
    """A link that is part of the project, or that an earlier session left, opens what it leads to."""
    _repository(any_world)
    any_world.write("src/code", "mine")
    any_world.write("sub/file", "")
    name = rules[1].split()[0]
    link = f"{any_world.workspace}/{name}"
    _files(any_world, "src read-only", whose="user")
    _files(any_world, *rules)
    for target, planted in ((".git", ".git/hooks/pre-commit"), ("src", "src/code")):
        os.symlink(f"{any_world.workspace}/{target}", link)
        result = any_world.shell(f"echo EVIL > {planted}; echo EVIL > {name}/{planted.split('/', 1)[1]}; true").ok()
        assert not os.path.exists(f"{any_world.workspace}/.git/hooks/pre-commit") and any_world.read("src/code") == "mine"
        assert "by a link" in result.err, result.describe()
        os.unlink(link)
    # The canary: a folder by that name is opened.
    any_world.write(f"{name}/file", "")
    any_world.shell(f"echo EVIL > {name}/new").ok()


def test_a_policy_does_not_open_what_protected_names_lead_to(any_world):
    """Hooks that the project's settings have elsewhere, or what a protected link leads to, is opened by a rule."""
    _repository(any_world)
    any_world.run("git", "config", "core.hooksPath", "tools/hooks").ok()
    any_world.write("tools/hooks/pre-commit", "mine", 0o755)
    any_world.write("tools/env", "mine")
    any_world.write("tools/free", "mine")
    os.symlink("tools/env", f"{any_world.workspace}/.envrc")
    script = "for path in tools/hooks/pre-commit tools/env tools/free; do echo EVIL > $path; done; true"
    for rules in (["tools read-only", "tools/hooks read-write", "tools/env read-write", "tools/free read-write"],
                  [". read-only", "tools read-write"], [". read-only", "tools/hooks read-write", "tools/env read-write"]):
        _files(any_world, *rules)
        any_world.shell(script).ok()
        assert any_world.read("tools/hooks/pre-commit") == any_world.read("tools/env") == "mine", rules
    assert any_world.read("tools/free") == "EVIL\n", "the canary: the rest was opened"


ESCAPES = ["mv config c2; mkdir -p config/prod; echo EVIL > config/prod/run; cat c2/prod/run",
           "mv config/prod config/p2; mkdir config/prod; echo EVIL > config/prod/run; cat config/p2/run",
           "ln config/prod/run again; cat again; echo EVIL > again", "rm -rf config; mkdir -p config/prod; echo EVIL > config/prod/run",
           "cd config/prod; cat ../prod/run /proc/self/cwd/run /proc/1/cwd/run; echo EVIL > /proc/self/cwd/run",
           "exec 3< config/prod; cat /proc/self/fd/3/run; echo EVIL > /proc/self/fd/3/run; echo EVIL > /proc/1/root$PWD/config/prod/run",
           "umount config/prod; mount -o remount,rw config/prod; cat config/prod/run; echo EVIL > config/prod/run",
           "unshare -Urm sh -c 'umount -l config/prod; mount --bind . /tmp; cat config/prod/run /tmp/config/prod/run; "
           "mount -o remount,bind,rw config/prod; echo EVIL > config/prod/run; echo EVIL > /tmp/config/prod/run'"]


@pytest.mark.parametrize("nested", [[], ["--allow-nested"]], ids=["walls", "nested"])
@pytest.mark.parametrize("escape", ESCAPES)
@pytest.mark.parametrize("access", ["read-only", "hidden"])
def test_what_a_rule_takes_cannot_be_moved_from_under_it(any_world, escape, access, nested):
    """An agent moves a folder above what is covered, or reaches it by another name."""
    any_world.write("config/prod/run", "MINE")
    _files(any_world, f"config/prod {access}")
    result = any_world.shell(f"{{ {escape}; }} 2>&1; true", flags=nested).ok()
    assert any_world.read("config/prod/run") == "MINE", result.describe()
    assert access == "read-only" or "MINE" not in result.out, result.describe()
    # What one session could not move, the next one does not find elsewhere.
    after = any_world.shell("cat $(find . -name run)").out
    assert after == ("MINE" if access == "read-only" else "")


@pytest.mark.parametrize("escape", ESCAPES)
def test_canary_without_a_rule_each_escape_reads_and_writes(any_world, escape):
    """What takes nothing from a rule takes nothing anyway."""
    any_world.write("config/prod/run", "MINE")
    result = any_world.shell(f"{{ {escape}; }} 2>&1; true", flags=["--allow-nested"]).ok()
    assert "EVIL" in any_world.read("config/prod/run"), result.describe()
    assert "MINE" in result.out or "rm -rf" in escape, result.describe()


def test_a_folder_can_be_moved_where_no_rule_is_below_it(any_world):
    """The canary of those who move folders: the same agent moves another folder."""
    any_world.write("config/prod/run", "mine")
    any_world.write("other/prod/run", "mine")
    _files(any_world, "config/prod read-only")
    any_world.shell("mv other o2; mkdir -p other/prod; echo EVIL > other/prod/run").ok()
    assert any_world.read("other/prod/run") == "EVIL\n"


@pytest.mark.parametrize("access", ["read-only", "hidden"])
def test_a_rule_about_something_that_is_gone_is_told(any_world, access):
    """A rule does nothing, and nobody is told."""
    _files(any_world, f"conf/secrets {access}")
    assert f"conf/secrets is not there, and so will not be {access}" in any_world.shell("true").ok().err
    any_world.write("conf/secrets/key", "")
    assert "is not there" not in any_world.shell("true").ok().err


@pytest.mark.parametrize("link", [True, False], ids=["by a link", "by its path"])
def test_what_is_shared_under_another_name_is_hidden_there(any_world, link):
    """A rule about a path hides it where nobody sees it, and not where it is shared."""
    shared = f"{any_world.root}/data"
    real = f"{any_world.root}/disk" if link else shared
    any_world.write(f"{real}/secret/key", "MINE")
    any_world.write(f"{real}/file", "shared")
    if link:
        os.symlink(real, shared)
    script = f"cat {shared}/secret/key {shared}/file; true"
    _files(any_world, f"{shared} read-only", whose="user")
    assert any_world.shell(script).out == "MINEshared", "the canary: it is shared"
    for hidden in (shared, real):
        _files(any_world, f"{shared} read-only", f"{hidden}/secret hidden", whose="user")
        assert any_world.shell(script).out == "shared", hidden


def test_a_mount_shows_no_more_than_a_rule_does(any_world):
    """What a rule takes is there, by a mount of the same folder."""
    source = any_world._folder("src")
    for name in ("a/secret", "a/b/fixed", "a/free"):
        any_world.write(f"{source}/{name}", "MINE")
        any_world.write(name, "MINE")
    flags = ["--mount", f"{source}:/tmp/x", "--mount", f"{source}/a:/tmp/y/", "--mount", f"{any_world.workspace}:/tmp/z"]
    places = ["/tmp/x/a", "/tmp/y", "/tmp/z/a", "a"]
    script = "; ".join(f"cat {at}/secret; mv {at}/b {at}/b2; mkdir {at}/b; echo EVIL > {at}/b/fixed; echo new > {at}/free"
                       for at in places) + "; true"
    rules = [f"{at}a/secret hidden" for at in (f"{source}/", "")] + [f"{at}a/b/fixed read-only" for at in (f"{source}/", "")]
    _files(any_world, *rules, whose="user")
    result = any_world.shell(script, flags=flags).ok()
    for at in (f"{source}/a", "a"):
        assert any_world.read(f"{at}/b/fixed") == "MINE" and any_world.read(f"{at}/free") == "new\n", result.describe()
    assert "MINE" not in result.out
    # The canary: without the rules all of it can be had.
    os.unlink(f"{any_world.config}/aileron/policy.yaml")
    assert any_world.shell(script, flags=flags).out.count("MINE") == 4
    assert any_world.read(f"{source}/a/b/fixed") == "EVIL\n"


def test_a_mount_is_bound_by_what_a_rule_says_of_its_source(any_world):
    """A folder that a rule closes or hides is open where --mount shows it."""
    source = any_world._folder("src")
    any_world.write(f"{source}/sub/file", "MINE")
    script = "cat /mnt/file; echo EVIL > /mnt/new; true"
    for access, seen in (("read-only", "MINE"), ("hidden", "")):
        _files(any_world, f"{source} {access}", whose="user")
        result = any_world.shell(script, flags=["--mount", f"{source}/sub:/mnt"])
        assert result.out == seen and os.listdir(f"{source}/sub") == ["file"], result.describe()
    os.unlink(f"{any_world.config}/aileron/policy.yaml")
    any_world.shell(script, flags=["--mount", f"{source}/sub:/mnt"]).ok()
    assert "new" in os.listdir(f"{source}/sub"), "the canary"


def test_a_link_that_an_agent_left_shows_nothing(any_world):
    """An agent leaves a link where a rule shows a folder, and the next session shows what it leads to."""
    data, own = any_world._folder("data"), any_world._folder("own")
    letter = any_world.write(f"{own}/letter", "MINE")
    _files(any_world, f"{data} read-write", f"{data}/raw read-only", f"{data}/out read-write", whose="user")
    any_world.shell(f"ln -s {own} {data}/raw; ln -s {own} {data}/out").ok()
    assert os.path.islink(f"{data}/raw"), "the canary: it was left"
    result = any_world.shell(f"cat {data}/raw/letter {data}/out/letter {letter}; echo EVIL > {data}/out/letter; true").ok()
    assert "MINE" not in result.out and any_world.read(letter) == "MINE", result.describe()
    assert "by a link that an agent may have made" in result.err


def test_a_folder_around_the_workspace_does_not_open_it(any_world):
    """A mount of the folder that a read-only workspace lies in makes it writable."""
    around = any_world._folder("around")
    workspace = f"{around}/sub/ws"
    any_world.write(f"{workspace}/file", "MINE")
    any_world.write(f"{around}/free", "MINE")
    _files(any_world, f"{around} read-write", f"{workspace} read-only", whose="user")
    script = f"echo EVIL > {workspace}/file; mv {around}/sub {around}/s2; echo new > {around}/free; true"
    any_world.shell(script, flags=["--workspace", workspace], cwd=workspace).ok()
    assert any_world.read(f"{workspace}/file") == "MINE"
    assert any_world.read(f"{around}/free") == "new\n", "the canary: the folder is shared"


def test_a_hidden_file_that_the_host_replaces_is_hidden_again(any_world):
    """An editor of the host saves a hidden file, and the agent reads it."""
    any_world.write(".envrc", "MINE")
    any_world.write("free", "OLD")
    _files(any_world, ".envrc hidden")
    child = any_world.launch_start("sh", "-c", "read line; cat .envrc free; echo; read line; cat .envrc free",
                                   stdin=subprocess.PIPE)
    child.stdin.write(b"\n")
    child.stdin.flush()
    assert child.stdout.readline() == b"OLD\n"
    for name in (".envrc", "free"):
        os.rename(any_world.write(f"{any_world.root}/fresh", "MINE" if name == ".envrc" else "NEW"), f"{any_world.workspace}/{name}")
    time.sleep(1)  # the launcher puts it up again
    out, err = child.communicate(b"\n", timeout=process.PATIENCE)
    assert (out, child.returncode) == (b"NEW", 0), (out, err)


def test_what_is_protected_may_be_hidden_as_a_whole(any_world):
    """A session under a rule that hides git's folder ends when the host works with git."""
    _repository(any_world)
    any_world.write("file", "")
    _files(any_world, ".git hidden")
    child = any_world.launch_start("sh", "-c", "echo on; read line; ls -A .git; git status 2>&1 | head -1",
                                   stdin=subprocess.PIPE)
    assert child.stdout.readline() == b"on\n"
    any_world.run("git", "config", "a.b", "c").ok()
    any_world.run("git", "add", "file").ok()
    any_world.run("git", "commit", "-qm", "x").ok()
    time.sleep(1)  # the launcher looks at its covers
    out, err = child.communicate(b"\n", timeout=process.PATIENCE)
    assert child.returncode == 0 and b"not a git repository" in out, (out, err)
    assert "b = c" in any_world.read(".git/config")
