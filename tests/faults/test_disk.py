"""Full disk, read-only state, corrupted database: a clear error, nothing lost."""

import glob
import os

import pytest

from lib import process
from lib.namespace import Network

HOST = "site.test"
_FILL = "dd if=/dev/zero of={folder}/filler bs=4096 2>/dev/null; true"


@pytest.fixture
def small(worlds, tmp_path):
    """A world whose state folder is a file system of 3 MB, in a mount namespace."""
    network = Network(str(tmp_path))
    made = worlds(network=network)
    made.run("mount", "-t", "tmpfs", "-o", "size=3m,mode=0700", "tmpfs", made.state).ok()
    return made


def test_a_full_disk_is_a_clear_error_and_loses_nothing(small):
    """On a full disk a request is answered but not audited, or what was stored is lost."""
    site = small.site(HOST)
    small.unlock()
    small.secret("api/x", "value")
    small.launch("curl", "-sS", f"https://{HOST}/before").ok()
    before = small.audit()
    small.run("sh", "-c", _FILL.format(folder=small.state))
    result = small.aileron("secret", "set", "api/y", data=b"x" * 60000)
    assert result.rc != 0 and result.err.strip(), result.describe()
    launched = small.launch("curl", "-sS", "--max-time", "30", f"https://{HOST}/during", timeout=90)
    if site.seen("/during"):
        small.run("rm", "-f", f"{small.state}/filler").ok()
        assert small.audited(path="/during")
    else:
        assert launched.err.strip() or launched.out.strip()
        small.run("rm", "-f", f"{small.state}/filler").ok()
    process.eventually(lambda: small.launch("curl", "-sS", f"https://{HOST}/after").rc == 0,
                       "the audit log is written again")
    after = small.audit()
    assert [one["seq"] for one in before] == [one["seq"] for one in after[:len(before)]]
    assert small.json("audit", "verify")["ok"]
    assert "api/x" in small.aileron("secret", "list").ok().out
    process.eventually(lambda: site.seen("/after"), "requests pass again")


def test_a_full_disk_at_the_first_start_is_a_clear_error(small):
    """A daemon that cannot write its state starts half, or says nothing."""
    small.run("sh", "-c", _FILL.format(folder=small.state))
    result = small.launch("true", timeout=90)
    assert result.rc in (69, 125) and result.err.strip(), result.describe()


def test_a_read_only_state_directory_is_a_clear_error(small):
    """With a read-only state directory a launch hangs, or runs without an audit log."""
    small.launch("true").ok()
    small.aileron("daemon", "stop").ok()
    small.run("mount", "-o", "remount,ro", small.state).ok()
    result = small.launch("true", timeout=90)
    assert result.rc in (69, 78, 125), result.describe()
    assert small.state in result.err and "ead-only" in result.err, result.describe()


@pytest.mark.parametrize("damage", ["garbage", "middle", "truncated", "empty", "folder"])
def test_a_corrupted_audit_database_is_a_clear_error(world, damage):
    """A damaged database crashes the daemon, is replaced silently, or is not named."""
    world.site(HOST)
    for number in range(3):
        world.launch("curl", "-sS", f"https://{HOST}/{number}").ok()
    world.aileron("daemon", "stop").ok()
    path = os.path.join(world.state, "aileron", "audit.db")
    _damage(path, damage)
    result = world.launch("true", timeout=60)
    verify = world.aileron("audit", "verify", timeout=60)
    refused = result.rc in (69, 78, 125) and "audit" in result.err
    found = verify.rc not in (0, 134, 139) and (verify.out + verify.err).strip()
    assert refused or found, result.describe() + verify.describe()
    assert os.path.exists(path)


def _damage(path: str, kind: str) -> None:
    for extra in glob.glob(path + "-*"):
        os.unlink(extra)
    size = os.path.getsize(path)
    if kind == "folder":
        os.rename(path, path + ".was")
        os.mkdir(path)
        return
    with open(path, "r+b") as file:
        if kind == "garbage":
            file.write(b"this is no database" * 100)
        elif kind == "middle":
            for offset in range(4096, size - 256, 1024):
                file.seek(offset)
                file.write(b"\xa5" * 256)
        elif kind == "truncated":
            file.truncate(size // 2)
        else:
            file.truncate(0)


@pytest.mark.parametrize("damage", ["garbage", "middle", "truncated", "folder"])
def test_a_corrupted_vault_is_a_clear_error_and_never_overwritten(world, damage):
    """A damaged vault crashes the daemon, or a new vault takes its place."""
    world.unlock()
    world.secret("api/x", "value")
    world.aileron("daemon", "stop").ok()
    path = next(one for one in glob.glob(os.path.join(world.state, "aileron", "*.db")) if "vault" in one)
    _damage(path, damage)
    for words in (("vault", "unlock"), ("vault", "init")):
        result = world.aileron(*words, "--passphrase-file", world.passphrase_file)
        assert result.rc not in (0, 134, 139) and result.err.strip(), result.describe()
    assert os.path.exists(path)


@pytest.mark.parametrize("damage", ["garbage", "middle", "truncated", "folder"])
def test_a_corrupted_database_of_sessions_is_a_clear_error_and_never_overwritten(world, damage):
    """A damaged state.db crashes the daemon, is replaced silently, or is not named."""
    world.launch("true").ok()
    world.aileron("daemon", "stop").ok()
    path = os.path.join(world.state, "aileron", "state.db")
    _damage(path, damage)
    before = os.path.isdir(path) or open(path, "rb").read()
    result = world.launch("true", timeout=60)
    assert result.rc in (69, 78, 125) and "state.db" in result.err, result.describe()
    assert before == (os.path.isdir(path) or open(path, "rb").read()), "what could be saved is gone"
    # What is not damaged still says what happened.
    os.rename(path, path + ".damaged")
    world.launch("true").ok()
    assert world.json("audit", "verify")["ok"]
