"""The vault opens with its passphrase only, locks, and never shows a value."""

import json
import os
import subprocess

import pytest

from lib import binary, process, terminal
from lib.world import PASSPHRASE

SECRET = "the-value-8ab1f3d07c"


def _state(world) -> str:
    return world.json("vault", "status")["state"]


def test_a_vaults_life(any_world):
    """A step of init, lock, unlock or status does not do what it says."""
    assert _state(any_world) == "absent"
    any_world.unlock()
    assert _state(any_world) == "unlocked"
    any_world.aileron("vault", "lock").ok()
    assert _state(any_world) == "locked"
    any_world.aileron("vault", "unlock", "--passphrase-file", any_world.passphrase_file).ok()
    assert _state(any_world) == "unlocked"


def test_a_second_init_is_refused(world):
    """init overwrites a vault."""
    world.unlock()
    world.secret("api/x", SECRET)
    result = world.aileron("vault", "init", "--passphrase-file", world.passphrase_file)
    assert result.rc != 0 and result.err
    assert "api/x" in world.aileron("secret", "list").ok().out


@pytest.mark.parametrize("wrong", [b"wrong", b"", PASSPHRASE + b"x", PASSPHRASE.upper()])
def test_a_wrong_passphrase_opens_nothing(world, wrong):
    """A wrong passphrase opens the vault, or its error does not say so."""
    world.unlock()
    world.aileron("vault", "lock").ok()
    path = world.write(os.path.join(world.root, "wrong"), wrong, 0o600)
    result = world.aileron("vault", "unlock", "--passphrase-file", path)
    assert result.rc != 0 and result.err.strip(), result.describe()
    assert _state(world) == "locked"


def test_a_final_line_break_is_not_part_of_the_passphrase(world):
    """A passphrase file that ends with a line break is another passphrase."""
    world.unlock()
    world.aileron("vault", "lock").ok()
    path = world.write(os.path.join(world.root, "line"), PASSPHRASE + b"\n", 0o600)
    world.aileron("vault", "unlock", "--passphrase-file", path).ok()


def test_a_passphrase_from_a_descriptor(world):
    """--passphrase-fd does not read the passphrase."""
    world.unlock()
    world.aileron("vault", "lock").ok()
    reader, writer = os.pipe()
    os.write(writer, PASSPHRASE)
    os.close(writer)
    world.aileron("vault", "unlock", "--passphrase-fd", str(reader), pass_fds=[reader]).ok()
    os.close(reader)
    assert _state(world) == "unlocked"


def test_a_passphrase_from_the_terminal_is_not_echoed(world):
    """The prompt echoes the passphrase, or does not open the vault."""
    world.unlock()
    world.aileron("vault", "lock").ok()
    screen = terminal.open_in(world, [binary.path(), "vault", "unlock"])
    shown = screen.expect("(?i)passphrase.*: *").group(0)
    screen.send(PASSPHRASE.decode() + "\n")
    assert screen.wait() == 0
    assert PASSPHRASE.decode() not in shown + screen.text
    assert _state(world) == "unlocked"


def test_a_new_passphrase_on_the_terminal_is_asked_twice(world):
    """init on a terminal takes a mistyped passphrase."""
    screen = terminal.open_in(world, [binary.path(), "vault", "init"])
    screen.expect("(?i)passphrase.*: *")
    screen.send("one passphrase for it\n")
    screen.expect("(?i)(again|repeat|confirm|once more).*: *")
    screen.send("another passphrase\n")
    screen.expect("(?i)differ(.|\n)*passphrase.*: *")
    assert _state(world) == "absent"
    screen.send("\x03")
    assert screen.wait() != 0
    assert _state(world) == "absent"


def test_a_changed_passphrase(world):
    """change-passphrase keeps the old one valid, or loses an entry."""
    world.unlock()
    world.secret("api/x", SECRET)
    both = world.write(os.path.join(world.root, "new"), b"a new passphrase entirely", 0o600)
    screen = terminal.open_in(world, [binary.path(), "vault", "change-passphrase"])
    screen.expect("(?i)passphrase as it is now: *")
    screen.send(PASSPHRASE.decode() + "\n")
    screen.expect("(?i)new.*: *")
    screen.send("a new passphrase entirely\n")
    screen.expect("(?i)(again|repeat|confirm|once more).*: *")
    screen.send("a new passphrase entirely\n")
    assert screen.wait() == 0
    world.aileron("vault", "lock").ok()
    assert world.aileron("vault", "unlock", "--passphrase-file", world.passphrase_file).rc != 0
    world.aileron("vault", "unlock", "--passphrase-file", both).ok()
    assert "api/x" in world.aileron("secret", "list").ok().out


