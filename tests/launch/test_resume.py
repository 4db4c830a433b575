"""`launch --keep` and `--resume`: what was the sandbox's own is there again, and nobody else's."""

import fcntl
import os
import signal

from lib import images, process

_WRITE = "echo home > ~/mine; echo tmp > /tmp/mine; echo var > /var/tmp/mine; mkdir -p ~/.cache; chmod 700 ~/.cache; echo ws > ws"
_READ = "cat ~/mine /tmp/mine /var/tmp/mine ws"


def _kept(world, *flags, script=_WRITE) -> str:
    """A session that was kept; its id."""
    result = world.shell(script, flags=["--keep", *flags]).ok()
    assert "--resume" in result.err, result.describe()
    return result.err.split("launch --resume ")[1][:26]


def _resume(world, session, script, *flags, **keywords) -> process.Result:
    return world.shell(script, flags=["--resume", session, *flags], **keywords)


def _listed(world) -> dict:
    return {one["id"]: one for one in world.json("session", "list")}


def _next(result) -> str:
    return result.err.split("launch --resume ")[1][:26]


def test_what_was_the_sandboxs_own_is_there_again(any_world):
    """After --resume the home or /tmp is another one, or a launch without it sees them."""
    session = _kept(any_world)
    other = any_world.shell("ls ~/mine /tmp/mine /var/tmp/mine 2>&1; true").ok()
    assert other.out.count("No such file") == 3
    again = _resume(any_world, session, f"{_READ}; echo more > ~/more").ok()
    assert again.out == "home\ntmp\nvar\nws\n", again.describe()
    following = _next(again)
    assert following != session and _resume(any_world, session, "true").rc != 0
    last = _resume(any_world, following, "cat ~/more; id -u > ~/id; stat -c %u ~/more; cat ~/id").ok().out.split()
    assert last[0] == "more" and last[1] == last[2]
    session, = _listed(any_world)
    any_world.aileron("session", "remove", session).ok()
    assert _listed(any_world) == {}
    assert os.listdir(os.path.join(any_world.state, "aileron/changes")) == []


def test_what_is_kept_is_listed_with_its_size(world):
    """session list does not show what fills the disk, or --json lacks it."""
    session = _kept(world, script="head -c 3000000 /dev/urandom > ~/big")
    one = _listed(world)[session]
    assert one["state"] != "running"
    assert 3_000_000 <= one["kept_bytes"] <= 3_500_000
    row, = [line for line in world.aileron("session", "list").ok().out.splitlines() if session in line]
    assert "2.9 MiB" in row or "3.0 MiB" in row, row
    world.aileron("session", "remove", session).ok()
    assert "no session runs" in world.aileron("session", "list").ok().err
    gone = world.aileron("session", "remove", session)
    assert gone.rc == 1 and "nothing of" in gone.err, gone.describe()


def test_a_copy_of_the_workspace_goes_on_as_well(world):
    """--resume begins another copy, or writes to the workspace."""
    session = _kept(world, "--workspace=overlay", script="echo one > file; echo 1 > ~/n")
    assert os.listdir(world.workspace) == []
    again = _resume(world, session, "cat file ~/n; echo two >> file").ok()
    assert again.out == "one\n1\n" and os.listdir(world.workspace) == []
    following = _next(again)
    refused = world.aileron("session", "remove", following)
    assert refused.rc == 1 and "not applied" in refused.err, refused.describe()
    world.aileron("session", "apply", following).ok()
    assert world.read("file") == "one\ntwo\n"
    last = _resume(world, following, "cat ~/n").ok()  # what is kept stays after apply
    assert last.out == "1\n"
    world.aileron("session", "remove", "--force", _next(last)).ok()


