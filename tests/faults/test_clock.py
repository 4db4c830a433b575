"""The clock is set back, before a daemon starts and while one runs: nothing is lost or kept open."""

import os
import subprocess
import time

from lib import binary, process

HOST = "site.test"


def _daemon_at(world, seconds) -> subprocess.Popen:
    """Starts the daemon (and what it starts) with its real-time clock `seconds` off (@FILE: as it says)."""
    program = str(binary.REPOSITORY / "tests" / "programs" / "with_clock.py")
    daemon = world.start("/usr/bin/python3", program, str(seconds), binary.path(), "daemon", "run",
                         stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    socket = os.path.join(world.runtime, "aileron", "control.sock")
    process.eventually(lambda: os.path.exists(socket) or daemon.poll() is not None, "the daemon is up")
    assert daemon.poll() is None, daemon.stderr.read1()
    return daemon


def test_a_clock_set_back_keeps_the_order_of_records(world):
    """Records written after the clock went back are out of order, or break the chain."""
    world.site(HOST)
    daemon = _daemon_at(world, 86_400)
    world.launch("curl", "-sS", f"https://{HOST}/future").ok()
    world.audited(path="/future")
    world.aileron("daemon", "stop").ok()
    daemon.wait(process.PATIENCE)
    world.launch("curl", "-sS", f"https://{HOST}/now").ok()
    world.audited(path="/now")
    records = world.audit(kind="request")
    assert [one["path"] for one in records] == ["/future", "/now"]
    assert records[0]["time_us"] > records[1]["time_us"] or records[0]["seq"] < records[1]["seq"]
    assert world.json("audit", "verify")["ok"]
    assert len(world.sessions("--all")) == 2


def test_a_clock_set_back_does_not_keep_the_vault_open(world):
    """Auto-lock counts by the real-time clock, so setting it back keeps the vault open."""
    world.unlock()
    world.aileron("daemon", "stop").ok()
    _daemon_at(world, -86_400)
    world.aileron("vault", "unlock", "--passphrase-file", world.passphrase_file, "--auto-lock", "1s").ok()
    process.eventually(lambda: world.json("vault", "status")["state"] == "locked", "it locks itself")


def _daemon_with_a_clock(world) -> str:
    """Starts a daemon whose clock is off by the seconds that the returned file says."""
    off = world.write(os.path.join(world.root, "off"), "0")
    _daemon_at(world, "@" + off)
    return off


def _set(world, off: str, seconds: int) -> None:
    world.write(off + ".new", str(seconds))
    os.rename(off + ".new", off)


def test_a_clock_set_back_under_a_running_daemon_does_not_prolong_the_auto_lock(world):
    """The vault stays open for as long as the clock was set back after it was unlocked."""
    world.unlock()
    world.aileron("daemon", "stop").ok()
    off = _daemon_with_a_clock(world)
    begin = time.monotonic()
    world.aileron("vault", "unlock", "--passphrase-file", world.passphrase_file, "--auto-lock",
                  "10s").ok()
    # Less than a minute before the moment of unlocking, which would be a reason to lock by itself.
    _set(world, off, -55)
    assert world.json("vault", "status")["state"] == "unlocked"
    process.eventually(lambda: world.json("vault", "status")["state"] == "locked", "it locks itself", 40)
    assert time.monotonic() - begin >= 9, "it locked at once, so the test shows nothing"


def test_a_clock_set_back_under_a_running_daemon_keeps_the_order_of_records(world):
    """A record written after the clock went back is lost, out of order, or breaks the chain."""
    world.site(HOST)
    off = _daemon_with_a_clock(world)
    world.launch("curl", "-sS", f"https://{HOST}/first").ok()
    world.audited(path="/first")
    _set(world, off, -86_400)
    world.launch("curl", "-sS", f"https://{HOST}/second").ok()
    world.audited(path="/second")
    first, second = world.audit(kind="request")
    assert (first["path"], second["path"]) == ("/first", "/second") and first["seq"] < second["seq"]
    assert second["time_us"] < first["time_us"], "the clock of the daemon was not set back"
    assert world.json("audit", "verify")["ok"]
    assert len(world.sessions("--all")) == 2
