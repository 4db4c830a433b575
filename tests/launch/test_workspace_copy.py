"""`launch --workspace=overlay`: the agent works on a copy, and a person decides what of it is applied."""

import json
import os
import signal
import stat
import subprocess
import time

import pytest

from lib import binary, process

_OVERLAY = ["--workspace=overlay"]


def _folders(world) -> list:
    """Of copies in the state."""
    folder = os.path.join(world.state, "aileron/changes")
    return [os.path.join(folder, name) for name in os.listdir(folder)] if os.path.isdir(folder) else []


def _copies(world) -> list:
    """The sessions that have one."""
    found = []
    for folder in _folders(world):
        if os.path.exists(os.path.join(folder, "facts")):  # else a removal of it was killed
            with open(os.path.join(folder, "facts"), "rb") as file:
                found.append(file.read()[8:34].decode())
    return sorted(found)


def _changed(world, script: str, flags=()) -> str:
    """Runs a script on a copy of the workspace; the session's id."""
    before = set(_copies(world))
    result = world.shell(script, flags=[*_OVERLAY, *flags])
    assert result.rc == 0 and "session diff" in result.err, result.describe()
    session, = set(_copies(world)) - before
    assert session in result.err
    return session


def _diff(world, session, *flags) -> list:
    return world.aileron("session", "diff", *flags, session).ok().out.splitlines()


def _letters(world, session) -> list:
    """"A path" of each change but the folders'."""
    return [line.split("  ")[0] for line in _diff(world, session)[:-1]]


def _apply(world, session, *words) -> process.Result:
    return world.aileron("session", "apply", session, *words)


def _tree(folder: str) -> dict:
    """Every name below a folder, with what stands there."""
    found = {}
    for top, folders, files in os.walk(folder):
        for name in [*folders, *files]:
            path = os.path.join(top, name)
            info = os.lstat(path)
            what = os.readlink(path) if stat.S_ISLNK(info.st_mode) else None
            if stat.S_ISREG(info.st_mode):
                with open(path, "rb") as file:
                    what = file.read()
            found[os.path.relpath(path, folder)] = (stat.S_IFMT(info.st_mode), info.st_mode & 0o777 if what is None or not isinstance(what, str) else 0, what)
    return found


@pytest.fixture
def project(any_world):
    """A world with a few files in its workspace, made before the launch."""
    for path, text in (("a.txt", "one\n"), ("b.txt", "two\n"), ("d/x", "x\n"), ("d/y", "y\n"), ("run.sh", "echo\n"), ("k/in", "1")):
        any_world.write(path, text)
    time.sleep(0.02)
    return any_world


_WORK = ("echo more >> a.txt; rm b.txt; rm -r d; mkdir d; echo z > d/z; chmod 755 run.sh; echo new > new; "
         "ln -s a.txt link; mkdir -p deep/er; echo f > deep/er/f; rm -r k; echo file > k; cat a.txt d/z")


def test_the_workspace_stays_as_it_is_until_it_is_applied(project):
    """What the agent writes reaches the workspace by itself, or it does not see its own work."""
    before = _tree(project.workspace)
    result = project.shell(_WORK, flags=_OVERLAY)
    assert result.out == "one\nmore\nz\n", result.describe()
    assert _tree(project.workspace) == before
    session, = _copies(project)
    assert f"session diff {session}" in result.err
    assert _letters(project, session) == [
        "M a.txt", "D b.txt", "A d/z", "D d/x", "D d/y", "A deep/", "A deep/er/", "A deep/er/f",
        "D k/in", "D k/", "A k", "A link -> a.txt", "A new", "M run.sh"]
    assert _diff(project, session)[-1] == "14 changes: 7 added, 2 modified, 5 deleted"
    _apply(project, session).ok()
    assert project.read("a.txt") == "one\nmore\n" and project.read("k") == "file\n" and project.read("deep/er/f") == "f\n"
    assert not os.path.exists(os.path.join(project.workspace, "b.txt"))
    assert sorted(os.listdir(os.path.join(project.workspace, "d"))) == ["z"]
    assert os.stat(os.path.join(project.workspace, "run.sh")).st_mode & 0o777 == 0o755
    assert os.readlink(os.path.join(project.workspace, "link")) == "a.txt"
    for top, folders, files in os.walk(project.workspace):
        for name in [*folders, *files]:
            assert os.lstat(os.path.join(top, name)).st_uid == project.uid, name
    assert _copies(project) == []
    gone = _apply(project, session)
    assert gone.rc == 1 and "no copy" in gone.err, gone.describe()


