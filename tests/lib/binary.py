"""Finds the binary under test and copies it where every user of a world may run it."""

import atexit
import functools
import os
import pathlib
import shutil
import tempfile

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]

_copy = None


def original() -> pathlib.Path:
    """The binary as it was built: AILERON_BINARY, else the release, else the dev build."""
    named = os.environ.get("AILERON_BINARY")
    if named:
        path = pathlib.Path(named)
        path = path if path.is_absolute() else REPOSITORY / path
        assert path.is_file(), f"AILERON_BINARY names {path}, which does not exist"
        return path
    for preset in ("release", "dev"):
        path = REPOSITORY / "build" / preset / "aileron"
        if path.is_file():
            return path
    raise AssertionError("there is no aileron binary: run ./dev build release")


@functools.cache
def shared(path: pathlib.Path) -> pathlib.Path:
    """`path` where every user of a world may read it: a copy, when it lies in a home closed to others."""
    if all(parent.stat().st_mode & 0o001 for parent in path.parents):
        return path
    folder = tempfile.mkdtemp(prefix="als-", dir="/tmp")
    owner = os.getpid()
    atexit.register(lambda: os.getpid() == owner and shutil.rmtree(folder, ignore_errors=True))
    os.chmod(folder, 0o755)
    if path.is_dir():
        return pathlib.Path(shutil.copytree(path, os.path.join(folder, path.name)))
    return pathlib.Path(shutil.copy(path, folder))


def is_release() -> bool:
    """True when the binary under test is the static release."""
    return original().parent.name == "release"


def path() -> str:
    """A copy of the binary in a folder that any user may enter, one copy for a test process."""
    global _copy
    if _copy is None:
        folder = tempfile.mkdtemp(prefix="alb-", dir="/tmp")
        os.chmod(folder, 0o755)
        _copy = os.path.join(folder, "aileron")
        shutil.copyfile(original(), _copy)
        os.chmod(_copy, 0o755)
        owner = os.getpid()
        atexit.register(lambda: os.getpid() == owner and shutil.rmtree(folder, ignore_errors=True))
    return _copy
