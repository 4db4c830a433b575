"""An agent against the copy of its workspace: what is applied stays in the workspace and runs nothing."""

import os
import stat

import pytest

from lib import process

_OVERLAY = ["--workspace=overlay"]


def _session(world, script: str) -> str:
    """Runs an attacker on a copy; its session's id."""
    result = world.shell(script, flags=_OVERLAY)
    assert "session diff" in result.err, result.describe()
    return world.json("session", "diff")["session"]


def _diff(world, session) -> dict:
    return {one["path"]: one for one in world.json("session", "diff", session)["changes"]}


def _apply(world, session, *words) -> process.Result:
    return world.aileron("session", "apply", session, *words)


def test_what_the_host_would_run_is_left_out(any_world):
    """A hook, a setting or a repository's configuration of the agent's is applied without a word."""
    any_world.write("sub/file", "1")
    script = ("mkdir -p sub/.git/hooks deep/.GIT; echo 'touch pwned' > sub/.git/hooks/post-checkout; chmod 755 sub/.git/hooks/post-checkout; "
              "printf '[core]\\nfsmonitor = touch pwned\\n' > sub/.git/config; echo x > deep/.GIT/config; "
              "echo pwn > .envrc; echo pwn > .vimrc; mkdir .husky; echo pwn > .husky/pre-commit; echo fine > fine; true")
    session = _session(any_world, script)
    held = {path for path, one in _diff(any_world, session).items() if one["held"] == "protected"}
    assert {"sub/.git", "sub/.git/hooks/post-checkout", "sub/.git/config", "deep/.GIT/config", ".vimrc", ".husky/pre-commit"} <= held
    assert ".envrc" not in _diff(any_world, session)  # the walls did not even let it be written
    applied = _apply(any_world, session)
    assert applied.rc == 1 and ".vimrc: protected" in applied.err, applied.describe()
    assert any_world.read("fine") == "fine\n"
    for path in ("sub/.git", "deep/.GIT", ".vimrc", ".husky"):
        assert not os.path.exists(os.path.join(any_world.workspace, path)), path
    # The canary: with a person's word all of it is there.
    _apply(any_world, session, "--protected").ok()
    assert os.access(os.path.join(any_world.workspace, "sub/.git/hooks/post-checkout"), os.X_OK)
    assert any_world.read(".vimrc") == "pwn\n"


def test_no_link_takes_a_file_out_of_the_workspace(any_world):
    """Through a link of the agent's, apply writes or removes outside of the workspace."""
    outside = os.path.join(any_world.home, "outside")
    os.mkdir(outside)
    any_world.give(outside)
    any_world.write(os.path.join(outside, "file"), "theirs")
    any_world.write("d/file", "1")
    first = _session(any_world, f"rm -r d; ln -s {outside} d; ln -s {outside}/file l; ln -s {outside} e")
    _apply(any_world, first).ok()
    assert os.readlink(os.path.join(any_world.workspace, "d")) == outside
    # The host has links now; the next agent puts folders and files where they stand.
    second = _session(any_world, "rm d l; mkdir d; echo mine > d/file; echo mine > l; rm e; mkdir -p e/new")
    # And once more the host's names change between launch and apply.
    _apply(any_world, second).ok()
    assert any_world.read(os.path.join(outside, "file")) == "theirs" and os.listdir(outside) == ["file"]
    assert any_world.read("d/file") == "mine\n" and any_world.read("l") == "mine\n"
    third = _session(any_world, "echo more >> d/file")
    os.rename(os.path.join(any_world.workspace, "d"), os.path.join(any_world.workspace, "d-moved"))
    os.symlink(outside, os.path.join(any_world.workspace, "d"))
    for words in ([], ["--force"]):
        _apply(any_world, third, *words)
        assert any_world.read(os.path.join(outside, "file")) == "theirs" and os.listdir(outside) == ["file"]
    any_world.aileron("session", "discard", third)
    os.unlink(os.path.join(outside, "file"))
    os.rmdir(outside)


def test_the_copys_own_marks_cannot_be_forged(any_world):
    """By attributes or devices of overlayfs's an agent removes what it did not see, or hides what it did."""
    for name in ("d/a", "d/b", "victim"):
        any_world.write(name, "1")
    forge = ("import os\n"
             "for path, name, value in (('d', 'user.overlay.opaque', b'y'), ('d', 'trusted.overlay.opaque', b'y'), ('f', 'user.overlay.whiteout', b''),\n"
             "                          ('f', 'user.overlay.origin', b'')):\n"
             "    try:\n        os.setxattr(path, name, value); print('set', name)\n"
             "    except OSError as error: print('held', name, error.errno)\n"
             "try:\n    os.mknod('victim2', 0o20000, os.makedev(0, 0)); print('made')\n"
             "except OSError as error: print('held device', error.errno)\n")
    any_world.write("forge.py", forge)
    session = _session(any_world, "touch f; python3 forge.py; echo 1 > d/new")
    told = _diff(any_world, session)
    assert set(told) == {"f", "d/new"} and told["f"]["status"] == "added", told
    _apply(any_world, session).ok()
    assert sorted(os.listdir(os.path.join(any_world.workspace, "d"))) == ["a", "b", "new"]
    assert any_world.read("victim") == "1"


def test_names_of_an_agent_move_no_cursor(any_world):
    """A name with control characters reaches the person's terminal, or looks like another line."""
    session = _session(any_world, "printf x > \"$(printf 'a\\033[2Jb\\nD all')\"; printf x > \"$(printf '\\302\\233x')\"")
    for verb in (["diff"], ["diff", "--stat"], ["diff", "--name-only"], ["apply", "-n"]):
        out = any_world.aileron("session", *verb, session).ok().out
        assert "\033" not in out and "\u009b" not in out and not [one for one in out.splitlines() if one.startswith("D")], repr(out)
    _apply(any_world, session).ok()


