"""The command line itself: help, version, man page, completions, --json."""

import json
import os

import pytest

from lib import process

VERBS = ["launch", "daemon", "status", "session", "vault", "secret", "binding", "audit", "doctor",
         "demo", "version", "help", "completion", "sandbox"]


def test_help_names_every_verb(world):
    """A verb is missing from help."""
    text = world.aileron("help").ok().out
    missing = [verb for verb in VERBS if verb not in text]
    assert missing == []
    assert world.aileron("--help").ok().out.strip()


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_explains_itself(world, verb):
    """--help of a verb fails or is empty."""
    result = world.aileron(verb, "--help").ok()
    assert verb in result.out and len(result.out.splitlines()) > 2


def test_every_flag_of_launch_is_in_the_help_and_the_manual(world):
    """A flag of the specification is missing in --help or the man page."""
    flags = ["--sandbox", "--profile", "--allow", "--deny", "--mount", "--env", "--env-file",
             "--workdir", "--workspace", "--read-only", "--memory", "--pids", "--cpus",
             "--upstream-ca", "--connect-to", "--tty", "--require", "--allow-write", "--allow-nested",
             "--upstream-proxy", "--upstream-proxy-credential", "--no-proxy", "--timeout", "--opaque"]
    text = world.aileron("launch", "--help").ok().out
    manual = world.aileron("man").ok().out.replace("\\-", "-")
    assert [flag for flag in flags if flag not in text] == []
    assert [flag for flag in flags if flag not in manual] == []


def test_version_is_one_line_and_json(world):
    """version is not one line, or --json is no JSON."""
    assert len(world.aileron("version").ok().out.strip().splitlines()) == 1
    assert world.json("version")["version"] in world.aileron("version").out


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completions_are_for_their_shell(world, shell):
    """A completion script is empty, or its shell cannot parse it."""
    script = world.aileron("completion", shell).ok().out
    assert "aileron" in script and "launch" in script
    path = world.write("script", script)
    process.run([shell, "-n", path]).ok()
    broken = world.write("broken", script + "\nif (((\n")
    assert process.run([shell, "-n", broken]).rc != 0


def _completed(world, *words) -> list:
    """What bash offers for the last of `words`."""
    script = world.write("bash-completion", world.aileron("completion", "bash").ok().out)
    line = f'source {script}; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _aileron; printf "%s\\n" "${{COMPREPLY[@]}}"'
    return process.run(["bash", "-c", line, "bash", *words], cwd=world.workspace).ok().out.split()


def test_bash_completes_flags_of_aileron_and_none_of_the_command_behind_them(world):
    """Behind -- bash offers aileron's flags, or before it none, or no command."""
    assert "--allow" in _completed(world, "aileron", "launch", "--")
    assert "list" in _completed(world, "aileron", "session", "")
    assert _completed(world, "aileron", "launch", "--", "git", "--") == []
    assert "--allow" not in _completed(world, "aileron", "launch", "--", "--")
    assert "curl" in _completed(world, "aileron", "launch", "--read-only", "--", "cur")
    world.write("a-file", "")
    assert _completed(world, "aileron", "launch", "--", "cat", "a-f") == ["a-file"]


def test_the_man_page_is_without_a_warning(world):
    """groff warns of the man page, or a warning would not be seen."""
    page = world.aileron("man").ok().out
    assert page.startswith(".TH")
    check = ["groff", "-man", "-ww", "-Tascii", "-z"]
    assert process.run(check, data=page.encode()).ok().err == ""
    assert process.run(check, data=(page + ".nothing\n").encode()).err != ""


def test_an_unknown_verb_is_a_usage_error(world):
    """An unknown verb is not exit 64, or is not named."""
    result = world.aileron("lanch")
    assert result.rc == 64 and "lanch" in result.err, result.describe()


@pytest.mark.parametrize("words", [
    ("status",), ("session", "list"), ("vault", "status"), ("secret", "list"), ("binding", "list"),
    ("audit", "list"), ("audit", "verify"), ("doctor",), ("version",), ("daemon", "status"),
])
def test_whatever_lists_or_shows_can_do_so_in_json(world, words):
    """--json of a listing verb is not JSON, or is coloured."""
    world.unlock()
    result = world.aileron(*words, "--json").ok()
    json.loads(result.out)
    assert "\x1b" not in result.out


def test_output_in_a_pipe_is_plain(world):
    """A listing in a pipe is coloured."""
    world.launch("true").ok()
    for words in (("status",), ("session", "list", "--all"), ("doctor",), ("help",)):
        assert "\x1b" not in world.aileron(*words).ok().out


def test_a_daemon_that_cannot_start_gives_69(world):
    """A runtime directory that cannot be used is not told as 69 with a reason."""
    broken = world.write(os.path.join(world.root, "file"), "")
    result = world.aileron("session", "list", env={"XDG_RUNTIME_DIR": broken})
    assert result.rc == 69 and result.err.strip(), result.describe()
