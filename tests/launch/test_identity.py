"""Who the agent is: namespaces, capabilities, user."""

import json
import os

import pytest

from lib import binary, process

_NAMESPACES = ["user", "mnt", "pid", "net", "uts", "ipc", "cgroup"]


def test_every_namespace_is_the_sandboxs_own(any_world):
    """The agent shares a namespace with the host."""
    script = "; ".join(f"readlink /proc/self/ns/{name}" for name in _NAMESPACES)
    inside = any_world.shell(script).ok().out.split()
    outside = [os.readlink(f"/proc/self/ns/{name}") for name in _NAMESPACES]
    shared = [name for name, a, b in zip(_NAMESPACES, inside, outside) if a == b]
    assert len(inside) == len(_NAMESPACES) and shared == []


def test_the_agent_has_no_capability(any_world):
    """A capability is left in one of the agent's sets."""
    result = any_world.shell("grep ^Cap /proc/self/status").ok()
    left = [line for line in result.out.splitlines() if line.split()[1] != "0" * 16]
    assert len(result.out.splitlines()) == 5 and left == []


def test_no_new_privileges_and_a_seccomp_filter_are_on(any_world):
    """The agent may gain privileges, or runs without a filter."""
    fields = dict(line.split(":\t", 1) for line in any_world.shell(
        "cat /proc/self/status").ok().out.splitlines() if ":\t" in line)
    assert fields["NoNewPrivs"] == "1" and fields["Seccomp"] == "2"


def test_files_in_the_workspace_belong_to_the_caller(any_world):
    """The caller's files look like someone else's inside, or the other way round."""
    any_world.write("mine", "x")
    result = any_world.shell("touch made; [ \"$(stat -c %u mine)\" = \"$(id -u)\" ] && "
                             "[ \"$(stat -c %u made)\" = \"$(id -u)\" ] && id -u").ok()
    assert result.out.strip().isdigit()
    assert os.stat(os.path.join(any_world.workspace, "made")).st_uid == any_world.uid


def test_the_agent_cannot_take_another_user(any_world):
    """The agent changes its user or its groups."""
    program = ("import os\n"
               "for call in (lambda: os.setuid(12), lambda: os.setgroups([0, 1]),\n"
               "             lambda: os.setgid(12), lambda: os.setresuid(1, 1, 1)):\n"
               "  try: call(); print('changed')\n"
               "  except OSError: pass\n")
    assert any_world.launch("/usr/bin/python3", "-c", program).ok().out == ""


def test_the_supplementary_groups_of_the_caller_are_gone(world):
    """The agent keeps a group of the host, such as docker."""
    result = world.launch("id", "-G").ok()
    assert len(result.out.split()) <= 2


def test_the_host_name_is_not_the_hosts(any_world):
    """The sandbox shows the host's name."""
    inside = any_world.launch("uname", "-n").ok().out.strip()
    assert inside and inside != os.uname().nodename


def test_the_agent_leads_no_process_of_the_host(any_world):
    """kill -1 in the sandbox reaches a process outside of it."""
    witness = any_world.start("sleep", "1000")
    any_world.shell("kill -KILL -1; true")
    assert witness.poll() is None


def test_the_sandbox_works_from_a_deleted_environment(world):
    """A launch needs more of its environment than HOME and the XDG folders."""
    keep = {"HOME": world.home, "XDG_RUNTIME_DIR": world.runtime, "XDG_STATE_HOME": world.state,
            "XDG_CONFIG_HOME": world.config}
    result = process.run(["env", "-i", *[f"{name}={value}" for name, value in keep.items()],
                          *world.launch_line(["/bin/echo", "works"])], cwd=world.workspace)
    assert result.ok().out == "works\n"


def test_doctor_reports_what_it_probed(any_world):
    """doctor fails on a machine where launch works, or says nothing of a capability."""
    any_world.launch("true").ok()
    text = any_world.aileron("doctor").ok().out.lower()
    for word in ("namespace", "seccomp", "landlock", "cgroup"):
        assert word in text, text
    probes = any_world.json("doctor")
    assert json.dumps(probes).lower().count("seccomp") >= 1


@pytest.mark.parametrize("kind", ["user", "net", "mnt"])
def test_a_kernel_that_refuses_namespaces_is_told_before_anything_starts(ordinary, kind):
    """Where namespaces are refused, the launch hangs, starts the agent, or names no way out."""
    mark = os.path.join(ordinary.workspace, "mark")
    # In a user namespace of its own the test may set the limits of the namespaces below it; then it
    # gives its capabilities up and is the ordinary user that it was.
    script = (f"echo 0 > /proc/sys/user/max_{kind}_namespaces && "
              "exec setpriv --ambient-caps=-all --inh-caps=-all \"$@\"")
    result = ordinary.run("unshare", "--user", "--map-current-user", "--keep-caps", "sh", "-c", script,
                          "sh", *ordinary.launch_line(["touch", mark]))
    assert result.rc == 125, result.describe()
    assert not os.path.exists(mark)
    assert "sysctl" in result.err and f"max_{kind}_namespaces" in result.err, result.describe()


@pytest.mark.parametrize("mask", ["mount -t tmpfs none /proc/bus", "mount -t tmpfs none /proc/fs",
                                  "mount --bind /dev/null /proc/interrupts"])
def test_an_outer_container_that_masks_proc_is_told_before_anything_starts(worlds, mask):
    """Where a fresh /proc is refused, as in a default container, the launch names no way out."""
    outer = worlds()
    mark = os.path.join(outer.workspace, "mark")
    script = f"{mask} && exec \"$@\""
    result = outer.run("unshare", "--mount", "sh", "-c", script, "sh",
                       *outer.launch_line(["touch", mark]))
    assert result.rc == 125 and not os.path.exists(mark), result.describe()
    assert "systempaths=unconfined" in result.err, result.describe()
    doctor = outer.run("unshare", "--mount", "sh", "-c", script, "sh", binary.path(), "doctor", "--json")
    rows = {one["name"]: one for one in json.loads(doctor.out)}
    assert rows["own /proc"]["state"] == "missing"
    assert "systempaths=unconfined" in rows["own /proc"]["fix"]


def test_a_filter_that_refuses_namespaces_is_told_with_the_way_out(any_world):
    """Where an outer container's filter refuses namespaces, the launch names no way out."""
    filtered = any_world.program("without_namespaces.py")
    result = any_world.run("/usr/bin/python3", filtered, *any_world.launch_line(["true"]))
    assert result.rc == 125 and "seccomp=unconfined" in result.err, result.describe()


@pytest.mark.parametrize("more", [(), ("--mount",)])
def test_a_root_without_privileges_is_launched_for_as_an_ordinary_user(ordinary, more):
    """Where uid 0 is only the root of a user namespace (a rootless container), launch fails."""
    result = ordinary.run("unshare", "--user", "--map-root-user", *more,
                          *ordinary.launch_line(["echo", "inside"]))
    assert result.out == "inside\n", result.describe()


def test_a_root_without_sys_admin_is_launched_for_as_an_ordinary_user(world):
    """Where root lacks CAP_SYS_ADMIN (a default container), launch fails though namespaces are allowed."""
    result = world.run("setpriv", "--bounding-set=-sys_admin", *world.launch_line(["echo", "inside"]))
    assert result.out == "inside\n", result.describe()
