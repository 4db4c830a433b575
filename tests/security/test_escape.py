"""Attackers out of the workspace: symbolic links, races of binds, hard links, exchanged folders."""

import contextlib
import os
import threading

import pytest

MARK = "AL-OUTSIDE-MARK"


@pytest.fixture
def victim(any_world):
    """A folder of the host beside the workspace with a file that must stay as it is."""
    folder = any_world._folder("victim")
    any_world.write(os.path.join(folder, "file"), MARK)
    any_world.victim = folder
    return any_world


def _untouched(world) -> None:
    assert sorted(os.listdir(world.victim)) == ["file"]
    assert world.read(os.path.join(world.victim, "file")) == MARK


def test_a_link_out_of_the_workspace_leads_nowhere(victim):
    """A symbolic link in the workspace leads to the host's files."""
    os.symlink(victim.victim, os.path.join(victim.workspace, "link"))
    os.symlink("/", os.path.join(victim.workspace, "root"))
    result = victim.shell(f"cat link/file; cat root{victim.victim}/file; echo x > link/new; "
                          "echo x > link/file; true")
    assert MARK not in result.out
    _untouched(victim)


PROTECTED = [".git", ".git/hooks", ".vscode", ".idea", ".devcontainer", ".claude", ".codex", ".envrc",
             "aileron.yaml"]


