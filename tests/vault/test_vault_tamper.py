"""A changed byte in the vault is an error that names the entry, and the others still open."""

import glob
import os
import sqlite3

import pytest

HOST = "api.test"


@pytest.fixture
def filled(world):
    """A vault with three entries, bound to three hosts, and a stopped daemon."""
    world.unlock()
    world.tampered = []
    for number in (1, 2, 3):
        world.secret(f"api/entry{number}", f"value-number-{number}" * 4)
    world.bind(*[{"name": f"b{number}", "host": f"h{number}.test", "scheme": "bearer",
                  "credential": f"api/entry{number}"} for number in (1, 2, 3)])
    world.sites = {number: world.site(f"h{number}.test") for number in (1, 2, 3)}
    world.aileron("daemon", "stop").ok()
    return world


def _database(world) -> str:
    """The vault's database file."""
    for path in glob.glob(os.path.join(world.state, "aileron", "*.db")):
        with sqlite3.connect(path) as opened:
            tables = [row[0] for row in opened.execute("select name from sqlite_master where type='table'")]
        if any("entr" in name or "secret" in name for name in tables):
            return path
    raise AssertionError("no vault database in the state directory")


def _table(opened) -> tuple:
    """(table, name column, blob columns) of the entries."""
    for (table,) in opened.execute("select name from sqlite_master where type='table'").fetchall():
        columns = [row[1] for row in opened.execute(f"pragma table_info({table})")]
        if "name" not in columns:
            continue
        row = opened.execute(f"select * from {table} where name='api/entry2'").fetchone()
        if row:
            blobs = [column for column, value in zip(columns, row) if isinstance(value, bytes)]
            return table, columns, blobs
    raise AssertionError("no table holds the entries by name")


def _change(world, change) -> None:
    with sqlite3.connect(_database(world)) as opened:
        change(opened, *_table(opened))
    opened.close()


def _code(world, number: int) -> tuple:
    text = world.launch("curl", "-sSi", "--suppress-connect-headers", "--suppress-connect-headers", f"https://h{number}.test/").ok().out
    return text.split()[1], text


def _unlock(world):
    world.aileron("vault", "unlock", "--passphrase-file", world.passphrase_file).ok()


def test_a_changed_byte_in_an_entry_is_found_and_named(filled):
    """A changed entry is used, or spoils the others, or is not named."""

    def flip(opened, table, _, blobs):
        for column in blobs:
            value = bytearray(opened.execute(f"select {column} from {table} where name='api/entry2'"
                                             ).fetchone()[0])
            value[len(value) // 2] ^= 1
            opened.execute(f"update {table} set {column}=? where name='api/entry2'", (bytes(value),))

    _change(filled, flip)
    _unlock(filled)
    code, text = _code(filled, 2)
    assert code == "502" and "api/entry2" in text, text
    assert filled.sites[2].seen() == []
    assert _code(filled, 1)[0] == "200" and _code(filled, 3)[0] == "200"


def test_two_entries_cannot_be_exchanged(filled):
    """The value of one entry is accepted under the name of another."""

    def swap(opened, table, _, blobs):
        for column in blobs:
            one, two = (opened.execute(f"select {column} from {table} where name=?", (name,)).fetchone()[0]
                        for name in ("api/entry1", "api/entry2"))
            opened.execute(f"update {table} set {column}=? where name='api/entry1'", (two,))
            opened.execute(f"update {table} set {column}=? where name='api/entry2'", (one,))

    _change(filled, swap)
    _unlock(filled)
    assert _code(filled, 1)[0] == "502" and _code(filled, 2)[0] == "502"
    assert _code(filled, 3)[0] == "200"


def test_an_old_version_cannot_be_given_as_a_new_one(filled):
    """An entry's version can be changed without its value noticing."""

    def bump(opened, table, columns, _):
        assert "version" in columns
        opened.execute(f"update {table} set version=version+1 where name='api/entry3'")

    _change(filled, bump)
    _unlock(filled)
    assert _code(filled, 3)[0] == "502" and _code(filled, 1)[0] == "200"


def test_a_renamed_entry_does_not_open(filled):
    """An entry opens under another name."""

    def rename(opened, table, *_):
        opened.execute(f"delete from {table} where name='api/entry1'")
        opened.execute(f"update {table} set name='api/entry1' where name='api/entry2'")

    _change(filled, rename)
    _unlock(filled)
    assert _code(filled, 1)[0] == "502"


def test_a_damaged_key_opens_nothing(filled):
    """A changed wrapped key opens, or crashes the daemon."""
    path = _database(filled)
    with sqlite3.connect(path) as opened:
        for (table,) in opened.execute("select name from sqlite_master where type='table'").fetchall():
            columns = [row[1] for row in opened.execute(f"pragma table_info({table})")]
            if "name" in columns and "version" in columns:
                continue
            for column in columns:
                for rowid, value in opened.execute(f"select rowid, {column} from {table}").fetchall():
                    if isinstance(value, bytes) and len(value) >= 48:
                        flipped = bytes([value[0] ^ 1]) + value[1:]
                        opened.execute(f"update {table} set {column}=? where rowid=?", (flipped, rowid))
    opened.close()
    result = filled.aileron("vault", "unlock", "--passphrase-file", filled.passphrase_file)
    assert result.rc not in (0, 134, 139) and result.err.strip(), result.describe()


def test_names_only_are_readable_in_the_file(filled):
    """A value can be read from the database without the passphrase."""
    with open(_database(filled), "rb") as file:
        data = file.read()
    assert b"value-number" not in data
