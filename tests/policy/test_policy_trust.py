"""Trust in a project's file: given to a text at a place, shown before it is given, taken back."""

import hashlib
import json
import os
import shutil

import pytest

WIDE = "version: 1\nprofile: open\nnetwork:\n  - {host: new.example, action: allow}\n"


@pytest.fixture
def project(any_world):
    """A world whose project wants more than its user allows."""
    any_world.write("aileron.yaml", WIDE)
    return any_world


def trusted(world) -> list:
    """The files that are trusted."""
    return world.json("policy", "trusted")


def test_what_it_opens_is_shown_before_it_is_trusted(project):
    """A person trusts what they were not shown."""
    result = project.aileron("policy", "trust", "--yes").ok()
    assert "aileron.yaml:4  allow new.example" in result.err
    one, = trusted(project)
    assert one["path"] == f"{project.workspace}/aileron.yaml" and one["state"] == "yes"
    assert one["digest"] == hashlib.sha256(WIDE.encode()).hexdigest()


def test_nobody_is_asked_where_nobody_can_answer(project):
    """A script hangs at a question, or is taken for a yes."""
    result = project.aileron("policy", "trust")
    assert result.rc == 77 and "--yes or --digest" in result.err, result.describe()
    assert trusted(project) == []


def test_another_text_is_not_the_one_that_was_meant(project):
    """A digest lets a text pass that has another."""
    digest = hashlib.sha256(WIDE.encode()).hexdigest()
    project.write("aileron.yaml", WIDE + "# more\n")
    result = project.aileron("policy", "trust", "--digest", digest)
    assert result.rc == 77 and trusted(project) == [], result.describe()
    project.write("aileron.yaml", WIDE)
    project.aileron("policy", "trust", "--digest", digest).ok()
    assert len(trusted(project)) == 1


def test_a_change_and_untrust_end_it(project):
    """Trust outlives the text that it was given to, or its withdrawal."""
    project.aileron("policy", "trust", "--yes").ok()
    project.write("aileron.yaml", WIDE + "# more\n")
    assert trusted(project)[0]["state"] == "changed"
    project.aileron("policy", "untrust").ok()
    assert trusted(project) == []
    assert project.aileron("policy", "untrust").rc == 1


def test_trust_is_taken_from_a_folder_that_is_gone(project):
    """What is trusted stays so for whoever makes the folder again."""
    path = project.write("gone/aileron.yaml", WIDE)
    project.aileron("policy", "trust", "--yes", "gone/aileron.yaml").ok()
    shutil.rmtree(os.path.dirname(path))
    assert trusted(project)[0]["state"] == "gone"
    relative = project.aileron("policy", "untrust", "gone/aileron.yaml")
    assert relative.rc != 0 and "policy trusted" in relative.err, relative.describe()
    project.aileron("policy", "untrust", path).ok()
    assert trusted(project) == []


def test_no_sandbox_gives_trust(project):
    """An agent trusts its own file."""
    project.aileron("policy", "trust", "--yes").ok()  # so that there is a folder to look for
    project.aileron("policy", "untrust").ok()
    result = project.shell(f"{project.state}/../x 2>/dev/null; aileron policy trust --yes")
    assert result.rc != 0 and trusted(project) == [], result.describe()


def test_a_wrong_file_is_not_trusted(project):
    """A file that says nothing valid is trusted."""
    project.write("aileron.yaml", "version: 3\n")
    assert project.aileron("policy", "trust", "--yes").rc == 78
    assert json.loads(project.aileron("policy", "trusted", "--json").out) == []
