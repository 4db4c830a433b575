"""Locking the vault wipes what opened it: root looks for it in the memory of the daemon and the worker."""

import ctypes
import os
import sqlite3
import struct

from lib import process
from lib.world import PASSPHRASE

HOST = "api.test"
SECRET = "memory-mark-5c90fe21d7"
_sodium = ctypes.CDLL("libsodium.so.23")


def _text(value: bytes) -> bytes:
    return struct.pack("<I", len(value)) + value


def _data_key(world) -> bytes:
    """The key that seals the entries, unwrapped by the passphrase as the vault does it."""
    with sqlite3.connect(os.path.join(world.state, "aileron", "vault.db")) as database:
        vault, memory, passes, salt, wrapped = database.execute(
            "select vault, memory_kib, passes, salt, wrapped_key from header").fetchone()
    key = ctypes.create_string_buffer(32)
    assert _sodium.crypto_pwhash_argon2id(key, ctypes.c_ulonglong(32), PASSPHRASE,
                                          ctypes.c_ulonglong(len(PASSPHRASE)), salt,
                                          ctypes.c_ulonglong(passes), ctypes.c_size_t(memory * 1024), 2) == 0
    place = _text(b"aileron vault key v1") + _text(vault) + struct.pack("<II", memory, passes) + _text(salt)
    opened = ctypes.create_string_buffer(32)
    assert _sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(
        opened, None, None, wrapped[24:], ctypes.c_ulonglong(len(wrapped) - 24), place,
        ctypes.c_ulonglong(len(place)), wrapped[:24], key) == 0, "the format of the vault has changed"
    return opened.raw[:32]


def _holds(pid: int, wanted: bytes) -> bool:
    """Whether `wanted` stands in the writable memory of a process."""
    with open(f"/proc/{pid}/maps", encoding="ascii") as maps, \
            open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for line in maps:
            ends, rights = line.split()[:2]
            first, last = (int(part, 16) for part in ends.split("-"))
            if "w" not in rights:
                continue
            memory.seek(first)
            try:
                if wanted in memory.read(last - first):
                    return True
            except OSError:
                continue  # no memory of its own, such as the kernel's pages
    return False


def test_a_lock_wipes_the_key_and_the_credentials(world):
    """After `vault lock` the vault's key, the passphrase or a credential is left in a process's memory."""
    site = world.site(HOST)
    world.unlock()
    world.secret("api/x", SECRET)
    world.bind({"name": "b", "host": HOST, "scheme": "bearer", "credential": "api/x"})
    child = world.launch_start("sh", "-c", f"curl -sS https://{HOST}/; echo done; sleep 1000")
    while child.stdout.readline() != b"done\n":
        pass
    assert site.seen("/")[0].header("Authorization") == [f"Bearer {SECRET}"]
    daemon, (worker,) = world.daemon_pid(), world.worker_pids()
    key = _data_key(world)
    assert _holds(daemon, key), "the canary: the key is not found even while the vault is open"
    assert _holds(worker, SECRET.encode()), "the canary: the worker's credential is not found"
    world.aileron("vault", "lock").ok()
    for what in (key, SECRET.encode(), PASSPHRASE):
        process.eventually(lambda what=what: not _holds(daemon, what), f"{what[:4]}… is wiped in the daemon", 5)
    process.eventually(lambda: not _holds(worker, SECRET.encode()), "it is wiped in the worker", 5)
    child.terminate()
    child.wait(process.PATIENCE)