def test_nothing_special_or_set_id_comes_out(any_world):
    """A pipe, a socket or a set-id file of the agent's is put into the workspace."""
    script = ("mkfifo pipe; python3 -c \"import socket; socket.socket(socket.AF_UNIX).bind('socket')\"; cp /bin/true t; chmod 6755 t; "
              "echo 1 > fine; mkdir sticky; chmod 1777 sticky; true")
    session = _session(any_world, script)
    _apply(any_world, session, "--force", "--protected")
    for top, folders, files in os.walk(any_world.workspace):
        for name in [*folders, *files]:
            mode = os.lstat(os.path.join(top, name)).st_mode
            assert (stat.S_ISREG(mode) or stat.S_ISDIR(mode)) and mode & 0o7000 == 0, (name, oct(mode))
    assert any_world.read("fine") == "1\n"
    any_world.aileron("session", "discard", session)


def test_the_name_that_apply_writes_under_is_not_the_agents(any_world):
    """A file that has the name of a temporary one takes another one's place."""
    session = _session(any_world, "echo mine > .aileron-apply-$AILERON_SESSION_ID; mkdir d; "
                                  "ln -s /etc/passwd d/.aileron-apply-$AILERON_SESSION_ID; echo 1 > d/z; echo 2 > z")
    applied = _apply(any_world, session)
    assert applied.rc == 1 and "cannot be applied" in applied.err, applied.describe()
    assert any_world.read("z") == "2\n" and any_world.read("d/z") == "1\n"
    assert not [name for name in os.listdir(any_world.workspace) if name.startswith(".aileron-apply")]
    any_world.aileron("session", "discard", session).ok()


def test_a_tree_without_end_is_refused_and_goes(any_world):
    """Thousands of folders in each other hang diff, or cannot be discarded."""
    dig = "import os\nfor i in range(3000):\n    os.mkdir('d'); os.chdir('d')\nopen('f', 'w').close()\n"
    any_world.write("dig.py", dig)
    result = any_world.shell("python3 dig.py; echo 1 > fine", flags=_OVERLAY).ok()
    session = result.err.split("session diff ")[1][:26]
    refused = any_world.aileron("session", "diff", session, timeout=30)
    assert refused.rc != 0 and "folders in each other" in refused.err, refused.describe()
    _apply(any_world, session, "fine").ok()
    assert any_world.read("fine") == "1\n"
    any_world.aileron("session", "discard", session).ok()


def test_a_file_that_says_to_be_huge_fills_no_disk(any_world):
    """A sparse file of a terabyte is written out."""
    session = _session(any_world, "truncate -s 1T huge; printf end >> huge")
    _apply(any_world, session).ok()
    info = os.stat(os.path.join(any_world.workspace, "huge"))
    assert info.st_size == (1 << 40) + 3 and info.st_blocks < 4096


@pytest.mark.parametrize("where", ["aileron/changes", "aileron"])
def test_the_agent_does_not_see_where_the_copy_is_kept(any_world, where):
    """From inside, the copy is reached past the workspace's own path."""
    folder = os.path.join(any_world.state, where)
    result = any_world.shell(f"echo 1 > new; ls -a {folder} 2>&1; true", flags=_OVERLAY)
    assert "No such file" in result.out or "ermission denied" in result.out, result.describe()
    assert os.path.isdir(folder)  # on the host it is there
    any_world.aileron("session", "discard", any_world.json("session", "diff")["session"]).ok()


def test_what_git_and_editors_run_is_held_by_every_name(any_world):
    """A rebase's commands, a link among git's files, a repository without .git, or a folder's own settings come out unasked or unseen."""
    bashrc = os.path.join(any_world.home, ".bashrc")
    git = lambda *words: any_world.run("git", "-c", "user.name=t", "-c", "user.email=t@t", *words).ok().out
    any_world.write("sub/file", "1")
    git("init", "-q", ".")
    git("add", ".")
    git("commit", "-qm", "first")
    script = (f"mkdir .git/rebase-merge; echo 'exec touch pwned' > .git/rebase-merge/git-rebase-todo; rm .git/logs/HEAD; ln -s {bashrc} .git/logs/HEAD; "
              "mkdir -p tools/objects tools/refs; echo 'ref: refs/heads/main' > tools/HEAD; echo 'print()' > tools/main.py; "
              "printf '[core]\\nbare = false\\nfsmonitor = touch pwned\\n' > tools/config; "
              "mkdir sub/.vscode; echo pwn > sub/.envrc; echo pwn > sub/.vscode/tasks.json; true")
    session = _session(any_world, script)
    wanted = {".git/rebase-merge/git-rebase-todo", ".git/logs/HEAD", "tools/HEAD", "tools/config", "sub/.envrc", "sub/.vscode/tasks.json"}
    held = {path for path, one in _diff(any_world, session).items() if one["held"] == "protected"}
    assert wanted <= held, held
    shown = any_world.aileron("session", "diff", session).ok().out
    assert all(path in shown for path in wanted), shown
    applied = _apply(any_world, session)
    assert applied.rc == 1, applied.describe()
    assert any_world.read("tools/main.py") == "print()\n"
    for path in wanted - {".git/logs/HEAD"}:
        assert not os.path.lexists(os.path.join(any_world.workspace, path)), path
    assert not os.path.islink(os.path.join(any_world.workspace, ".git/logs/HEAD"))
