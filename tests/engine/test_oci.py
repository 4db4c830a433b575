"""A sandbox in a container of an OCI runtime: what is not the same as with an engine."""

import json
import os
import re

import pytest

from lib import engines, images, process

# One process has all of them, and so each is made once.
pytestmark = pytest.mark.xdist_group("engines")

HOST = "api.test"
SECRET = "sk-oci-7d10f2"


def _script(world, text: str, name: str = "runtime") -> str:
    """A runtime by a path outside of the workspace."""
    return world.write(os.path.join(world.root, "opt", name), f"#!/bin/sh\n{text}\n", 0o755)


def _nothing_left(world) -> None:
    """Neither a folder, a group nor a mount of a launch."""
    assert not [name for name in os.listdir(world.engine.folders) if name.startswith("oci-")]
    with open("/proc/self/mounts", encoding="utf-8") as file:
        assert world.engine.folders not in file.read()
    groups = [os.path.join(path, name) for path, names, _ in os.walk("/sys/fs/cgroup") for name in names
              if re.fullmatch(r"aileron-[A-Za-z0-9]{6}", name)]
    assert not groups, groups


def test_the_container_has_nothing_that_it_does_not_need(bundled):
    """A container has a network, a capability, a writable root or new privileges, or a secret is in what others see."""
    bundled.bound(HOST, SECRET, scheme="bearer")
    child = bundled.launch_start("sh", "-c", "cat /run/aileron/token; echo; sleep 60",
                                 flags=[*bundled.engine_flags, "--env", f"OWN={SECRET}"])
    token = child.stdout.readline().decode().strip()
    container, = bundled.engine.containers()
    config = bundled.engine.config(container)
    text = json.dumps(config)
    assert token and token not in text and SECRET not in text
    assert config["root"]["readonly"] and config["process"]["noNewPrivileges"] and config["process"]["env"] == []
    assert {one["type"] for one in config["linux"]["namespaces"]} >= {"network", "pid", "mount", "ipc", "uts"}
    state = json.loads(bundled.engine.run(container, "state", container).ok().out)
    assert state["status"] == "running"
    with open(f"/proc/{state['pid']}/status", encoding="ascii") as file:
        status = dict(line.rstrip("\n").split(":\t") for line in file if line.startswith(("Cap", "NoNew", "Seccomp:", "Uid")))
    assert status["CapEff"] == status["CapPrm"] == "0" * 16 and status["NoNewPrivs"] == "1" and status["Seccomp"] == "2", status
    assert status["Uid"].split() == [str(bundled.uid)] * 4, status
    with open(f"/proc/{state['pid']}/net/dev", encoding="ascii") as file:
        assert [line.split(":")[0].strip() for line in file.readlines()[2:]] == ["lo"]
    for pid in [state["pid"], *(one.pid for one in process.descendants(child.pid))]:
        with open(f"/proc/{pid}/cmdline", "rb") as line, open(f"/proc/{pid}/environ", "rb") as environment:
            seen = line.read() + (environment.read() if pid != child.pid else b"")
        if b"sleep" not in seen:  # the agent itself, to whom the caller gave it
            assert token.encode() not in seen and (pid == child.pid or SECRET.encode() not in seen), seen
    child.terminate()
    assert child.wait(process.PATIENCE) == 143
    _nothing_left(bundled)


@pytest.mark.parametrize("script, code", [("exit 7", 7), ("kill -9 $$", 137), ("exec /nonexistent", 127),
                                          ("exec /etc/passwd", 126)])
def test_exit_codes_come_back_and_nothing_is_left(bundled, script, code):
    """The agent's exit code is another one, or the launch ends before its container is gone."""
    assert bundled.launch("sh", "-c", script, flags=bundled.engine_flags).rc == code
    _nothing_left(bundled)


def test_limits_are_held_as_natively(bundled):
    """--memory and --pids are not held in a container, or one that cannot be is left out in silence."""
    flags = [*bundled.engine_flags, "--memory", "64m", "--pids", "40"]
    result = bundled.launch("sh", "-c", "dd if=/dev/zero of=/dev/null bs=200M count=1 2>/dev/null; echo $?", flags=flags)
    assert result.rc == 137 or result.out.strip() not in ("", "0"), result.describe()
    assert (bundled.uid == 0) == ("RLIMIT" not in result.err), result.describe()
    free = bundled.launch("sh", "-c", "dd if=/dev/zero of=/dev/null bs=200M count=1 2>/dev/null; echo $?",
                          flags=bundled.engine_flags)
    assert free.out == "0\n", free.describe()
    _nothing_left(bundled)


def test_a_detached_launch_runs_in_a_container(bundled):
    """A launch that nobody is at does not start in a container, or its output is lost."""
    session = bundled.launch("sh", "-c", "echo printed; sleep 60", flags=[*bundled.engine_flags, "--detach"]).ok().out.strip()
    process.eventually(lambda: "printed" in bundled.aileron("session", "logs", session).out, "it has printed")
    assert len(bundled.engine.containers()) == 1
    bundled.aileron("session", "stop", session).ok()
    process.eventually(lambda: not bundled.engine.containers(), "it is gone")


