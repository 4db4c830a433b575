"""A sandbox in a container of an engine's keeps the same contract as one without: docker and podman, root and not."""

import json
import os
import signal
import time

import pytest

from lib import control, engines, images, process, terminal

# One process has all of them, and so each engine is started once.
pytestmark = pytest.mark.xdist_group("engines")

HOST = "api.test"
SECRET = "sk-engine-51cc7e"


def _start(world, script: str, *flags, **more):
    return world.launch("sh", "-c", script, flags=[*world.engine_flags, *flags], **more)


def _running(world, script: str, *flags):
    """A launch that has printed "ready", its session's id, and its container's."""
    before = set(world.engine.containers())
    child = world.launch_start("sh", "-c", f"echo ready; {script}", flags=[*world.engine_flags, *flags])
    assert child.stdout.readline() == b"ready\n", child.stderr.read().decode()
    session, = [one for one in world.sessions() if one["state"] == "running"]
    container, = set(world.engine.containers()) - before
    return child, session["id"], container


def _with_curl(world) -> list:
    """The flags for an image that has curl."""
    world.engine.load("localhost/tests/curl:1", images.add_program(images.busybox(), "/usr/bin/curl"))
    return world.engine.flags("localhost/tests/curl:1")


def _gone(world) -> None:
    process.eventually(lambda: not world.engine.containers(), "the engine has no container left")


def test_the_root_is_the_images_and_the_contract_is_the_same(boxed):
    """The agent is not in the image, is somebody else, works elsewhere, or is told of another driver."""
    boxed.write("in-workspace", "mine")
    result = _start(boxed, "id -u; id -un; pwd; echo $HOME; cat in-workspace; echo; echo $AILERON_SANDBOX $OF_IMAGE; "
                    "echo here > made; ls /home; cat /proc/1/comm; touch /x /etc/x; cat /run/aileron/session.json")
    lines = result.out.splitlines()
    uid = "1000" if boxed.uid == 0 else str(boxed.uid)
    assert lines[:4] == [uid, "agent", "/home/agent/workspace", "/home/agent"], result.describe()
    assert lines[4:8] == ["mine", f"{boxed.engine.driver} yes", "agent", "aileron"], result.describe()
    told = json.loads(lines[8])
    assert told["driver"] == boxed.engine.driver and told["tier"] == "image" and "landlock" in str(told["walls"])
    assert result.err.count("Read-only file system") == 2, result.describe()
    assert boxed.read("made") == "here\n" and os.stat(os.path.join(boxed.workspace, "made")).st_uid == boxed.uid
    session, = boxed.sessions("--all")
    assert session["driver"] == boxed.engine.driver and boxed.engine.reference() in session["image"], session
    assert boxed.engine.image_id() in session["image"]
    _gone(boxed)


@pytest.mark.parametrize("script, code", [("exit 7", 7), ("kill -9 $$", 137), ("exec /nonexistent", 127),
                                          ("exec /etc/passwd", 126)])
def test_exit_codes_come_back(docked, script, code):
    """The agent's exit code is another one, as seen from outside."""
    assert _start(docked, script).rc == code


def test_streams_are_the_callers_own(boxed):
    """What goes through the agent's standard streams is changed, cut, or mixed."""
    data = os.urandom(1 << 20)
    result = boxed.launch("sh", "-c", "cat; echo over >&2", flags=boxed.engine_flags, data=data)
    assert result.rc == 0 and result.stdout == data and result.err == "over\n", result.describe()


def test_the_agent_has_a_terminal(boxed):
    """There is no controlling terminal, or Ctrl-C does not reach the agent."""
    screen = terminal.open_in(boxed, boxed.launch_line(
        ["sh", "-c", "tty; trap 'echo caught; exit 9' INT; echo ready; while :; do sleep 1; done"], boxed.engine_flags))
    screen.expect(r"/dev/pts/0\r\n")
    screen.expect("ready")
    screen.send("\x03")
    screen.expect("caught")
    assert screen.wait() == 9


def test_requests_go_through_the_data_plane(boxed):
    """A site is not reached, by proxy or captured; a credential is not put in, or a refused host is reached."""
    flags = _with_curl(boxed)
    site = boxed.bound(HOST, SECRET, scheme="bearer")
    result = boxed.launch("sh", "-c", f"curl -sS https://{HOST}/by-proxy; curl -sS --noproxy '*' https://{HOST}/captured; "
                          "curl -sS --noproxy '*' https://other.test/; cat /etc/resolv.conf; env",
                          flags=flags)
    for path in ("/by-proxy", "/captured"):
        assert site.seen(path) and site.seen(path)[0].header("authorization") == [f"Bearer {SECRET}"], result.describe()
    assert SECRET not in result.out and "nameserver 127.0.0.1" in result.out
    assert "other.test:443 waits for a person's yes" in result.out, result.describe()


