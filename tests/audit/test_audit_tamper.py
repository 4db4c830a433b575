"""`audit verify` finds an edited, deleted, reordered or truncated record and says which."""

import json
import os
import sqlite3

import pytest

HOST = "logged.test"


@pytest.fixture
def log(world):
    """A world with a log of some records, and a stopped daemon."""
    world.site(HOST)
    world.shell(" ".join(f"https://{HOST}/{number}" for number in range(12)).join(
        ["for u in ", "; do curl -sS -o /dev/null $u; done"])).ok()
    assert world.json("audit", "verify")["ok"]
    world.aileron("daemon", "stop").ok()
    return world


def _open(world):
    path = os.path.join(world.state, "aileron", "audit.db")
    assert os.path.exists(path), os.listdir(os.path.join(world.state, "aileron"))
    opened = sqlite3.connect(path, isolation_level=None)
    for (trigger,) in opened.execute("select name from sqlite_master where type='trigger'").fetchall():
        opened.execute(f"drop trigger {trigger}")
    return opened


def _records(opened):
    """(table, sequence column, columns) of the records."""
    for (table,) in opened.execute("select name from sqlite_master where type='table'").fetchall():
        columns = [row[1] for row in opened.execute(f"pragma table_info({table})")]
        if "seq" in columns and opened.execute(f"select count(*) from {table}").fetchone()[0] >= 12:
            return table, "seq", columns
    raise AssertionError("no table of records with a column seq")


def _problems(world) -> list:
    result = world.aileron("audit", "verify", "--json")
    assert result.rc != 0, "verify ends well: " + result.describe()

    answer = json.loads(result.out)
    assert not answer["ok"] and answer["problems"], answer
    return answer["problems"]


def _middle(opened, table, seq) -> int:
    numbers = [row[0] for row in opened.execute(f"select {seq} from {table} order by {seq}")]
    return numbers[len(numbers) // 2]


def _text_columns(opened, table, columns, number):
    row = opened.execute(f"select * from {table} where seq=?", (number,)).fetchone()
    return [(column, value) for column, value in zip(columns, row)
            if isinstance(value, (str, bytes)) and value]


def test_an_untouched_log_verifies(log):
    """The canary: opening the database alone breaks the chain."""
    _open(log).close()
    assert log.json("audit", "verify")["ok"]


def test_an_edited_record_is_found(log):
    """A record whose text was changed passes verification, in any of its columns."""
    opened = _open(log)
    table, seq, columns = _records(opened)
    number = _middle(opened, table, seq)
    changed = 0
    for column, value in _text_columns(opened, table, columns, number):
        other = (value[:-1] + ("x" if value[-1] != "x" else "y") if isinstance(value, str)
                 else value[:-1] + bytes([value[-1] ^ 1]))
        opened.execute(f"update {table} set {column}=? where {seq}=?", (other, number))
        assert number in [one["seq"] for one in _problems(log)], column
        log.aileron("daemon", "stop")
        opened.execute(f"update {table} set {column}=? where {seq}=?", (value, number))
        changed += 1
    opened.close()
    assert changed >= 2
    assert log.json("audit", "verify")["ok"]


def test_a_changed_number_is_found(log):
    """A record whose number (status, time, bytes) was changed passes verification."""
    opened = _open(log)
    table, seq, columns = _records(opened)
    number = _middle(opened, table, seq)
    row = opened.execute(f"select * from {table} where {seq}=?", (number,)).fetchone()
    integers = [column for column, value in zip(columns, row) if isinstance(value, int) and column != seq]
    for column in integers:
        opened.execute(f"update {table} set {column}={column}+1 where {seq}=?", (number,))
        assert number in [one["seq"] for one in _problems(log)], column
        log.aileron("daemon", "stop")
        opened.execute(f"update {table} set {column}={column}-1 where {seq}=?", (number,))
    opened.close()


def test_a_deleted_record_is_found(log):
    """A record that was taken out of the middle is not missed."""
    opened = _open(log)
    table, seq, _ = _records(opened)
    number = _middle(opened, table, seq)
    opened.execute(f"delete from {table} where {seq}=?", (number,))
    opened.close()
    assert {number, number + 1} & {one["seq"] for one in _problems(log)}


def test_reordered_records_are_found(log):
    """Two exchanged records pass verification."""
    opened = _open(log)
    table, seq, _ = _records(opened)
    number = _middle(opened, table, seq)
    for old, new in ((number, -1), (number + 1, number), (-1, number + 1)):
        opened.execute(f"update {table} set {seq}=? where {seq}=?", (new, old))
    opened.close()
    assert {number, number + 1} & {one["seq"] for one in _problems(log)}


def test_a_truncated_log_is_found(log):
    """Records cut off at the end are not missed."""
    opened = _open(log)
    table, seq, _ = _records(opened)
    last = opened.execute(f"select max({seq}) from {table}").fetchone()[0]
    opened.execute(f"delete from {table} where {seq}>?", (last - 3,))
    opened.close()
    assert _problems(log)


def test_an_emptied_log_is_found(log):
    """A log that was emptied looks like a new one."""
    opened = _open(log)
    table, *_ = _records(opened)
    opened.execute(f"delete from {table}")
    opened.close()
    assert _problems(log)


def test_a_forged_record_at_the_end_is_found(log):
    """A record that was added by hand passes verification."""
    opened = _open(log)
    table, seq, columns = _records(opened)
    last = opened.execute(f"select max({seq}) from {table}").fetchone()[0]
    others = ",".join(column for column in columns if column != seq)
    opened.execute(f"insert into {table} ({seq},{others}) select {last + 1},{others} from {table} "
                   f"where {seq}={last}")
    opened.close()
    assert last + 1 in [one["seq"] for one in _problems(log)]


def test_a_changed_checkpoint_is_found(log):
    """A checkpoint whose signature was changed passes verification."""
    opened = _open(log)
    tables = [row[0] for row in opened.execute("select name from sqlite_master where type='table'")]
    table = next(name for name in tables if "checkpoint" in name)
    columns = [row[1] for row in opened.execute(f"pragma table_info({table})")]
    column = next(name for name in columns if "sig" in name)
    rowid, value = opened.execute(f"select rowid, {column} from {table} order by rowid desc").fetchone()
    opened.execute(f"update {table} set {column}=? where rowid=?", (bytes([value[0] ^ 1]) + value[1:], rowid))
    opened.close()
    assert _problems(log)


def test_verify_says_what_is_wrong_to_a_person(log):
    """verify's text does not name the record."""
    opened = _open(log)
    table, seq, columns = _records(opened)
    number = _middle(opened, table, seq)
    column, value = _text_columns(opened, table, columns, number)[0]
    opened.execute(f"update {table} set {column}=? where {seq}=?", (value + "x", number))
    opened.close()
    result = log.aileron("audit", "verify")
    assert result.rc != 0 and str(number) in result.out + result.err, result.describe()
