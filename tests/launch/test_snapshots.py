"""`session snapshot`, `fork` and `diff --patch`: a kept session once more, and what it changed in lines."""

import fcntl
import glob
import json
import os
import subprocess
import time

from lib import binary, process, terminal


def _id(result: process.Result) -> str:
    return result.err.split("launch --resume ")[1][:26]


def _kept(world, script: str, *flags) -> str:
    """A session that was kept; its id."""
    return _id(world.shell(script, flags=["--keep", *flags]).ok())


def _resume(world, session: str, script: str, *flags) -> process.Result:
    return world.shell(script, flags=["--resume", session, *flags])


def _left(world) -> int:
    return len(os.listdir(os.path.join(world.state, "aileron/changes")))


def test_a_fork_has_all_of_its_session_and_goes_its_own_way(any_world):
    """A fork lacks what the session had, or what one writes is seen in the other."""
    session = _kept(any_world, "echo one > ~/file; mkdir -m 700 ~/d; ln ~/file ~/d/same; ln -s /etc/passwd /tmp/link; "
                    "truncate -s 1G /var/tmp/hole; mkfifo ~/pipe; mkdir ~/shut; echo in > ~/shut/it; chmod 0 ~/shut; echo ws > ws",
                    "--workspace=overlay")
    fork = any_world.aileron("session", "fork", session).ok().out.strip()
    look = ("stat -c %h ~/file; readlink /tmp/link; stat -c %s /var/tmp/hole; test -p ~/pipe; stat -c %a ~/shut ~/d; "
            "chmod 700 ~/shut; cat ~/shut/it ws; stat -c %u ~/file ~/shut/it; id -u; cat ~/file; ")
    other = _resume(any_world, fork, f"{look} echo two > ~/file; echo two > ws").ok()
    lines = other.out.split()
    assert lines[:7] == ["2", "/etc/passwd", str(1 << 30), "0", "700", "in", "ws"], other.describe()
    assert len(set(lines[7:10])) == 1 and lines[10:] == ["one"], other.describe()
    mine = _resume(any_world, session, "cat ~/file ws").ok()
    assert mine.out == "one\nws\n"
    used = int(subprocess.run(["du", "-sk", os.path.join(any_world.state, "aileron/changes")], check=True, capture_output=True,
                              text=True).stdout.split()[0])
    assert used < 100_000  # a hole takes nothing
    any_world.aileron("session", "apply", _id(other)).ok()
    assert any_world.read("ws") == "two\n"
    for one in (_id(other), _id(mine)):
        any_world.aileron("session", "remove", "--force", one).ok()
    assert _left(any_world) == 0


def test_a_snapshot_stays_as_it_is(world):
    """A snapshot can be resumed, applied or discarded, is listed among sessions, or its name twice."""
    session = _kept(world, "echo one > ~/file; echo one > ws", "--workspace=overlay")
    made = json.loads(world.aileron("session", "snapshot", session, "before", "--json").ok().out)
    assert made["of"] == session and made["name"] == "before" and made["workspace"] == world.workspace
    _resume(world, session, "echo two > ~/file").ok()
    for words in (["launch", "--resume", "before", "--", "true"], ["session", "apply", "before"],
                  ["session", "discard", made["id"]]):
        refused = world.aileron(*words)
        assert refused.rc != 0 and "session fork" in refused.err, refused.describe()
    assert made["id"] not in world.aileron("session", "list", "--all").ok().out
    listed, = world.json("session", "snapshots")
    assert listed["id"] == made["id"] and listed["bytes"] > 0
    assert "before" in world.aileron("session", "snapshots").ok().out
    assert "A ws" in world.aileron("session", "diff", "before").ok().out
    for _ in range(2):
        fork = world.aileron("session", "fork", "before").ok().out.strip()
        again = _resume(world, fork, "cat ~/file ws").ok()
        assert again.out == "one\none\n"
    for name in ("before", "../x", "-x", session, "a b", "x" * 65, ".x"):
        refused = world.aileron("session", "snapshot", made["id"], "--", name)
        assert refused.rc == 64, refused.describe()
    world.aileron("session", "snapshot", "before", "again").ok()
    world.aileron("session", "remove", "before", "again").ok()
    assert world.json("session", "snapshots") == []