def test_the_container_has_nothing_that_it_does_not_need(engined):
    """A container has a network, a capability, a writable root, new privileges, the engine's own logs or a secret."""
    engined.bound(HOST, SECRET, scheme="bearer")
    child, _, container = _running(engined, "cat /run/aileron/token; echo; sleep 60", "--env", f"OWN={SECRET}")
    token = child.stdout.readline().decode().strip()
    seen = engined.engine.inspect(container)
    text = json.dumps(seen)
    assert token and token not in text and SECRET not in text
    host = seen["HostConfig"]
    assert host["NetworkMode"] == "none" and host["ReadonlyRootfs"] and not host["Privileged"], host
    rootless = engined.engine.name == "podman" and engined.uid != 0
    if engined.engine.name == "docker":
        assert host["CapDrop"] == ["ALL"] and not host["CapAdd"] and "no-new-privileges" in host["SecurityOpt"]
    else:
        assert seen["EffectiveCaps"] in ([], None) or rootless and seen["EffectiveCaps"] == ["CAP_SETFCAP"], seen["EffectiveCaps"]
    with open(f"/proc/{seen['State']['Pid']}/status", encoding="ascii") as file:
        status = dict(line.rstrip("\n").split(":\t") for line in file if line.startswith(("CapEff", "NoNew", "Seccomp:")))
    assert int(status["CapEff"], 16) == 0 and status["NoNewPrivs"] == "1" and status["Seccomp"] == "2", status
    assert engined.engine.run("logs", container, check=False).out == ""
    child.terminate()
    assert child.wait(process.PATIENCE) == 143
    _gone(engined)


def test_covers_stand_and_come_back(boxed):
    """The agent writes what the host would run, or can when the host has replaced it."""
    boxed.run("git", "init", "-q", ".").ok()
    boxed.write(".envrc", "old")
    script = ("for turn in 1 2 3 4 5 6 7 8 9 10; do read line; echo evil > .envrc; echo evil > .git/hooks/pre-commit; "
              "git=$(ls -l .git/config); echo \"$line $git\"; done")
    child = boxed.launch_start("sh", "-c", f"echo ready; {script}", flags=boxed.engine_flags,
                               stdin=-1)
    assert child.stdout.readline() == b"ready\n", child.stderr.read()
    for turn in range(10):
        boxed.write(".envrc.new", f"new {turn}")
        os.rename(os.path.join(boxed.workspace, ".envrc.new"), os.path.join(boxed.workspace, ".envrc"))
        time.sleep(0.1)
        child.stdin.write(b"go\n")
        child.stdin.flush()
        line = child.stdout.readline()
        assert line.startswith(b"go") and b"/run/aileron-copies/" in line, line
        assert boxed.read(".envrc") == f"new {turn}"
    assert child.wait(process.PATIENCE) == 0
    assert b".envrc was replaced on the host and is protected again" in child.stderr.read()
    assert not os.path.exists(os.path.join(boxed.workspace, ".git/hooks/pre-commit"))


def test_commands_are_judged_in_the_kernel(boxed):
    """A command that rules deny runs in a container."""
    # A shell of busybox runs its own applets without an exec.
    boxed.write("run.sh", "/bin/head -c 5 /etc/passwd; echo $?\nsh -c 'exec ''head -c 5 /etc/passwd'; echo $?\n"
                "env head -c 5 /etc/passwd; echo $?\n")
    result = boxed.launch("sh", "run.sh", flags=[*boxed.engine_flags, "--command-deny", "head"])
    assert result.out.split() == ["126"] * 3 and "--command-deny head" in result.err, result.describe()
    allowed = boxed.launch("sh", "run.sh", flags=[*boxed.engine_flags, "--command-deny", "tail"])
    assert allowed.out == "agent0\n" * 3, allowed.describe()
    # What the agent has made is no program of the image's, whatever its name.
    boxed.write("dd", "#!/bin/sh\necho mine\n", 0o755)
    named = _start(boxed, "(exec ./dd); echo $?", "--command-default", "deny",
                   "--command-allow=sh **", "--command-allow=dd **")
    assert named.out == "126\n", named.describe()


