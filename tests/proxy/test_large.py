"""Two gigabytes pass in each direction, and the worker stays small."""

import json
import subprocess

import pytest

from lib import process

HOST = "bulk.test"
SIZE = 2 << 30
LIMIT_KIB = 32 * 1024


def _peak(world) -> int:
    """The most memory that the session's worker ever had, in KiB."""
    workers = world.worker_pids()
    assert len(workers) == 1
    return int(process.status(workers[0])["VmHWM"].split()[0])


@pytest.mark.slow
def test_two_gigabytes_down(world):
    """A download of 2 GiB is changed, or needs 32 MiB or more in the worker."""
    world.site(HOST)
    program = world.program("blocks.py")
    child = world.launch_start("sh", "-c", f"curl -sS 'https://{HOST}/bytes?n={SIZE}' | "
                               f"/usr/bin/python3 {program} check; read line", stdin=subprocess.PIPE)
    answer = json.loads(child.stdout.readline() or b"{}")
    assert answer == {"bytes": SIZE, "good": True}, child.stderr.read1()
    assert _peak(world) < LIMIT_KIB, f"{_peak(world)} KiB"
    print(f"worker after the download: {_peak(world)} KiB")
    child.stdin.close()
    child.wait(30)


@pytest.mark.slow
def test_two_gigabytes_up(world):
    """An upload of 2 GiB is changed, or needs 32 MiB or more in the worker."""
    world.site(HOST)
    program = world.program("blocks.py")
    child = world.launch_start("sh", "-c", f"/usr/bin/python3 {program} make {SIZE} | "
                               f"curl -sS -T - https://{HOST}/sink; echo; read line",
                               stdin=subprocess.PIPE)
    answer = json.loads(child.stdout.readline() or b"{}")
    assert answer == {"bytes": SIZE, "good": True, "trailers": []}, child.stderr.read1()
    assert _peak(world) < LIMIT_KIB, f"{_peak(world)} KiB"
    print(f"worker after the upload: {_peak(world)} KiB")
    child.stdin.close()
    child.wait(30)


def test_uploads_and_downloads_side_by_side_stay_small(world):
    """Memory grows with the number of connections beyond 32 MiB."""
    world.site(HOST)
    script = (f"for i in 1 2 3 4 5 6 7 8; do (curl -sS -o /dev/null 'https://{HOST}/bytes?n=40000000&i'=$i; "
              f"head -c 20000000 /dev/zero | curl -sS -o /dev/null -T - https://{HOST}/sink) & done; "
              "wait; echo done; read line")
    child = world.launch_start("sh", "-c", script, stdin=subprocess.PIPE)
    assert child.stdout.readline() == b"done\n", child.stderr.read1()
    assert _peak(world) < LIMIT_KIB, f"{_peak(world)} KiB"
    child.stdin.close()
    child.wait(30)
