"""Attackers against each wall, with the canary that succeeds where that wall is absent."""

import json
import os

import pytest

from lib import binary

MARK = "AL-WALL-MARK-51f0"
WAYS = ["attach", "seize", "process_vm_readv", "pidfd_getfd", "mem", "maps", "environ", "root", "cwd",
        "fd", "ns"]


def attack(world, name: str, *arguments, flags=()) -> str:
    """Runs an attacker in the sandbox; gives what it printed."""
    program = world.program(f"attack_{name}.py")
    return world.launch("/usr/bin/python3", program, *arguments, flags=flags).ok().out


def stands(world, wall: str) -> bool:
    """What doctor says of a wall's capabilities."""
    return all(one["state"] == "ok" for one in world.json("doctor") if wall in one["name"].lower())


# --- processes -----------------------------------------------------------------------------------


@pytest.mark.parametrize("how", WAYS)
def test_init_is_out_of_the_agents_reach(any_world, how):
    """The agent traces PID 1, reads its memory or environment, or goes through its root or files."""
    assert attack(any_world, "process", how, "1") == "held\n"


@pytest.mark.parametrize("how", WAYS)
def test_canary_a_process_of_the_agents_own_is_in_reach(any_world, how):
    """The attacker cannot see success: it does not even reach its own child."""
    assert attack(any_world, "process", how, "child") == "BREACH\n"


@pytest.mark.parametrize("how", WAYS)
def test_a_process_of_the_host_is_out_of_the_agents_reach(any_world, how):
    """The agent reaches a process of its own user on the host by its number there."""
    victim = any_world.start("sleep", "1000")
    assert attack(any_world, "process", how, str(victim.pid)) == "held\n"


# --- files ---------------------------------------------------------------------------------------

# Private and empty like /tmp, and the ordinary user's own inside: only Landlock closes them.
CLOSED = ["/home", "/root"]


@pytest.mark.parametrize("folder", CLOSED)
def test_nothing_can_be_written_outside_the_named_places(ordinary, folder):
    """Where no mount forbids it, the agent writes outside the places that the launch opened."""
    assert stands(ordinary, "landlock"), "the machine that tests has no Landlock"
    assert attack(ordinary, "write", folder) == "held\n"


@pytest.mark.parametrize("folder", CLOSED)
def test_canary_without_landlock_the_same_places_can_be_written(ordinary, folder):
    """The attacker cannot see success: it is held where Landlock is left out."""
    out = attack(ordinary, "write", folder, flags=["--allow-nested"])
    assert out.split() == ["BREACH", "create", "unnamed", "subfolder", "pipe", "link", "named_socket"]


@pytest.mark.parametrize("folder", ["/", "/usr", "/etc", "/var", "/sys", "/run/aileron"])
def test_the_host_cannot_be_written_in_any_way(any_world, folder):
    """The agent makes something in a folder of the host."""
    assert attack(any_world, "write", folder) == "held\n"


@pytest.mark.parametrize("folder", [".", "/tmp", "/var/tmp", "/dev/shm", "~", "/home/shared"])
def test_what_the_launch_opens_can_be_written_in_every_way(any_world, folder):
    """Landlock closes a place that belongs to the agent."""
    shared = any_world._folder("shared")
    any_world.program("attack_write.py")
    result = any_world.shell(f"/usr/bin/python3 attack_write.py $(cd {folder} && pwd)",
                             flags=["--mount", f"{shared}:/home/shared"])
    assert result.ok().out.split()[0] == "BREACH" and len(result.out.split()) == 7, result.describe()


def test_a_kernel_without_landlock_is_enough_and_is_told(any_world):
    """Without Landlock nothing works, or it is said to stand."""
    without = ["/usr/bin/python3", any_world.program("without_landlock.py")]
    assert any_world.run(*without, *any_world.launch_line(["echo", "up"])).ok().out == "up\n"
    required = any_world.run(*without, *any_world.launch_line(["true"], ["--require=landlock"]))
    assert required.rc == 125 and "built without Landlock" in required.err, required.describe()
    doctor = any_world.run(*without, binary.path(), "doctor", "--json").ok().out
    states = {one["name"]: one["state"] for one in json.loads(doctor)}
    assert states["Landlock"] == "limited"
    session = any_world.run(*without, *any_world.launch_line(["cat", "/run/aileron/session.json"])).ok().out
    assert "landlock" not in session


def test_files_move_between_folders_of_the_workspace(any_world):
    """A rename or a link from one folder of the workspace to another is refused."""
    script = ("mkdir -p a b; echo x > a/x; mv a/x b/x; ln b/x a/y; mv b a/; [ \"$(cat a/b/x)\" = x ] && "
              "/usr/bin/python3 -c 'import os; os.rename(\"a/b/x\", \"x\"); os.truncate(\"x\", 0)'; ls")
    assert "x\n" in any_world.shell(script).ok().out


def test_standard_streams_can_be_opened_by_name(ordinary):
    """A script's "> /dev/stderr" fails when the caller's stderr is a file."""
    line = " ".join(f"'{word}'" for word in ordinary.launch_line(
        ["sh", "-c", "echo first; echo one > /dev/stderr; echo two >> /dev/stdout"]))
    ordinary.run("sh", "-c", f"{line} > out 2> err").ok()
    assert ordinary.read("err") == "one\n"
    assert ordinary.read("out").endswith("two\n")