def test_an_image_of_one_program_has_what_a_sandbox_needs(boxed):
    """An image of one program does not start, or has no /dev, /proc, /etc/hosts or /tmp."""
    with open(images.BUSYBOX, "rb") as file:
        boxed.engine.load("localhost/tests/bare:1", images.Layer().file("busybox", file.read(), 0o755))
    result = boxed.launch("/busybox", "sh", "-c", "/busybox ls /; /busybox cat /etc/hosts /etc/resolv.conf; echo x > /dev/null; "
                          "echo y > /tmp/y; /busybox ls /proc/1", flags=boxed.engine.flags("localhost/tests/bare:1")).ok()
    assert {"dev", "etc", "busybox", "home", "proc", "run", "sys", "tmp", "var"} <= set(result.out.split())
    assert "aileron.internal" in result.out and "nameserver 127.0.0.1" in result.out, result.describe()


def test_what_an_image_has_where_the_sandbox_has_its_own_is_no_obstacle(boxed):
    """An image with files in /run, /tmp or the agent's home does not start in an engine, or they are seen."""
    layer = images.busybox()
    for name in ("run/big", "tmp/big", "var/tmp/big", "home/agent/big"):
        layer.file(name, "x" * 100_000)
    boxed.engine.load("localhost/tests/full:1", layer)
    result = boxed.launch("sh", "-c", "ls /run/big /tmp/big /var/tmp/big ~/big; echo on", flags=boxed.engine.flags("localhost/tests/full:1"))
    assert result.out == "on\n" and result.err.count("No such file") == 4, result.describe()


def test_mounts_volumes_and_places_that_an_image_has_not(boxed):
    """A mount is not there, can be written though it is read-only, or a place that no image has stops the launch."""
    data = os.path.dirname(boxed.write(os.path.join(boxed.root, "data", "d"), "data"))
    lone = boxed.write(os.path.join(boxed.root, "lone"), "lone")
    result = _start(boxed, "cat /opt/deep/data/d /srv/one/file; echo no > /opt/deep/data/d; echo yes > /opt/rw/new; cd /opt/rw; ls",
                    "--mount", f"{data}:/opt/deep/data:ro", "--mount", f"{lone}:/srv/one/file:ro",
                    "--mount", f"{data}:/opt/rw")
    assert result.out == "datalone" + "d\nnew\n", result.describe()
    assert "Read-only file system" in result.err and boxed.read(os.path.join(data, "new")) == "yes\n"


def test_it_goes_with_the_session_the_launcher_and_by_hand(boxed):
    """A container outlives its session or its launcher, or one that somebody ends is told as something else."""
    child, session, _ = _running(boxed, "sleep 60")
    boxed.aileron("session", "stop", session).ok()
    assert child.wait(process.PATIENCE) == 137
    _gone(boxed)
    child, session, _ = _running(boxed, "sleep 60")
    child.send_signal(signal.SIGKILL)
    _gone(boxed)
    process.eventually(lambda: [one for one in boxed.sessions("--all")
                                if one["id"] == session and one["state"] == "orphaned"], "the session is orphaned")
    child, _, container = _running(boxed, "sleep 60")
    boxed.engine.kill(container)
    assert child.wait(process.PATIENCE) == 137
    _gone(boxed)
    child, _, container = _running(boxed, "sleep 60")
    began = time.monotonic()
    boxed.engine.stop(container)
    assert time.monotonic() - began < 15 and child.wait(process.PATIENCE) == 137
    _gone(boxed)
    left = [name for name in os.listdir(os.path.join(boxed.runtime, "aileron")) if name.startswith(boxed.engine.left)]
    assert len(left) <= 1, left  # of the launcher that was killed, until the next one
    assert _start(boxed, "true").rc == 0
    assert not [name for name in os.listdir(os.path.join(boxed.runtime, "aileron")) if name.startswith(boxed.engine.left)]


def test_a_daemon_that_dies_is_replaced(boxed):
    """After a restart of the daemon the sandbox in a container has no way out."""
    flags = _with_curl(boxed)
    site = boxed.site(HOST)
    child = boxed.launch_start("sh", "-c", f"echo ready; read line; curl -sS https://{HOST}/after",
                               flags=flags, stdin=-1)
    assert child.stdout.readline() == b"ready\n", child.stderr.read()
    process.end(boxed.daemon_pid())
    child.stdin.write(b"go\n")
    child.stdin.close()
    assert child.wait(process.PATIENCE * 2) == 0, child.stderr.read()
    assert site.seen("/after")


