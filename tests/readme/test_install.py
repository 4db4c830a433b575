"""What ./dev install puts where, so that what the README says afterwards is true."""

import json
import os
import shutil

import pytest

from lib import binary


def _install(world, *prefix):
    return world.run("bash", "dev", "install", *prefix, env={"AILERON_BINARY": binary.path()}).ok()


@pytest.fixture
def installed(ordinary):
    """A world with the release installed into its user's own prefix; `said` is what was printed."""
    ordinary.home_used = True
    ordinary.prefix = os.path.join(ordinary.home, ".local")
    # A copy, since the checkout may be in a home that this user cannot enter.
    shutil.copyfile(binary.REPOSITORY / "dev", os.path.join(ordinary.workspace, "dev"))
    ordinary.said = _install(ordinary).out
    ordinary.env["PATH"] = f"{ordinary.prefix}/bin:{ordinary.env['PATH']}"
    return ordinary


def test_an_ordinary_user_gets_it_into_their_own_folder(installed):
    """`aileron` is not on PATH after the install, or the user is not told what PATH needs."""
    assert installed.run("aileron", "version").ok().out == installed.aileron("version").out
    assert f'export PATH="{installed.prefix}/bin:$PATH"' in installed.said
    assert installed.run("aileron", "launch", "--", "echo", "inside").ok().out == "inside\n"


def test_man_aileron_shows_the_manual(installed):
    """`man aileron` finds nothing below the prefix."""
    text = installed.run("man", "-M", f"{installed.prefix}/share/man", "-P", "cat", "aileron",
                         env={"MANWIDTH": "80"}).ok().out
    assert "AILERON(1)" in text and "--allow-write" in text


def test_editors_find_the_schema_of_policy_files(installed):
    """The schema that the docs tell to name is not installed."""
    schema = json.loads(installed.read(os.path.join(installed.prefix, "share", "aileron", "policy.v1.json")))
    assert "aileron.yaml" in schema["title"]


def test_each_shell_finds_its_completion(installed):
    """A completion does not stand where its shell looks for it."""
    share = os.path.join(installed.prefix, "share")
    for place, shell in (("bash-completion/completions/aileron", "bash"),
                         ("zsh/site-functions/_aileron", "zsh"),
                         ("fish/vendor_completions.d/aileron.fish", "fish")):
        assert installed.read(os.path.join(share, place)) == \
            installed.aileron("completion", shell).ok().out
    found = installed.run("fish", "-c", "complete -C 'aileron laun'",
                          env={"XDG_DATA_HOME": share}).ok().out
    assert found.startswith("launch"), found


def test_a_prefix_can_be_named_and_is_replaced(installed):
    """PREFIX is not honoured, or a second install over the first fails."""
    prefix = os.path.join(installed.home, "another place")
    for _ in range(2):
        said = _install(installed, prefix).out
        assert "another place/bin/aileron" in said
    assert installed.run(f"{prefix}/bin/aileron", "version").ok()
