"""Whoever can write a project's file: what it hides, exchanges or rewrites opens nothing."""

import hashlib
import json
import os
import threading

import pytest

HOST = "api.test"
DENIED = f"version: 1\nnetwork:\n  - {{host: {HOST}, action: deny}}\n"
WIDE = f"version: 1\nnetwork:\n  - {{host: {HOST}, action: allow}}\n"

TRICKS = {
    "a key that stands twice": f"{DENIED}network: []\n",
    "a second document": f"{DENIED}---\nversion: 1\n",
    "a second document behind an end": f"{DENIED}...\n---\nversion: 1\n",
    "an alias": f"version: 1\nx: &a [{{host: {HOST}, action: deny}}]\nnetwork: *a\n",
    "an anchor": f"version: 1\nnetwork: &a [{{host: {HOST}, action: deny}}]\n",
    "a merge key": f"version: 1\nnetwork:\n  - {{<<: {{action: allow}}, host: {HOST}, action: deny}}\n",
    "a tag": f"version: 1\nnetwork: !!set {{? {{host: {HOST}, action: deny}}}}\n",
    "a tag on a word": f"version: 1\nnetwork:\n  - {{host: {HOST}, action: !ask deny}}\n",
    "a key that is a map": f"version: 1\n? {{a: b}}\n: c\n",
    "a directive": f"%YAML 1.1\n%TAG ! tag:x,2000:\n---\nversion: 1\nnetwork: !x []\n",
    "another version": f"{DENIED}".replace("version: 1", "version: 1.0"),
    "a null byte": f"version: 1\nnetwork: []\n\0{DENIED}",
    "bytes that are no text": "version: 1\nnetwork: []\n# \xff\n",
    "deep nesting": "version: 1\nnetwork: " + "[" * 5000,
    "a host in another spelling": "version: 1\nnetwork:\n  - {host: 0x7f.1, action: allow}\n",
}


def _project(world, text) -> str:
    return world.write("aileron.yaml", text.encode("latin-1"))


def _curl(world, flags=()) -> str:
    return world.shell(f"curl -sS -o /dev/null -w '%{{http_code}}' https://{HOST}/", flags=["--hold", "0s", *flags]).out


@pytest.mark.parametrize("trick", TRICKS)
def test_a_text_that_hides_what_it_means_starts_nothing(world, trick):
    """Two readers of a file see two policies."""
    world.site(HOST)
    _project(world, DENIED)
    assert _curl(world) == "403", "the canary: the denial as it stands is in force"
    _project(world, TRICKS[trick])
    result = world.shell("echo started")
    assert result.rc == 78 and "started" not in result.out, result.describe()
    assert "aileron.yaml" in result.err and "\x1b" not in result.err


def test_a_link_is_no_policy(any_world):
    """A project's file is one of its user's, or of anybody's, by a link."""
    any_world.site(HOST, allow=False)
    secret = any_world.write(f"{any_world.root}/secret", "version: 1\nsecret-word: [\n", 0o600)
    os.symlink(secret, f"{any_world.workspace}/aileron.yaml")
    result = any_world.shell("echo started")
    assert result.rc == 78 and "is a link" in result.err and "secret-word" not in result.err, result.describe()
    assert any_world.aileron("policy", "trust", "--yes").rc == 78
    os.unlink(f"{any_world.workspace}/aileron.yaml")
    any_world.shell("echo started").ok()


def test_a_pipe_holds_nobody_up(any_world):
    """A launch waits for whoever made a pipe of the project's file."""
    os.mkfifo(f"{any_world.workspace}/aileron.yaml")
    result = any_world.shell("echo started")
    assert result.rc == 78 and "no ordinary file" in result.err, result.describe()