def test_a_copy_without_changes_leaves_nothing(project):
    """A session that changed nothing, or wrote the same again, has a copy to decide about."""
    result = project.shell("cp a.txt t; cat t > a.txt; rm t; touch b.txt; ls", flags=_OVERLAY).ok()
    assert "nothing was changed" in result.err and _copies(project) == []


def test_a_launch_that_fails_leaves_no_copy(world):
    """A command that cannot be run leaves a copy."""
    assert world.launch("no-such-program", flags=_OVERLAY).rc == 127
    assert world.shell("true", flags=[*_OVERLAY, "--require", "landlock", "--mount", "/nowhere:/x"]).rc == 125
    assert _copies(world) == []


def test_discard_removes_all(project):
    """session discard leaves the copy, or touches the workspace."""
    before = _tree(project.workspace)
    session = _changed(project, f"{_WORK}; mkdir -p shut/in; touch shut/in/f; chmod 0 shut/in/f shut/in shut")
    project.aileron("session", "discard", session).ok()
    assert _copies(project) == [] and _tree(project.workspace) == before


def test_what_the_host_changed_meanwhile_is_not_overwritten(project):
    """apply takes the host's work away, or --force does not."""
    session = _changed(project, "echo agent >> a.txt; rm b.txt; echo agent > new; echo fine > fine; echo x >> d/x")
    project.write("a.txt", "host\n")
    project.write("b.txt", "host\n")
    project.write("new", "host\n")
    os.unlink(os.path.join(project.workspace, "d/x"))
    lines = _diff(project, session)
    assert [one for one in lines if "[changed on the host]" in one] == [one for one in lines if one[:3] in ("M a", "D b", "M n")]
    assert any(one.startswith("A d/x") and "[removed on the host]" in one for one in lines), lines
    refused = _apply(project, session)
    assert refused.rc == 1 and "--force" in refused.err and "a.txt" in refused.err, refused.describe()
    assert project.read("a.txt") == "host\n" and not os.path.exists(os.path.join(project.workspace, "fine"))
    _apply(project, session, "fine").ok()
    assert project.read("fine") == "fine\n"
    _apply(project, session, "--force").ok()
    assert project.read("a.txt") == "one\nagent\n" and project.read("new") == "agent\n"
    assert not os.path.exists(os.path.join(project.workspace, "b.txt")) and _copies(project) == []


def test_a_folder_that_the_host_moved_into_place_is_its_work(project):
    """The host's files that came with their folder are older than the copy, and apply writes over them."""
    top = project.workspace
    project.write("new/x", "host\n")
    project.write("newer/deep/y", "host\n")
    project.write("other/deep/y", "one\n")
    session = _changed(project, "echo agent >> d/x; mkdir made; echo agent > made/x; echo agent >> other/deep/y; mv a.txt moved; mkdir in; mv b.txt in/b.txt")
    assert not any("[" in one for one in _diff(project, session)), _diff(project, session)  # what the agent renamed is no clash
    os.rename(os.path.join(top, "d"), os.path.join(top, "d.old"))
    os.rename(os.path.join(top, "other"), os.path.join(top, "other.old"))
    os.rename(os.path.join(top, "new"), os.path.join(top, "d"))
    os.rename(os.path.join(top, "newer"), os.path.join(top, "other"))
    lines = _diff(project, session)
    for path in ("d/x", "other/deep/y"):
        assert any(one.startswith(f"M {path} ") and "[changed on the host]" in one for one in lines), lines
    refused = _apply(project, session)
    assert refused.rc == 1 and "--force" in refused.err, refused.describe()
    assert project.read("d/x") == "host\n" and project.read("other/deep/y") == "host\n"