def test_what_cannot_be_copied_is_said(world):
    """A running or a not kept session is copied, or a failed copy leaves something behind."""
    session = _kept(world, "true")
    running = world.launch_start("sleep", "60", flags=["--resume", session])
    told = []

    def refused() -> bool:
        told[:] = [world.aileron("session", "snapshot", one["id"]) for one in world.json("session", "list")
                   if one["state"] == "running"]
        return bool(told) and "runs still" in told[0].err

    process.eventually(refused, "a running session is refused")
    assert told[0].rc == 1 and world.json("session", "snapshots") == []
    running.terminate()
    running.wait(timeout=30)
    unkept = world.shell("echo x > ws", flags=["--workspace=overlay"]).ok()
    one = unkept.err.split("session diff ")[1][:26]
    told = world.aileron("session", "fork", one)
    assert told.rc == 64 and "--keep" in told.err, told.describe()
    assert world.aileron("session", "fork", "nothing").rc == 64
    deep = _kept(world, "cd ~; for i in $(seq 220); do mkdir d; cd d; done")
    before = _left(world)
    told = world.aileron("session", "fork", deep)
    assert told.rc == 1 and "folders in each other" in told.err, told.describe()
    assert _left(world) == before


def test_a_patch_is_what_git_applies(world):
    """`session diff --patch` cannot be applied by git, leaves a change out, or prints a file that is no text."""
    world.write("kept", "".join(f"{line}\n" for line in range(40)))
    world.write("gone", "bye")
    world.write("run.sh", "#!/bin/sh\n")
    result = world.shell("sed -i 's/^5$/five/; s/^30$/thirty\\nmore/' kept; rm gone; chmod +x run.sh; mkdir d; echo new > 'd/a b'; "
                         "ln -s kept link; printf 'no end' > end; chmod 0 end", flags=["--workspace=overlay"]).ok()
    session = result.err.split("session diff ")[1][:26]
    patch = world.aileron("session", "diff", "--patch", session).ok().out
    assert "@@ -3,7 +3,7 @@" in patch and "deleted file mode" in patch, patch
    folder = os.path.join(world.root, "other")
    os.makedirs(folder)
    for name, mode in (("kept", 0o644), ("gone", 0o644), ("run.sh", 0o644)):
        with open(os.path.join(folder, name), "w", encoding="ascii") as file:
            file.write(world.read(name))
        os.chmod(os.path.join(folder, name), mode)
    subprocess.run(["git", "apply", "-p1", "-"], input=patch.encode(), check=True, cwd=folder)
    world.aileron("session", "apply", session).ok()
    for name in ("kept", "d/a b"):
        with open(os.path.join(folder, name), encoding="ascii") as file:
            assert file.read() == world.read(name)
    assert not os.path.exists(os.path.join(folder, "gone")) and os.access(os.path.join(folder, "run.sh"), os.X_OK)
    assert os.readlink(os.path.join(folder, "link")) == "kept"
    with open(os.path.join(folder, "end"), encoding="ascii") as file:
        assert file.read() == "no end"


def test_a_patch_is_bounded_and_names_what_is_no_text(world):
    """Bytes of a program, or of a file without end, are printed; or the whole fails for one file."""
    result = world.shell("cp /bin/true .; truncate -s 5G huge; mkfifo pipe; ln -s /etc/shadow leak; mkdir .git; echo x > .git/HEAD; "
                         "echo last > zlast", flags=["--workspace=overlay"]).ok()
    session = result.err.split("session diff ")[1][:26]
    shown = world.aileron("session", "diff", "-p", session).ok()
    assert "Binary files /dev/null and b/true differ" in shown.out and "Binary files /dev/null and b/huge differ" in shown.out
    assert "+/etc/shadow" in shown.out and "root:" not in shown.out and "+last" in shown.out and "pipe" not in shown.out
    assert "HEAD" not in shown.out and "--all shows them" in shown.err
    assert "b/.git/HEAD" in world.aileron("session", "diff", "-p", "--all", session).ok().out


