"""What the agent sees of the file system."""

import os
import stat

import pytest


def test_the_hosts_root_is_read_only(any_world):
    """The agent can write to a folder of the host."""
    script = ("for d in / /usr /etc /var /opt /usr/local/bin /boot /srv /mnt; do "
              "[ -d $d ] && touch $d/al-written 2>/dev/null && echo wrote $d; done; true")
    result = any_world.shell(script).ok()
    assert result.out == "", result.out


@pytest.mark.parametrize("place", ["/tmp", "/dev/shm", "/run", "/home", "/root"])
def test_private_places_are_empty_and_the_hosts_files_are_not_there(any_world, place):
    """A private folder shows a file of the host, or cannot be used."""
    name = f"al-host-{os.path.basename(any_world.root)}"
    planted = []
    if os.geteuid() == 0 and os.path.isdir(place):
        planted.append(os.path.join(place, name))
        with open(planted[0], "w", encoding="ascii") as file:
            file.write("host")
    try:
        result = any_world.launch("ls", "-A", place).ok()
    finally:
        for path in planted:
            os.unlink(path)
    seen = set(result.out.split())
    own = any_world.shell("basename $HOME").out.strip()
    expected = {"/home": {own}, "/tmp": {os.path.basename(any_world.root)}, "/run": {"aileron", "lock", "shm", "user", "aileron-copies"}}
    assert name not in seen
    assert seen <= expected.get(place, set()), seen


def test_tmp_and_shared_memory_can_be_written_and_stay_inside(world):
    """A file in the sandbox's /tmp or /dev/shm cannot be made, or is on the host afterwards."""
    name = f"al-inside-{os.path.basename(world.root)}"
    script = f"for d in /tmp /dev/shm /var/tmp; do echo x > $d/{name}; done; ls /tmp /dev/shm"
    result = world.shell(script)
    assert result.out.count(name) == 2, result.describe()
    for place in ("/tmp", "/dev/shm", "/var/tmp"):
        assert not os.path.exists(os.path.join(place, name))


def test_dev_is_minimal(any_world):
    """/dev holds a device that no agent needs, or lacks one that it does."""
    result = any_world.shell("cd /dev; ls -A; for d in null zero full random urandom tty; do "
                             "test -c $d || echo missing $d; done; echo x > null; "
                             "head -c 4 zero | wc -c; test -d pts && test -e ptmx && "
                             "ls -l fd stdin stdout stderr >/dev/null && echo complete")
    words = result.ok().out.split()
    assert "missing" not in words and "complete" in words, result.describe()
    known = {"null", "zero", "full", "random", "urandom", "tty", "pts", "ptmx", "fd", "stdin",
             "stdout", "stderr", "shm", "mqueue", "console", "core", "complete", "4"}
    assert set(words) <= known, set(words) - known


def test_proc_is_the_sandboxs_own(any_world):
    """/proc shows processes of the host, or PID 1 is not aileron's init."""
    result = any_world.shell("tr '\\0' ' ' < /proc/1/cmdline; echo; ls /proc | grep -c '^[0-9]'").ok()
    lines = result.out.splitlines()
    assert "init" in lines[0] and "aileron" in lines[0]
    assert int(lines[1]) <= 6


@pytest.mark.parametrize("path", ["/proc/kcore", "/proc/keys", "/proc/timer_list", "/proc/kallsyms",
                                  "/proc/acpi", "/proc/scsi", "/sys/firmware", "/proc/sched_debug",
                                  "/proc/latency_stats", "/sys/devices/virtual/powercap"])
def test_proc_is_masked(any_world, path):
    """The agent reads a kernel file that an OCI runtime masks."""
    if path == "/proc/kallsyms":
        result = any_world.shell("awk '$1 !~ /^0+$/' /proc/kallsyms 2>/dev/null | head -c 100")
    else:
        result = any_world.shell(f"if [ -d {path} ]; then ls -A {path}; else head -c 64 {path} "
                                 "2>/dev/null; fi; true")
    assert result.stdout == b"", result.describe()


@pytest.mark.parametrize("path", ["/proc/sys/kernel/hostname", "/proc/sys/vm/drop_caches",
                                  "/proc/sysrq-trigger", "/proc/irq/default_smp_affinity",
                                  "/proc/sys/kernel/core_pattern", "/sys/kernel/mm/ksm/run"])
def test_kernel_switches_cannot_be_written(any_world, path):
    """The agent opens a kernel switch for writing."""
    program = f"import os; os.open({path!r}, os.O_WRONLY)"
    result = any_world.launch("/usr/bin/python3", "-c", program)
    assert result.rc != 0, result.describe()
    assert any(word in result.err for word in ("Read-only", "Permission", "No such")), result.err


def test_the_workspace_is_at_its_own_path_and_writable(any_world):
    """The project's folder is elsewhere or cannot be written."""
    any_world.write("given", "by the host\n")
    result = any_world.shell("pwd; cat given; echo by the agent > made; mkdir d; mv made d/").ok()
    assert result.out == f"{any_world.workspace}\nby the host\n"
    made = os.path.join(any_world.workspace, "d", "made")
    assert any_world.read(made) == "by the agent\n"
    assert os.stat(made).st_uid == any_world.uid