def test_a_folder_that_the_host_filled_is_not_emptied(project):
    """What the host put into a folder that the agent removed is gone."""
    session = _changed(project, "rm -r d")
    project.write("d/host", "host\n")
    refused = _apply(project, session)
    assert refused.rc == 1 and "d/host" in refused.err, refused.describe()
    assert project.read("d/host") == "host\n" and project.read("d/x") == "x\n"


def test_single_paths_are_applied(project):
    """apply PATH applies more, or leaves the workspace."""
    session = _changed(project, "mkdir s; echo 1 > s/1; echo 2 > s/2; echo 3 > other")
    assert _apply(project, session, "../x").rc == 64 and _apply(project, session, "/etc").rc == 64
    shown = _apply(project, session, "-n", "s").ok()
    assert "s/1" in shown.out and "other" not in shown.out and not os.path.exists(os.path.join(project.workspace, "s"))
    part = _apply(project, session, os.path.join(project.workspace, "s/1"))
    assert part.rc == 1 and "s/1" in part.err, part.describe()  # its folder is not there, nor asked for
    _apply(project, session, "s").ok()
    assert project.read("s/2") == "2\n" and not os.path.exists(os.path.join(project.workspace, "other"))
    assert _letters(project, session) == ["A other"]
    _apply(project, session, "other").ok()
    assert _copies(project) == []


def test_json_and_names_are_for_programs(project):
    """--json, --name-only, -z or --stat tell something else."""
    session = _changed(project, "echo 1 > 'odd\nname'; chmod 700 a.txt; ln -s /x l; rm b.txt")
    told = world_json = project.json("session", "diff", session)
    assert told["session"] == session and told["workspace"] == project.workspace and not told["running"]
    by_path = {one["path"]: one for one in world_json["changes"]}
    assert by_path["a.txt"]["before"]["mode"] == "0644" and by_path["a.txt"]["after"]["mode"] == "0700"
    assert by_path["l"]["after"] == {"type": "link", "target": "/x"} and by_path["b.txt"]["status"] == "deleted"
    raw = project.aileron("session", "diff", "-z", session).ok().out.split("\0")
    assert raw == ["a.txt", "b.txt", "l", "odd\nname", ""]
    assert len(_diff(project, session, "--name-only")) == 4
    assert " a.txt | 4 -> 4 bytes" in _diff(project, session, "--stat")
    assert "\033[3" not in project.aileron("session", "diff", session).ok().out
    # Without a name: the newest one of this folder.
    assert project.aileron("session", "diff", "--name-only", cwd=os.path.join(project.workspace, "d")).ok().out.count("\n") == 4
    assert project.aileron("session", "diff", cwd=project.home).rc != 0


def test_git_works_on_the_copy_and_its_commits_are_applied(project):
    """A commit of the agent's is lost, or is not the same on the host."""
    git = lambda *words: project.run("git", "-c", "user.name=t", "-c", "user.email=t@t", *words).ok().out
    git("init", "-q", ".")
    git("add", ".")
    git("commit", "-qm", "first")
    session = _changed(project, "echo more >> a.txt; git -c user.name=a -c user.email=a@a commit -qam second; git log --oneline | wc -l")
    assert len(git("log", "--oneline").splitlines()) == 1
    lines = _diff(project, session)
    assert lines[0].startswith("M a.txt") and "M .git/" in lines[-2] and "own files" in lines[-2], lines
    assert any(".git/refs" in one for one in _diff(project, session, "--all"))
    _apply(project, session).ok()
    assert git("log", "--format=%s").splitlines() == ["second", "first"] and git("status", "--porcelain") == ""
    git("fsck", "--strict")


def test_a_running_session_is_seen_and_not_applied(project):
    """diff of a session that runs fails, or apply works under its hands."""
    child = project.launch_start("sh", "-c", "echo 1 > new; echo $AILERON_SESSION_ID; read end; exit 0", flags=_OVERLAY, stdin=subprocess.PIPE)
    session = child.stdout.readline().decode().strip()
    assert _letters(project, session) == ["A new"]
    for verb in ("apply", "discard"):
        refused = project.aileron("session", verb, session)
        assert refused.rc == 1 and "runs still" in refused.err, refused.describe()
    child.stdin.close()
    assert child.wait(process.PATIENCE) == 0
    for stream in (child.stdout, child.stderr):
        stream.close()
    _apply(project, session).ok()