def test_a_patch_leaves_nothing_out_without_a_word(world):
    """What is held in .git, a mode, a pipe or an empty folder is missing in a patch that says nothing of it."""
    world.write("README", "other\n")
    world.write("README x", "one\n")
    world.write("shut", "same\n")
    world.write(".git/objects/aa/old", "1")
    world.write(".git/refs/old", "1")
    world.write(".git/HEAD", "ref: refs/heads/main\n")
    result = world.shell("mkdir empty full; echo in > full/file; mkfifo pipe; chmod 600 shut; echo two > 'README x'; "
                         "echo pick > .git/git-rebase-todo; echo 1 > .git/objects/aa/new", flags=["--workspace=overlay"]).ok()
    session = result.err.split("session diff ")[1][:26]
    shown = world.aileron("session", "diff", "-p", session).ok()
    assert "+pick" in shown.out and "objects/aa/new" not in shown.out, shown.describe()
    for told in ("empty: a folder", "pipe: a pipe", "shut: mode 0600 instead of 0644"):
        assert f"not in the patch: {told}" in shown.err, shown.describe()
    assert "full: a folder" not in shown.err
    # patch(1) takes the name as it is, not to its first blank.
    folder = os.path.join(world.root, "other")
    os.makedirs(folder)
    for name in ("README", "README x"):
        with open(os.path.join(folder, name), "w", encoding="ascii") as file:
            file.write("one\n")
    part = "diff --git a/README x" + shown.out.split("diff --git a/README x")[1].split("diff --git")[0]
    subprocess.run(["patch", "-p1"], input=part.encode(), check=True, cwd=folder, capture_output=True)
    for name, content in (("README", "one\n"), ("README x", "two\n")):
        with open(os.path.join(folder, name), encoding="ascii") as file:
            assert file.read() == content


def test_a_line_of_a_file_is_no_header_on_a_terminal(world):
    """A line that an agent added looks like the beginning of another file."""
    result = world.shell("printf '++ b/evil\n' > file; mkdir empty", flags=["--workspace=overlay"]).ok()
    session = result.err.split("session diff ")[1][:26]
    shown = terminal.open_in(world, [binary.path(), "session", "diff", "--patch", session])
    shown.wait()
    lines = [line.rstrip("\r") for line in shown.text.split("\n")]
    evil = next(line for line in lines if "+++ b/evil" in line)
    header = next(line for line in lines if "+++ b/file" in line)
    assert evil.split("+++")[0] != header.split("+++")[0], shown.text


def test_one_that_is_being_copied_says_so(world):
    """`--resume` or `apply` of a session that a fork copies says that it runs, and how to stop it."""
    session = _kept(world, "echo one > ~/file; echo one > ws", "--workspace=overlay")
    folder, = glob.glob(os.path.join(world.state, "aileron/changes/*/"))
    with open(folder + "lock", "rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)
        for words in (["launch", "--resume", session, "--", "true"], ["session", "apply", session]):
            told = world.aileron(*words)
            assert told.rc != 0 and "is being copied" in told.err and "session stop" not in told.err, told.describe()
    # Copies of one come one after the other.
    with open(folder + "copying", "wb") as alone:
        fcntl.flock(alone, fcntl.LOCK_EX)
        fork = world.start(binary.path(), "session", "fork", session)
        time.sleep(0.5)
        assert fork.poll() is None
    assert fork.wait(timeout=30) == 0


def test_a_patch_on_a_terminal_types_nothing(world):
    """A line of an agent's moves the cursor of the person who reads it."""
    result = world.shell("printf 'a\\033[2J\\033]0;x\\007b\\n' > evil", flags=["--workspace=overlay"]).ok()
    session = result.err.split("session diff ")[1][:26]
    assert "\x1b[2J" in world.aileron("session", "diff", "--patch", session).ok().out
    shown = terminal.open_in(world, [binary.path(), "session", "diff", "--patch", session])
    shown.expect(r"\+a.*b")
    shown.wait()
    assert "\x1b[2J" not in shown.text and "\x1b]0" not in shown.text, shown.text
