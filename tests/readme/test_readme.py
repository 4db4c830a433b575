"""What the README tells a newcomer to type exists."""

import json
import os
import re

import pytest

from lib import binary

ROOT = binary.REPOSITORY


def _blocks(name: str) -> list:
    """The lines of commands in the fenced blocks of a document."""
    text = (ROOT / name).read_text(encoding="utf-8")
    lines = []
    for block in re.findall(r"```(?:sh|shell|console|bash)?\n(.*?)```", text, re.S):
        for line in block.splitlines():
            line = line.strip().removeprefix("$ ")
            if line and not line.startswith("#"):
                lines.append(line)
    return lines


def _commands(name: str, program: str) -> list:
    return [line.split("#")[0].strip() for line in _blocks(name)
            if re.match(rf"(?:\S+=\S+ )*{re.escape(program)}(?: |$)", line)]


def test_the_readme_shows_the_two_commands_of_a_newcomer():
    """./dev demo or ./dev test is not in the README."""
    text = "\n".join(_blocks("README.md"))
    assert "./dev demo" in text and "./dev test" in text


def test_every_dev_verb_in_the_documents_exists():
    """A document names a verb that ./dev does not have."""
    script = (ROOT / "dev").read_text(encoding="utf-8")
    for name in ("README.md", "ARCHITECTURE.md", "SPECIFICATION.md", "SECURITY.md"):
        text = (ROOT / name).read_text(encoding="utf-8")
        for verb in re.findall(r"\./dev ([a-z]+)", text):
            assert re.search(rf"\b{verb}\b", script), f"{name}: ./dev {verb}"
    assert os.access(ROOT / "dev", os.X_OK) and os.access(ROOT / ".ci" / "run", os.X_OK)


def test_every_aileron_command_in_the_readme_parses(world):
    """A command of the README is refused by the command line."""
    lines = _commands("README.md", "aileron")
    assert lines
    for line in lines:
        words = line.split("|")[0].split("<")[0].split(">")[0].split()
        words = words[words.index("aileron") + 1:]
        verbs = []
        for word in words:
            if not re.fullmatch(r"[a-z-]+", word) or word.startswith("-") or len(verbs) == 2:
                break
            verbs.append(word)
        verbs = verbs[:1] if verbs[:1] in (["launch"], ["help"], ["doctor"]) else verbs
        text = world.aileron(*verbs, "--help").ok().out
        for flag in (word.split("=")[0] for word in words if word.startswith("--") and len(word) > 2):
            assert flag in text, f"{line}: {flag} is not in --help"


@pytest.mark.parametrize("name", ["README.md", "ARCHITECTURE.md", "SECURITY.md", "SPECIFICATION.md",
                                  "LICENSE", "api/openapi.yaml", "src/layers.txt"])
def test_the_documents_exist(name):
    """A document that the house names is missing or empty."""
    assert (ROOT / name).stat().st_size > 200


@pytest.mark.parametrize("name", ["README.md", "ARCHITECTURE.md", "SECURITY.md", "SPECIFICATION.md"])
def test_paths_named_in_the_documents_exist(name):
    """A document names a file that is not there."""
    text = (ROOT / name).read_text(encoding="utf-8")
    found = re.findall(r"`((?:src|tests|docs|api|bench|fuzz|cmake|schema)/[\w./-]+)`", text)
    found += re.findall(r"\]\((?!https?:|#|mailto:)([\w./-]+)(?:#[\w-]*)?\)", text)
    missing = [path for path in found if not (ROOT / path).exists()]
    assert missing == []


def test_the_specification_names_tests_that_exist():
    """SPECIFICATION.md names a test that is not there."""
    text = (ROOT / "SPECIFICATION.md").read_text(encoding="utf-8")
    everything = "".join(path.read_text(encoding="utf-8", errors="replace") for folder in ("tests", "src")
                         for path in (ROOT / folder).rglob("*test*") if path.is_file()
                         and path.suffix in (".py", ".cc"))
    missing = [name for name in re.findall(r"`(test_\w+)`", text) if name not in everything]
    assert missing == []


def test_the_lock_file_of_the_agent_names_no_registry():
    """tests/npm/package-lock.json names a host."""
    text = (ROOT / "tests" / "npm" / "package-lock.json").read_text(encoding="utf-8")
    assert "://" not in text and json.loads(text)["lockfileVersion"] >= 2