@pytest.mark.parametrize("name", PROTECTED)
@pytest.mark.parametrize("target", ["folder", "file", "root", "dangling"])
def test_a_planted_link_does_not_steer_the_launchers_mounts(victim, name, target):
    """A link that an earlier session left makes the launcher mount or create something outside."""
    where = {"folder": victim.victim, "file": os.path.join(victim.victim, "file"), "root": "/",
             "dangling": os.path.join(victim.victim, "made")}[target]
    path = os.path.join(victim.workspace, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    os.symlink(where, path)
    result = victim.shell(f"cat {name} {name}/file {victim.victim}/file 2>/dev/null; "
                          f"echo x > {name}/new; echo x > {name}; git config remote.x.url y; true")
    assert MARK not in result.out, result.describe()
    _untouched(victim)


def test_a_race_of_folder_and_link_does_not_steer_the_mounts(victim):
    """A folder that turns into a link while the launcher mounts opens the host's files."""
    with _swapping(victim):
        for _ in range(25):
            result = victim.shell("cat .vscode/file 2>/dev/null; echo x > .vscode/new 2>/dev/null; "
                                  "rm -f .vscode/file 2>/dev/null; true")
            assert MARK not in result.out, result.describe()
            assert result.rc in (0, 125), result.describe()
    _untouched(victim)


def test_a_race_of_folder_and_link_does_not_steer_what_a_policy_opens(victim):
    """A folder that a policy opens turns into a link between the look at it and the mount."""
    victim.write("aileron.yaml", "version: 1\nfiles: [{path: ., access: read-only}, {path: build, access: read-write}]\n")
    with _swapping(victim, "build"):
        for _ in range(60):
            result = victim.shell("cat build/file 2>/dev/null; echo x > build/new 2>/dev/null; rm -f build/file 2>/dev/null; true")
            assert MARK not in result.out, result.describe()
            assert result.rc in (0, 125), result.describe()
    _untouched(victim)


def test_canary_the_same_race_opens_the_file_to_whoever_looks_before_they_open(victim):
    """The attacker cannot see success: even one who checks for a link first never meets the race."""
    naive = ("deadline=$(($(date +%s) + 60)); while [ $(date +%s) -lt $deadline ]; do "
             "if [ -d .vscode ] && [ ! -L .vscode ]; then cat .vscode/file 2>/dev/null && exit 0; fi; done")
    with _swapping(victim):
        assert victim.run("sh", "-c", naive, timeout=90).out == MARK


@contextlib.contextmanager
def _swapping(victim, name=".vscode"):
    """A name in the workspace is a folder and a link to the victim by turns, many times a second."""
    path = os.path.join(victim.workspace, name)
    stop = threading.Event()

    def swap():
        folder, link = path + ".d", path + ".l"
        os.makedirs(folder, exist_ok=True)
        os.symlink(victim.victim, link)
        here = None
        while not stop.is_set():
            for name in (folder, link):
                try:
                    os.rename(name, path)
                    here = name
                    os.rename(path, name)
                except OSError:
                    pass
        if os.path.lexists(path) and here:
            os.rename(path, here)

    thread = threading.Thread(target=swap)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def test_a_workspace_that_is_a_link_is_its_target_or_refused(victim):
    """--workspace by a link opens something other than the link's target."""
    link = os.path.join(victim.root, "link")
    os.symlink(victim.workspace, link)
    result = victim.run(*victim.launch_line(["sh", "-c", f"cat {victim.victim}/file; pwd"],
                                            ["--workspace", link]))
    assert MARK not in result.out


def test_a_hard_link_to_the_outside_cannot_be_made(victim):
    """The agent links a file of the host into the workspace."""
    victim.shell(f"ln {victim.victim}/file here; ln /etc/passwd passwd; ln /proc/1/exe exe; true")
    assert not os.path.exists(os.path.join(victim.workspace, "here"))
    assert not os.path.exists(os.path.join(victim.workspace, "passwd"))


def test_the_agent_cannot_leave_by_an_exchanged_working_directory(victim):
    """A process whose folder is moved out of the workspace sees the host."""
    victim.write("a/b/file", "x")
    child = victim.launch_start("sh", "-c", "cd a/b; echo in; sleep 1; ls ../..; cat ../../victim/file; "
                                f"cat ../../../victim/file; cat {victim.victim}/file; true")
    assert child.stdout.readline() == b"in\n"
    os.rename(os.path.join(victim.workspace, "a", "b"), os.path.join(victim.root, "moved"))
    out, _ = child.communicate(timeout=30)
    assert MARK.encode() not in out, out


def test_canary_the_attacks_see_the_file_when_it_is_mounted(victim):
    """The attackers cannot see success: the file does not show even when a flag opens it."""
    os.symlink(victim.victim, os.path.join(victim.workspace, "link"))
    result = victim.shell("cat link/file", flags=["--mount", f"{victim.victim}:{victim.victim}:ro"])
    assert result.ok().out == MARK


def test_set_id_files_of_the_agent_are_no_danger(victim):
    """The agent leaves a set-user-id program owned by root in the workspace."""
    victim.shell("cp /bin/sh shell; chmod 6755 shell; true")
    path = os.path.join(victim.workspace, "shell")
    if os.path.exists(path):
        facts = os.stat(path)
        assert facts.st_uid == victim.uid
        assert not (victim.uid == 0 and facts.st_mode & 0o4000), "a set-user-id root shell for everyone"


# Every call that can give a file a mode, each for a file of its own.
_SET_ID = """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
here = os.open('.', os.O_RDONLY)
how = (ctypes.c_uint64 * 3)(os.O_CREAT | os.O_WRONLY, 0o6755, 0)
for name in ('chmod', 'fchmod', 'fchmodat', 'fchmodat2'):
    open(name, 'w').close()
libc.syscall(90, b'chmod', 0o6755)
libc.syscall(91, os.open('fchmod', os.O_RDWR), 0o6755)
libc.syscall(268, here, b'fchmodat', 0o6755)
libc.syscall(452, here, b'fchmodat2', 0o6755, 0)
libc.syscall(2, b'open', os.O_CREAT | os.O_WRONLY, 0o6755)
libc.syscall(257, here, b'openat', os.O_CREAT | os.O_WRONLY, 0o6755)
libc.syscall(437, here, b'openat2', how, 24)
libc.syscall(85, b'creat', 0o6755)
libc.syscall(133, b'mknod', 0o106755, 0)
libc.syscall(259, here, b'mknodat', 0o106755, 0)
"""
_SET_ID_CALLS = ["chmod", "fchmod", "fchmodat", "fchmodat2", "open", "openat", "openat2", "creat",
                 "mknod", "mknodat"]


def _set_id_files(world) -> list:
    """The files of the workspace that run as their owner."""
    return sorted(entry.name for entry in os.scandir(world.workspace)
                  if entry.stat(follow_symlinks=False).st_mode & 0o6000)


def test_no_call_makes_a_set_id_file(victim):
    """A call gives a file of the workspace the set-id bits, for everyone on the host to run."""
    victim.launch("/usr/bin/python3", "-c", _SET_ID).ok()
    assert _set_id_files(victim) == []
    assert os.path.exists(os.path.join(victim.workspace, "fchmodat2")), "the attacker did not run"


def test_canary_the_same_calls_make_set_id_files_outside(victim):
    """The attacker cannot see success: the calls make no set-id file outside either."""
    victim.run("/usr/bin/python3", "-c", _SET_ID).ok()
    assert set(_set_id_files(victim)) >= set(_SET_ID_CALLS) - {"fchmodat2"}  # since Linux 6.6


def test_device_files_cannot_be_made_or_used(victim):
    """The agent makes a device file in the workspace."""
    victim.shell("mknod disk b 254 0; mknod null c 1 3; mknod -m 666 /tmp/d b 254 0; true")
    assert sorted(os.listdir(victim.workspace)) == []