def test_a_killed_launch_leaves_a_copy_that_can_be_applied(world):
    """After kill -9 of the launcher the agent's work is lost."""
    child = world.launch_start("sh", "-c", "echo 1 > new; echo $AILERON_SESSION_ID; sleep 1000", flags=_OVERLAY)
    session = child.stdout.readline().decode().strip()
    child.kill()
    child.wait()
    for stream in (child.stdout, child.stderr):
        stream.close()
    process.eventually(lambda: _apply(world, session).rc == 0, "it is applied")
    assert world.read("new") == "1\n"


def test_apply_that_is_killed_is_finished_by_the_next(world):
    """kill -9 in the middle of apply leaves half a file, a temporary one, or work that nothing finishes."""
    session = _changed(world, "for i in $(seq 400); do mkdir -p d$((i % 20)); head -c 20000 /dev/urandom > d$((i % 20))/f$i; done")
    upper = _tree(os.path.join(_folders(world)[0], "upper"))
    killed = 0
    for _ in range(40):
        if session not in _copies(world):
            break
        child = world.start(binary.path(), "session", "apply", session, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(0.004 + 0.002 * killed)
        child.send_signal(signal.SIGKILL)
        killed += child.wait() == -signal.SIGKILL
        for path, found in _tree(world.workspace).items():
            if stat.S_ISREG(found[0]) and ".aileron-apply-" not in path:
                assert found[2] == upper[path][2], path
    if session in _copies(world):
        _apply(world, session).ok()
    assert killed > 0
    _changed(world, "echo 1 > one")  # what a killed removal left goes
    assert len(_folders(world)) == 1
    assert {path: found[2] for path, found in _tree(world.workspace).items()} == {path: found[2] for path, found in upper.items()}


def test_a_full_disk_or_a_missing_workspace_is_told(world):
    """A workspace that is gone, or another folder by now, is written to."""
    session = _changed(world, "echo 1 > new")
    os.rename(world.workspace, world.workspace + "-moved")
    os.mkdir(world.workspace)
    world.give(world.workspace)
    refused = _apply(world, session)
    assert refused.rc != 0 and "another folder" in refused.err, refused.describe()
    assert os.listdir(world.workspace) == []
    os.rmdir(world.workspace)
    os.rename(world.workspace + "-moved", world.workspace)
    _apply(world, session).ok()


def test_another_folder_can_be_named(world):
    """overlay:FOLDER works on the current folder, or ./overlay is no folder."""
    other = os.path.join(world.temporary, "other")
    os.mkdir(other)
    world.give(other)
    result = world.shell("pwd; echo 1 > new", flags=[f"--workspace=overlay:{other}"]).ok()
    assert result.out.strip() == other and os.listdir(other) == []
    session, = _copies(world)
    _apply(world, session).ok()
    assert os.listdir(other) == ["new"]
    os.unlink(os.path.join(other, "new"))
    os.rmdir(other)
    os.mkdir(os.path.join(world.workspace, "overlay"))
    world.give(os.path.join(world.workspace, "overlay"))
    world.shell("echo 1 > direct", flags=["--workspace=./overlay"]).ok()
    assert world.read("overlay/direct") == "1\n"
    wrong = world.shell("true", flags=[*_OVERLAY, "--read-only"])
    assert wrong.rc == 64 or wrong.rc == 78, wrong.describe()


def test_a_detached_session_has_a_copy(world):
    """--detach with --workspace=overlay writes to the workspace."""
    session = world.aileron("launch", "--detach", *_OVERLAY, "--", "sh", "-c", "echo 1 > new").ok().out.strip()
    process.eventually(lambda: "session diff" in world.aileron("session", "logs", session).out, "it has ended")
    assert os.listdir(world.workspace) == [] and json.loads(world.aileron("session", "diff", "--json", session).ok().out)["changes"]
    process.eventually(lambda: _apply(world, session).rc == 0, "it is applied")
    assert world.read("new") == "1\n"