def test_workspace_flag_and_its_neighbours(world):
    """--workspace mounts another folder, or a neighbour of it shows."""
    world.write("a/file", "A")
    world.write("b/file", "B")
    folder = os.path.join(world.workspace, "a")
    result = world.shell(f"pwd; cat file; cat ../b/file 2>/dev/null; ls {world.workspace}",
                         flags=["--workspace", folder])
    assert result.out == f"{folder}\nAa\n", result.describe()


@pytest.mark.parametrize("where", ["/", "home", "/etc", "/usr", "parent-of-home"])
def test_a_workspace_that_gives_the_host_away_is_refused(any_world, where):
    """The whole file system, a system folder or the home folder becomes the workspace."""
    place = {"home": any_world.home, "parent-of-home": any_world.root}.get(where, where)
    mark = os.path.join(place, "al-mark")
    result = any_world.run(*any_world.launch_line(["touch", mark]), cwd=place)
    assert result.rc in (64, 125, 77, 78), result.describe()
    assert not os.path.exists(mark) and "folder" in result.err


def test_read_only_covers_the_workspace(any_world):
    """--read-only lets the agent write to the workspace."""
    result = any_world.shell("cat given; echo x > made", flags=["--read-only"])
    any_world.write("given", "host\n")
    result = any_world.shell("cat given; echo x > made", flags=["--read-only"])
    assert result.out == "host\n" and result.rc != 0
    assert not os.path.exists(os.path.join(any_world.workspace, "made"))
    any_world.shell("echo x > /tmp/y", flags=["--read-only"]).ok()


def test_mounts_read_only_and_writable(any_world):
    """--mount gives the wrong folder or the wrong rights."""
    outside = any_world._folder("outside")
    any_world.write(os.path.join(outside, "file"), "outside\n")
    flags = ["--mount", f"{outside}:/mnt", "--mount", f"{outside}:/tmp/deep/shut:ro"]
    result = any_world.shell("cat /mnt/file /tmp/deep/shut/file; echo x > /mnt/new; "
                             "echo x > /tmp/deep/shut/other", flags=flags)
    assert result.out == "outside\noutside\n", result.describe()
    assert result.rc != 0 and sorted(os.listdir(outside)) == ["file", "new"]


def test_a_file_can_be_mounted(world):
    """--mount of one file does not work, or in a place that is private."""
    path = world.write(os.path.join(world.root, "one"), "one file\n")
    for target in ("/tmp/deep/er/one", "/home/one", path):
        assert world.launch("cat", target, flags=["--mount", f"{path}:{target}:ro"]
                            ).ok().out == "one file\n"


def test_a_read_only_mount_cannot_be_made_writable(any_world):
    """The agent remounts or unmounts a read-only mount."""
    outside = any_world._folder("outside")
    script = ("mount -o remount,rw,bind /mnt 2>/dev/null && echo remounted; umount /mnt 2>/dev/null "
              "&& echo unmounted; echo x > /mnt/x; true")
    any_world.shell(script, flags=["--mount", f"{outside}:/mnt:ro"])
    result = any_world.shell(script, flags=["--mount", f"{outside}:/mnt:ro"])
    assert result.out == "" and os.listdir(outside) == []


def test_workdir_is_where_the_agent_starts(world):
    """--workdir is not the agent's working directory."""
    world.write("deep/er/file", "")
    assert world.launch("pwd", flags=["--workdir", "/usr/lib"]).ok().out == "/usr/lib\n"
    inner = os.path.join(world.workspace, "deep", "er")
    assert world.launch("pwd", flags=["--workdir", inner]).ok().out == inner + "\n"


def test_runtime_directory_is_the_contracts(any_world):
    """/run/aileron lacks a file of the contract, or can be written."""
    result = any_world.shell("cd /run/aileron && test -x bin/aileron && test -s ca.pem && "
                             "test -s ca-bundle.pem && test -s session.json && echo all; "
                             "touch x 2>/dev/null && echo wrote; bin/aileron version >/dev/null && "
                             "echo runs; grep -c BEGIN ca-bundle.pem")
    lines = result.out.split()
    assert lines[:2] == ["all", "runs"], result.describe()
    assert int(lines[2]) > 10, "the bundle lacks the host's roots"


def test_a_launch_needs_no_binary_at_a_visible_path(world):
    """The launch depends on the binary being visible inside the sandbox at its own path."""
    assert world.shell("/run/aileron/bin/aileron version").ok().out.strip()


def test_an_ordinary_users_set_id_programs_gain_nothing(ordinary):
    """A set-user-id program in the sandbox runs as another user."""
    found = [path for path in ("/usr/bin/su", "/usr/bin/mount", "/usr/bin/passwd")
             if os.path.exists(path) and os.stat(path).st_mode & stat.S_ISUID]
    assert found, "this machine has no set-user-id program"
    result = ordinary.shell("grep -E '^(NoNewPrivs|CapEff|CapPrm|CapBnd|CapInh|CapAmb):' "
                            "/proc/self/status; id -u").ok()
    values = dict(line.split(":\t") for line in result.out.splitlines() if ":" in line)
    assert values.pop("NoNewPrivs") == "1"
    assert set(values.values()) == {"0" * 16}, values
