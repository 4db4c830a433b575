"""The release is one file that runs on any x86-64 Linux."""

import os
import shutil
import struct

import pytest

from lib import binary, process


@pytest.fixture
def release():
    """The release binary's path; these promises are about no other build."""
    path = binary.REPOSITORY / "build" / "release" / "aileron"
    chosen = binary.original()
    if chosen.is_file() and chosen != path and not path.is_file():
        path = chosen
    assert path.is_file(), "there is no release binary: run ./dev build release"
    return str(path)


def _headers(path):
    """(type, program header types) of an ELF file."""
    with open(path, "rb") as file:
        data = file.read(4096)
    assert data[:4] == b"\x7fELF"
    kind, = struct.unpack_from("<H", data, 16)
    offset, = struct.unpack_from("<Q", data, 32)
    size, count = struct.unpack_from("<HH", data, 54)
    return kind, [struct.unpack_from("<I", data, offset + index * size)[0] for index in range(count)]


def test_the_release_is_static_and_position_independent(release):
    """The release needs an interpreter, or is not position independent."""
    kind, segments = _headers(release)
    assert kind == 3, "not ET_DYN"
    assert 3 not in segments, "it names an interpreter"
    needed = process.run(["readelf", "-d", release]).out
    assert "NEEDED" not in needed and "RPATH" not in needed and "RUNPATH" not in needed


def test_the_stack_is_not_executable_and_relocations_are_read_only(release):
    """The release lacks a hardening that costs nothing."""
    text = process.run(["readelf", "-lW", release]).ok().out
    stack = [line for line in text.splitlines() if "GNU_STACK" in line]
    assert stack and "E" not in stack[0].split()[-2] and "GNU_RELRO" in text


def test_the_stripped_release_is_under_15_mb(release, tmp_path):
    """The stripped release is 15 MB or more."""
    stripped = tmp_path / "aileron"
    process.run(["strip", "-o", str(stripped), release]).ok()
    assert stripped.stat().st_size < 15_000_000


def test_the_release_names_no_path_of_the_machine_that_built_it(release):
    """The release contains the checkout's path."""
    with open(release, "rb") as file:
        assert str(binary.REPOSITORY).encode() not in file.read()


def test_it_runs_in_an_empty_root(release, tmp_path):
    """The release needs a file beside it."""
    root = tmp_path / "root"
    root.mkdir()
    shutil.copy(release, root / "aileron")
    for verb in (["version"], ["help"], ["launch", "--help"]):
        result = process.run(["unshare", "--user", "--map-root-user", "/usr/sbin/chroot", str(root), "/aileron",
                              *verb], env={})
        assert result.ok().out.strip(), verb


def test_it_runs_in_a_musl_root(release, tmp_path):
    """The release does not run beside musl's C library."""
    root = tmp_path / "root"
    for folder in ("bin", "lib", "tmp"):
        (root / folder).mkdir(parents=True)
    shutil.copy(release, root / "bin" / "aileron")
    shutil.copy("/bin/busybox", root / "bin" / "busybox")
    os.symlink("busybox", root / "bin" / "sh")
    loader = "/lib/ld-musl-x86_64.so.1"
    assert os.path.exists(loader), "Debian's package musl is missing"
    shutil.copy(os.path.realpath(loader), root / "lib" / "ld-musl-x86_64.so.1")
    result = process.run(["unshare", "--user", "--map-root-user", "/usr/sbin/chroot", str(root), "/bin/sh", "-c",
                          "/bin/aileron version && HOME=/tmp /bin/aileron doctor; true"],
                         env={"PATH": "/bin"})
    assert result.ok().out.startswith("aileron"), result.describe()


def test_a_session_runs_in_a_musl_root(release, tmp_path):
    """A launch does not work on a machine that has only musl and busybox."""
    if os.geteuid() != 0:
        pytest.fail("needs root, to build a root file system with /proc")
    root = tmp_path / "root"
    for folder in ("bin", "lib", "tmp", "proc", "sys", "dev", "etc", "home/me/project", "run", "root"):
        (root / folder).mkdir(parents=True)
    shutil.copy(release, root / "bin" / "aileron")
    shutil.copy("/bin/busybox", root / "bin" / "busybox")
    for name in ("sh", "echo", "true"):
        os.symlink("busybox", root / "bin" / name)
    outer = """
set -e
mount --bind "$1" "$1"
mount -t proc proc "$1/proc"
mount --rbind /dev "$1/dev"
mount --rbind /sys "$1/sys"
cd "$1" && mkdir .old && pivot_root . .old
exec /bin/busybox sh -c "$2"
"""
    inner = ("busybox umount -l /.old; cd /home/me/project; export HOME=/home/me XDG_RUNTIME_DIR=/run "
             "PATH=/bin; aileron launch -- /bin/echo inside; rc=$?; aileron daemon stop >&2; exit $rc")
    result = process.run(["unshare", "--mount", "--pid", "--fork", "--propagation", "private",
                          "sh", "-c", outer, "sh", str(root), inner])
    assert result.out == "inside\n", result.describe()