# --- init's own proof ----------------------------------------------------------------------------


def test_init_stops_a_launch_in_which_a_hidden_path_shows(any_world):
    """Something stands at the place of the daemon's key inside, and the agent is started all the same."""
    any_world.launch("true").ok()
    folder = os.path.join(any_world.state, "aileron")
    decoy = any_world._folder("decoy")
    flags = ["--mount", f"{decoy}:{folder}"]
    assert any_world.launch("echo", "up", flags=flags).ok().out == "up\n"
    any_world.write(os.path.join(decoy, "daemon.key"), "x")
    mark = os.path.join(any_world.workspace, "mark")
    result = any_world.launch("touch", mark, flags=flags)
    assert result.rc == 125 and f"{folder}/daemon.key" in result.err, result.describe()
    assert not os.path.exists(mark)


# --- nesting -------------------------------------------------------------------------------------

_NESTED = ["unshare", "--user", "--map-root-user", "--mount", "--pid", "--fork", "--mount-proc"]


def test_a_nested_sandbox_can_be_built_when_allowed(any_world):
    """With --allow-nested a program cannot make namespaces, mount in them, or see an own /proc."""
    script = "mount -t tmpfs none /tmp && touch /tmp/x && echo $$ $(id -u) && ls /tmp"
    result = any_world.launch(*_NESTED, "sh", "-c", script, flags=["--allow-nested"])
    assert result.ok().out == "1 0\nx\n"
    assert any_world.launch(*_NESTED, "true").rc != 0, "without the flag it is built all the same"


def test_a_nested_sandbox_is_no_way_out(any_world):
    """Root of a nested namespace undoes a wall of the outer one."""
    any_world.home_used = True
    secret = any_world.write(os.path.join(any_world.home, "secret"), MARK)
    script = (f"for p in / /usr /etc /run/aileron {any_world.home}; do mount -o remount,bind,rw $p; done; "
              "mount -o remount,rw /; for p in /home /root /run /tmp /dev/shm /etc/resolv.conf "
              "/sys/firmware /run/aileron /proc; do umount -l $p; done; mkdir /tmp/p; "
              "mount --bind / /tmp/p; mount -t proc p /tmp/p/proc; mount -t sysfs s /tmp/p; "
              "for p in /etc /usr /tmp/p/etc /tmp/p/usr /run/aileron; do touch $p/al-x && echo BREACH $p; done; "
              f"cat {secret} /tmp/p{secret}; for k in /proc/sys/kernel/core_pattern /proc/sysrq-trigger "
              "/proc/sys/kernel/hostname; do echo x > $k && echo BREACH $k; done; "
              "cat /proc/kcore | head -c 1 | wc -c; "
              "ip route 2>/dev/null | grep -v ' lo ' ; echo done")
    result = any_world.launch(*_NESTED, "sh", "-c", f"({script}) 2>/dev/null", flags=["--allow-nested"])
    assert result.ok().out == "0\ndone\n", result.describe()
    assert not os.path.exists("/etc/al-x") and not os.path.exists("/usr/al-x")


# --- what is told --------------------------------------------------------------------------------


@pytest.mark.parametrize("wall", ["namespaces", "capabilities", "seccomp", "landlock", "network", "idmap",
                                  "cgroup", "memory", "pids", "cpu"])
def test_a_required_wall_stands_or_nothing_starts(any_world, wall):
    """--require starts the agent without the wall, or does not say which is missing."""
    mark = os.path.join(any_world.workspace, "mark")
    result = any_world.launch("touch", mark, flags=["--require", wall])
    assert result.rc == (0 if os.path.exists(mark) else 125), result.describe()
    assert result.rc == 0 or f'"{wall}"' in result.err, result.describe()


def test_an_unknown_wall_is_a_usage_error_with_the_known_ones(world):
    """--require takes any word, or does not tell which there are."""
    result = world.launch("true", flags=["--require", "seccomp,moat"])
    assert result.rc == 64 and "moat" in result.err and "landlock" in result.err, result.describe()


def test_landlock_cannot_be_required_with_nesting(world):
    """Two flags that contradict each other are both taken."""
    result = world.launch("true", flags=["--allow-nested", "--require=landlock"])
    assert result.rc == 64 and "--allow-nested" in result.err, result.describe()


def test_the_walls_are_told_on_a_terminal_and_nowhere_else(any_world):
    """The line about the walls is missing on a terminal, or mixes with output that is read by a program."""
    assert any_world.launch("true").ok().err == ""

    def on_a_terminal(*flags) -> str:
        line = " ".join([binary.path(), "launch", *flags, "--", "echo", "agent"])
        return any_world.run("script", "-qec", line, "/dev/null").ok().out

    told = on_a_terminal()
    assert "walls: namespaces, capabilities, seccomp, network" in told and "agent" in told, told
    assert "landlock (ABI " in told.split("not here")[0], told
    assert "landlock" in on_a_terminal("--allow-nested").split("not here")[1]
    assert "memory limit" in on_a_terminal("--memory=1g")


def test_the_session_file_names_the_walls_that_stand(any_world):
    """/run/aileron/session.json names no walls, or Landlock where it was left out."""
    assert '"landlock (ABI ' in any_world.shell("cat /run/aileron/session.json").ok().out
    nested = any_world.shell("cat /run/aileron/session.json", flags=["--allow-nested"]).ok().out
    assert "landlock" not in nested and '"seccomp"' in nested
