"""What a world may not leave behind: processes, mounts, cgroups, files.

Looks only at descendants of the test process, at mounts and files below the world's own folder, and
at cgroups with the product's name that hold no process.
"""

import os

from lib import process

_CGROUPS = "/sys/fs/cgroup"


def processes(known) -> list:
    """Living descendants of the test process that are not in `known` (pids)."""
    process.reap(known)
    return [one for one in process.descendants() if one.pid not in known and one.state != "Z"]


def mounts(root: str) -> list:
    """Mounts below `root` in the namespace of the test."""
    with open("/proc/self/mountinfo", encoding="utf-8", errors="replace") as file:
        return [line for line in file if f" {root}/" in line]


def cgroups() -> list:
    """Cgroups of the product without a process in them."""
    found = []
    for folder, _, files in os.walk(_CGROUPS):
        name = os.path.basename(folder)
        if "aileron" not in name or "cgroup.procs" not in files:
            continue
        try:
            with open(os.path.join(folder, "cgroup.procs"), encoding="ascii") as file:
                if not file.read().strip() and not _below(folder):
                    found.append(folder)
        except OSError:
            pass
    return found


def _below(folder: str) -> bool:
    """True when a cgroup below `folder` still exists."""
    return any(entry.is_dir() for entry in os.scandir(folder))


def files(world) -> list:
    """Files where the product has no business to leave any."""
    found = []
    for place in (world.temporary, os.path.join(world.runtime, "aileron")):
        for folder, _, names in os.walk(place):
            # A lock file stays: whoever removed it could remove one that another process holds. A
            # daemon that was killed leaves its socket's name, which the next one takes over; that a
            # daemon which stops removes it has tests of its own.
            found += [os.path.join(folder, name) for name in names
                      if name not in ("start.lock", "control.sock")]
    if not getattr(world, "home_used", False):
        found += [os.path.join(world.home, name) for name in os.listdir(world.home)]
    return found


def check(worlds, known) -> None:
    """Fails when a closed world left something; ends what it finds, so that it harms no other test."""
    complaints = []

    def quiet():
        return not processes(known)

    try:
        process.eventually(quiet, "every process has ended", 15)
    except AssertionError:
        left = processes(known)
        complaints += [f"a process is left: {one}" for one in left]
        for one in left:
            process.end(one.pid)
        process.eventually(quiet, "the processes that were left are ended", 15)
    for world in worlds:
        complaints += [f"a mount is left: {line.strip()}" for line in mounts(world.root)]
        complaints += [f"a file is left: {path}" for path in files(world)]
    if worlds and cgroups():
        try:
            process.eventually(lambda: not cgroups(), "every empty cgroup is gone", 10)
        except AssertionError:
            complaints += [f"a cgroup is left: {path}" for path in cgroups()]
    assert not complaints, "\n".join(complaints)