def test_layers_of_an_image_lie_over_each_other(bundled):
    """A file that a later layer has removed or replaced is still there."""
    bundled.engine.load("layers:1", images.busybox().file("a", "one").file("b", "one").file("d/x", "one"),
                        images.Layer().file("b", "two").file(".wh.a", ""), images.Layer().file("d/y", "three"))
    result = bundled.launch("sh", "-c", "ls /a; cat /b /d/x /d/y", flags=bundled.engine.flags("layers:1"))
    assert result.out == "twoonethree" and "/a: No such file" in result.err, result.describe()


def test_an_image_that_is_built_for_a_devcontainer_runs_there(world):
    """What aileron has built itself is not found by --sandbox=oci, as it is not by an engine."""
    world.write(".devcontainer/Dockerfile", "FROM scratch\nCOPY busybox /bin/busybox\n")
    with open(images.BUSYBOX, "rb") as file:
        os.makedirs(os.path.join(world.workspace, ".devcontainer"), exist_ok=True)
        world.write(".devcontainer/busybox", file.read(), 0o755)
    world.write(".devcontainer/devcontainer.json", json.dumps({"build": {"dockerfile": "Dockerfile"}}))
    world.aileron("sandbox", "build", "--yes").ok()
    result = world.launch("/bin/busybox", "echo", "built", flags=["--sandbox=oci"])
    assert result.rc == 0 and result.out == "built\n", result.describe()


def test_check_looks_into_a_container(bundled):
    """`sandbox check` cannot be told of a runtime."""
    found = bundled.aileron("sandbox", "check", "--json", *bundled.engine_flags)
    assert found.rc in (0, 1) and any(one["state"] == "ok" for one in json.loads(found.out)), found.describe()


def test_doctor_tells_of_runtimes(any_world):
    """`aileron doctor` does not say which runtimes there are, their version, or as whom they run."""
    found = {one["name"]: one for one in any_world.json("doctor")}
    for name in engines.RUNTIMES:
        mine = found[f"{name} runtime"]
        version = process.run([engines.Runtime.find(name), "--version"]).ok().out.split()[2]
        assert mine["state"] == "ok" and f"{name} {version} at /" in mine["detail"], mine
        assert ("rootless" in mine["detail"]) == (any_world.uid != 0), mine


def test_without_an_image_or_a_runtime_it_is_said_what_to_do(world):
    """A launch goes on with the host's root or without a container, or does not say what to do."""
    result = world.launch("true", flags=["--sandbox=oci"])
    assert result.rc == 64 and "--image" in result.err and "--sandbox=native" in result.err, result.describe()
    result = world.launch("true", flags=["--sandbox=oci", "--runtime=no-such-runtime"])
    assert result.rc == 69 and "no-such-runtime is not in PATH" in result.err, result.describe()
    result = world.launch("true", flags=["--sandbox=oci", "--runtime=/no/such"])
    assert result.rc == 69 and "/no/such" in result.err, result.describe()
    result = world.launch("true", flags=["--runtime=crun"])
    assert result.rc == 64 and "--sandbox=oci" in result.err, result.describe()


def test_what_a_runtime_complains_of_is_told(bundled):
    """A runtime that fails leaves the person with an exit code, or its words reach the terminal as they are."""
    log = '{"level":"warning","msg":"no matter"}\\n{"level":"error","msg":"no \\\\u001b[2J way"}\\n'
    said = _script(bundled, f"for word; do case $word in --log=*) printf '{log}' > ${{word#--log=}};; esac; done; exit 1")
    flags = ["--sandbox=oci", "--image", bundled.engine.reference()]
    result = bundled.launch("true", flags=[*flags, f"--runtime={said}"])
    assert result.rc == 125 and "could not make the container" in result.err and "way" in result.err, result.describe()
    assert "no matter" not in result.err and "\x1b" not in result.err and "--sandbox=native" in result.err
    printed = _script(bundled, "echo it printed this >&2; exit 1")
    result = bundled.launch("true", flags=[*flags, f"--runtime={printed}"])
    assert result.rc == 125 and "it printed this" in result.err, result.describe()
    silent = _script(bundled, "exit 0")
    result = bundled.launch("true", flags=[*flags, f"--runtime={silent}"])
    assert result.rc == 125 and "before it reached this program" in result.err, result.describe()
    # What the real one says of a bundle that it cannot run.
    broken = _script(bundled, f"for word; do case $word in --bundle=*) rm -r ${{word#--bundle=}}/rootfs;; esac; done\n"
                     f'exec {bundled.engine.program} "$@"')
    result = bundled.launch("true", flags=[*flags, f"--runtime={broken}"])
    assert result.rc == 125 and "rootfs" in result.err and "could not make" in result.err, result.describe()
    _nothing_left(bundled)


def test_gvisor_is_refused_and_runs_nothing_by_another_name(world):
    """In a kernel of its own, to which no descriptor is passed, an agent runs without its walls; or nobody says why not."""
    engine = engines.Runtime("crun", world.uid)
    world.servers.append(engine)
    result = world.launch("true", flags=["--sandbox=oci", "--runtime=runsc", "--image", engine.reference()])
    assert result.rc == 69 and "kernel of its own" in result.err and "--runtime=crun" in result.err, result.describe()
    named = _script(world, f'exec {engines.Runtime.find("runsc")} --platform=ptrace --network=none --ignore-cgroups '
                    '--fsgofer-host-uds "$@"', "gvisor")
    result = world.launch("echo", "ran", flags=["--sandbox=oci", f"--runtime={named}", "--image", engine.reference()])
    assert result.rc == 125 and result.out == "" and "aileron: " in result.err, result.describe()