def test_auto_lock(world):
    """The vault stays open past its auto-lock time."""
    world.unlock()
    world.aileron("vault", "lock").ok()
    world.aileron("vault", "unlock", "--passphrase-file", world.passphrase_file, "--auto-lock", "1s").ok()
    process.eventually(lambda: _state(world) == "locked", "the vault has locked itself")


def test_a_restarted_daemon_has_a_locked_vault(world):
    """The vault is open in a new daemon, so its key was kept somewhere."""
    world.unlock()
    world.aileron("daemon", "stop").ok()
    assert _state(world) == "locked"


def test_secrets_by_standard_input_file_and_prompt(world):
    """A value does not come from standard input, a file or a prompt."""
    world.unlock()
    world.secret("api/in", SECRET)
    path = world.write(os.path.join(world.root, "value"), SECRET, 0o600)
    world.aileron("secret", "set", "api/file", "--from-file", path).ok()
    screen = terminal.open_in(world, [binary.path(), "secret", "set", "api/prompt"])
    screen.expect(": *$")
    screen.send(SECRET + "\n")
    assert screen.wait() == 0 and SECRET not in screen.text
    names = {one["name"] for one in world.secrets()}
    assert names == {"api/in", "api/file", "api/prompt"}


def test_a_value_is_never_taken_from_an_argument(world):
    """secret set takes the value on its command line."""
    world.unlock()
    result = world.aileron("secret", "set", "api/x", SECRET)
    assert result.rc == 64, result.describe()
    assert SECRET not in result.err


@pytest.mark.parametrize("name", ["", "x", "API/x", "api/", "/x", "api/x/y/z", "api/..", "a b/c",
                                  "api/x\n", "api/ä", "../api/x", "a" * 300 + "/x"])
def test_odd_names_are_refused(world, name):
    """An entry gets a name outside of the grammar."""
    world.unlock()
    result = world.aileron("secret", "set", name, data=b"value")
    assert result.rc not in (0, -6, 134, 139) and result.err.strip(), result.describe()
    assert world.secrets() == []


def test_a_locked_vault_takes_and_lists_no_values(world):
    """A value is stored or lost while the vault is locked."""
    world.unlock()
    world.aileron("vault", "lock").ok()
    result = world.aileron("secret", "set", "api/x", data=b"value")
    assert result.rc != 0 and "vault unlock" in result.err, result.describe()


def test_set_replaces_and_remove_removes(world):
    """An entry is doubled by set, or stays after remove."""
    world.unlock()
    world.secret("api/x", "one")
    world.secret("api/x", "two")
    entries = world.secrets()
    assert [one["name"] for one in entries] == ["api/x"] and entries[0]["version"] >= 2
    world.aileron("secret", "remove", "api/x").ok()
    assert world.secrets() == []
    assert world.aileron("secret", "remove", "api/x").rc != 0


def test_binary_and_large_values(world):
    """A value with zero bytes or of 64 KiB is refused, or a larger one crashes the daemon."""
    world.unlock()
    world.secret("api/binary", bytes(range(256)))
    world.secret("api/large", b"x" * 65536)
    before = world.daemon_pid()
    assert world.aileron("secret", "set", "api/huge", data=b"x" * 2_000_000).rc != 0
    assert world.aileron("secret", "set", "api/empty", data=b"").rc != 0
    assert world.daemon_pid() == before


def test_no_value_is_in_any_file_or_listing(world):
    """A secret's value or the passphrase stands in a file, a listing or a log."""
    world.unlock()
    world.secret("api/x", SECRET)
    world.launch("true").ok()
    for words in (("secret", "list"), ("vault", "status"), ("binding", "list"), ("audit", "list"),
                  ("status",), ("doctor",)):
        world.secret_free(json.dumps(world.json(*words)), SECRET, PASSPHRASE.decode())
    world.aileron("daemon", "stop").ok()
    for folder in (world.state, world.config, world.runtime):
        found = subprocess.run(["grep", "-rl", "-e", SECRET, "-e", PASSPHRASE.decode(), folder],
                               capture_output=True, check=False).stdout
        assert found == b"", found


def test_the_passphrase_file_must_be_readable(world):
    """A missing passphrase file is taken as an empty passphrase."""
    result = world.aileron("vault", "init", "--passphrase-file", "/does/not/exist")
    assert result.rc != 0 and "/does/not/exist" in result.err
    assert _state(world) == "absent"