def test_limits_are_the_engines(engined):
    """--memory, --pids and --cpus are not held, or one that cannot be is left out in silence."""
    result = _start(engined, "dd if=/dev/zero of=/dev/shm/x bs=1M count=200 2>/dev/null; echo $?",
                    "--memory", "64m", "--pids", "40", "--cpus", "0.5")
    if engined.engine.name == "podman" and engined.uid != 0:
        assert result.rc == 125 and "--memory" in result.err and "rootless" in result.err, result.describe()
        return
    assert result.rc == 137 or result.out.strip() not in ("", "0"), result.describe()
    child, _, container = _running(engined, "sleep 60", "--memory", "64m", "--pids", "40", "--cpus", "0.5")
    host = engined.engine.inspect(container)["HostConfig"]
    assert host["Memory"] == 64 << 20 and host["PidsLimit"] == 40, host
    assert host["NanoCpus"] == 500_000_000 or host["CpuQuota"] == 50_000, host
    child.terminate()
    child.wait(process.PATIENCE)


def test_a_devcontainer_runs_in_an_engine(boxed):
    """What a devcontainer.json says does not hold in a container."""
    boxed.write(".devcontainer/devcontainer.json", json.dumps({
        "image": engines.IMAGE, "workspaceFolder": "/work/here", "containerEnv": {"OF_FILE": "1"},
        "postCreateCommand": "echo made > $HOME/made"}))
    result = boxed.launch("sh", "-c", "pwd; echo $OF_FILE $OF_IMAGE; cat ~/made", flags=boxed.engine.file_flags)
    assert result.out == "/work/here\n1 yes\nmade\n", result.describe()


def test_a_devcontainers_image_is_the_engines(boxed):
    """What an engine has by a registry's name is not what a devcontainer.json means by it."""
    if boxed.engine.driver == "oci":
        return  # it has no images of its own
    name = "registry.test/team/box:1"
    boxed.engine.load(name, images.busybox(), Cmd=["sh"], Env=["OF_IMAGE=yes"])
    boxed.write(".devcontainer/devcontainer.json", json.dumps({"image": name}))
    result = boxed.launch("sh", "-c", "echo $OF_IMAGE", flags=boxed.engine.sandbox_flags)
    assert result.out == "yes\n", result.describe()


def test_a_detached_launch_runs_in_an_engine(docked):
    """A launch that nobody is at does not start in a container, or its output is lost."""
    session = docked.launch("sh", "-c", "echo printed; sleep 60", flags=[*docked.engine_flags, "--detach"]).ok().out.strip()
    process.eventually(lambda: "printed" in docked.aileron("session", "logs", session).out, "it has printed")
    docked.aileron("session", "stop", session).ok()
    _gone(docked)


def test_answers_are_asked_for(docked):
    """A question of an agent in a container does not reach a person."""
    flags = _with_curl(docked)
    site = docked.site(HOST, allow=False)
    child = docked.launch_start("curl", "-sS", f"https://{HOST}/asked", flags=[
        *flags, "--hold", "30s"])
    process.eventually(lambda: os.path.exists(control.path(docked)), "the daemon listens")
    question, = process.eventually(lambda: control.waiting(docked), "the question waits")
    control.approve(docked, question["id"])
    assert child.wait(process.PATIENCE) == 0 and site.seen("/asked")


def test_a_person_runs_commands_beside_the_agent(boxed):
    """`aileron exec` does not reach a sandbox in a container, or runs outside of its walls."""
    child, session, _ = _running(boxed, "sleep 60")
    result = boxed.aileron("exec", session, "--", "sh", "-c", "id -u; cat /proc/1/comm; touch /x; exit 5")
    uid = "1000" if boxed.uid == 0 else str(boxed.uid)
    assert result.rc == 5 and result.out.split() == [uid, "aileron"] and "Read-only" in result.err, result.describe()
    child.terminate()
    child.wait(process.PATIENCE)


def test_an_agent_works_on_a_copy_and_what_it_kept_is_there_again(boxed):
    """In a container a copy of the workspace is the workspace itself, or what was kept is gone."""
    boxed.write("file", "old")
    result = _start(boxed, "echo new > file; echo kept > ~/kept", "--workspace=overlay", "--keep")
    assert result.rc == 0 and boxed.read("file") == "old", result.describe()
    session, = boxed.sessions("--all")
    shown = boxed.aileron("session", "diff", session["id"]).ok()
    assert "file" in shown.out, shown.describe()
    again = _start(boxed, "cat ~/kept file", "--resume", session["id"])
    assert again.out == "kept\nnew\n", again.describe()
    # What was kept is the later session's now.
    later, = [one for one in boxed.sessions("--all") if one["id"] != session["id"]]
    boxed.aileron("session", "apply", later["id"]).ok()
    assert boxed.read("file") == "new\n"
    boxed.aileron("session", "remove", later["id"]).ok()