def test_who_resumes_never_meets_the_launcher_at_its_removal(world):
    """The launcher lets its session go before it has removed the copy: who resumes it then loses the new one."""
    path = os.path.join(world.workspace, "big")
    with open(path, "wb") as file:
        file.write(b"x" * 200_000_000)
    world.give(path)
    child = world.launch_start("sh", "-c", "touch big; echo up; sleep 0.3", flags=["--keep", "--workspace=overlay"])
    assert child.stdout.readline() == b"up\n"
    top = os.path.join(world.state, "aileron/changes")
    folder = os.path.join(top, *os.listdir(top))
    with open(os.path.join(folder, "lock"), "rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        left = os.path.exists(os.path.join(folder, "upper"))
    child.wait()
    for stream in (child.stdout, child.stderr):
        stream.close()
    assert not left


def test_one_that_worked_on_a_copy_never_writes_to_the_workspace(world):
    """After its copy was empty, applied or discarded, a resumed session writes to the workspace itself."""
    session = _kept(world, "--workspace=overlay", script="true")
    for verb in ("apply", "discard"):
        again = _resume(world, session, f"echo {verb} > {verb}").ok()
        session = _next(again)
        assert verb not in os.listdir(world.workspace)
        world.aileron("session", verb, session).ok()
    last = _resume(world, session, "cat apply; echo more > more").ok()
    assert last.out == "apply\n" and os.listdir(world.workspace) == ["apply"]
    world.aileron("session", "remove", "--force", _next(last)).ok()


def test_a_killed_launch_is_resumed(any_world):
    """After kill -9 of the launcher what it kept is lost."""
    child = any_world.launch_start("sh", "-c", "echo kept > ~/mine; echo $AILERON_SESSION_ID; sleep 1000", flags=["--keep"])
    session = child.stdout.readline().decode().strip()
    busy = _resume(any_world, session, "true")
    assert busy.rc == 125 and "runs still" in busy.err, busy.describe()
    child.send_signal(signal.SIGKILL)
    child.wait()
    for stream in (child.stdout, child.stderr):
        stream.close()
    again = process.eventually(lambda: (lambda done: done if done.rc == 0 else None)(_resume(any_world, session, "cat ~/mine")), "it is resumed")
    assert again.out == "kept\n"
    any_world.aileron("session", "remove", _next(again)).ok()


def test_another_folder_or_root_does_not_resume_it(world):
    """A session goes on in another workspace or root than its own."""
    session = _kept(world)
    other = os.path.join(world.temporary, "other")
    os.mkdir(other)
    world.give(other)
    wrong = _resume(world, session, "true", "--workspace", other)
    assert wrong.rc == 125 and world.workspace in wrong.err, wrong.describe()
    # From elsewhere it is its own workspace.
    elsewhere = _resume(world, session, "pwd", cwd=other).ok()
    assert elsewhere.out.strip() == world.workspace
    os.rmdir(other)
    for name in ("01KB0S5C8T3V9PAHD0QW6KFZ3M", "../x"):
        assert _resume(world, name, "true").rc != 0
    plain = world.shell("true").ok()
    assert "--resume" not in plain.err
    world.aileron("session", "remove", _next(elsewhere)).ok()


def test_what_an_agent_left_at_a_mounts_place_leads_nowhere(any_world):
    """Links that an agent left in what is kept lead a later launch out of it."""
    outside = os.path.join(any_world.home, "outside")
    os.mkdir(outside)
    any_world.give(outside)
    shown = os.path.join(any_world.temporary, "shown")
    os.mkdir(shown)
    any_world.give(shown)
    session = _kept(any_world, script=f"ln -s {outside} /tmp/place; ln -s {outside} ~/.docker; ln -s /etc ~/etc")
    for target in ("/tmp/place/in", "/tmp/place"):
        refused = _resume(any_world, session, "true", "--mount", f"{shown}:{target}")
        assert refused.rc == 125 and os.listdir(outside) == [], refused.describe()
    fine = _resume(any_world, session, "ls /tmp/other", "--mount", f"{shown}:/tmp/other").ok()
    for folder in (outside, shown):
        os.rmdir(folder)
    any_world.aileron("session", "remove", _next(fine)).ok()


def test_in_an_image_it_is_kept_as_well(any_world):
    """--keep with --image keeps nothing, or resumes on another root."""
    image = images.layout(any_world, "plain", images.busybox())
    flags = ["--image", image]
    result = any_world.launch("sh", "-c", f"{_WRITE}; pwd", flags=["--keep", *flags]).ok()
    session = _next(result)
    other = _resume(any_world, session, "true")
    assert other.rc == 125 and "--image" in other.err, other.describe()
    again = any_world.launch("sh", "-c", _READ, flags=["--resume", session, *flags]).ok()
    assert again.out == "home\ntmp\nvar\nws\n"
    copied = any_world.launch("sh", "-c", "echo copy >> ws; cat ~/mine", flags=["--resume", _next(again), "--workspace=overlay", *flags]).ok()
    assert copied.out == "home\n" and any_world.read("ws") == "ws\n"
    any_world.aileron("session", "apply", _next(copied)).ok()
    assert any_world.read("ws") == "ws\ncopy\n"
    any_world.aileron("session", "remove", _next(copied)).ok()


def test_a_detached_session_is_kept(world):
    """--detach with --keep keeps nothing."""
    session = world.aileron("launch", "--detach", "--keep", "--", "sh", "-c", "echo d > ~/mine").ok().out.strip()
    process.eventually(lambda: "--resume" in world.aileron("session", "logs", session).out, "it has ended")
    again = process.eventually(lambda: (lambda done: done if done.rc == 0 else None)(_resume(world, session, "cat ~/mine")), "it is resumed")
    assert again.out == "d\n"
    world.aileron("session", "remove", _next(again)).ok()