def test_a_file_that_is_exchanged_all_the_time_is_never_more_than_what_was_trusted(world):
    """What is checked and what is used are two texts."""
    site = world.site(HOST, allow=False)
    harmless = DENIED.replace(HOST, "other.test")
    digest = hashlib.sha256(harmless.encode()).hexdigest()
    _project(world, harmless)
    over = threading.Event()

    def exchange():
        """As fast as it goes, by renaming, so that each text is whole."""
        while not over.is_set():
            for text in (WIDE, harmless):
                _project_by_rename(world, text)

    thread = threading.Thread(target=exchange)
    thread.start()
    try:
        for _ in range(20):
            done = world.aileron("policy", "trust", "--digest", digest)
            assert done.rc in (0, 77), done.describe()
        # A file that changes while the walls are built ends a launch, which then says nothing.
        assert {_curl(world) for _ in range(8)} <= {"428", "403", ""}
    finally:
        over.set()
        thread.join()
    trusted = json.loads(world.aileron("policy", "trusted", "--json").out)
    assert all(one["digest"] == digest for one in trusted) and site.seen() == []
    # The canary: the wide one, once trusted, opens the host.
    _project(world, WIDE)
    world.aileron("policy", "trust", "--yes").ok()
    assert _curl(world) == "200"


def _project_by_rename(world, text) -> None:
    fresh = f"{world.root}/fresh"
    with open(fresh, "w", encoding="utf-8") as file:
        file.write(text)
    os.rename(fresh, f"{world.workspace}/aileron.yaml")


def test_an_agent_cannot_write_its_policy(any_world):
    """An agent edits, removes, moves or links the file that holds it."""
    site = any_world.site(HOST)
    path = _project(any_world, DENIED)
    script = f"""
        for way in 'echo x > aileron.yaml' 'rm -f aileron.yaml' 'mv aileron.yaml y' 'ln -sf /dev/null aileron.yaml' \
                   'cp /dev/null aileron.yaml' 'truncate -s 0 aileron.yaml' 'echo x > t && mv t aileron.yaml'; do
            sh -c "$way" 2>/dev/null && echo "done: $way"
        done
        curl -sS -o /dev/null -w '%{{http_code}}' https://{HOST}/
    """
    assert any_world.shell(script).out.strip() == "403"
    assert any_world.read(path) == DENIED and site.seen() == []


def test_a_file_that_an_agent_may_write_is_trusted_no_more(any_world):
    """An agent that was let write the file opens something with it."""
    site = any_world.site(HOST, allow=False)
    _project(any_world, WIDE)
    any_world.aileron("policy", "trust", "--yes").ok()
    more = WIDE.replace("\n", "\\n") + "  - {host: more.test, action: allow}\\n"
    script = (f"curl -sS -o /dev/null -w '%{{http_code}} ' https://{HOST}/; printf '{more}' > aileron.yaml && echo written; "
              f"sleep 2; curl -sS -o /dev/null -w '%{{http_code}}' https://{HOST}/")
    result = any_world.shell(script, flags=["--hold", "0s", "--allow-write", "aileron.yaml"])
    assert result.out.split() == ["200", "written", "428"], f"the canary: it was written\n{result.describe()}"
    assert len(site.seen()) == 1


def test_an_agent_that_breaks_the_file_keeps_what_was_in_force(any_world):
    """A file that is broken from inside opens what it denied."""
    any_world.site(HOST)
    _project(any_world, DENIED)
    script = (f"echo '[' > aileron.yaml && echo written; sleep 2; rm -f aileron.yaml; sleep 1; "
              f"curl -sS -o /dev/null -w '%{{http_code}}' https://{HOST}/")
    result = any_world.shell(script, flags=["--allow-write", "aileron.yaml"])
    assert result.out.split() == ["written", "403"], result.describe()
    assert "is not in force" in result.err


def test_no_sandbox_sees_who_is_trusted(any_world):
    """An agent reads or writes the list of what its user trusts."""
    _project(any_world, WIDE)
    any_world.aileron("policy", "trust", "--yes").ok()
    path = f"{any_world.state}/aileron/trusted.txt"
    assert "aileron.yaml" in any_world.read(path), "the canary: it is there"
    result = any_world.shell(f"cat {path}; echo x >> {path}; mkdir -p {any_world.state}/aileron; echo x > {path}; true")
    assert any_world.read(path).count("\n") == 1, result.describe()
    assert any_world.aileron("policy", "trusted").ok().out.count("yes") == 1
