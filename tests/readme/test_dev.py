"""./dev for an ordinary user: it asks before it uses sudo, and says what to run where nobody answers.

A copy of the script runs in a folder of the world; `dpkg-query` there knows no package and `sudo` notes
what it was asked for, so that nothing is installed.
"""

import os
import shutil

import pytest

from lib import binary, terminal


@pytest.fixture
def checkout(ordinary):
    """A world with a copy of ./dev, and programs that note what was done as root."""
    shutil.copyfile(binary.REPOSITORY / "dev", os.path.join(ordinary.workspace, "dev"))
    os.chmod(os.path.join(ordinary.workspace, "dev"), 0o755)
    ordinary.write("bin/dpkg-query", "#!/bin/sh\nexit 1\n", 0o755)
    ordinary.noted = os.path.join(ordinary.workspace, "noted")
    ordinary.write("bin/sudo", f'#!/bin/sh\necho "$*" >>{ordinary.noted}\n', 0o755)
    ordinary.env["PATH"] = f"{ordinary.workspace}/bin:{ordinary.env['PATH']}"
    return ordinary


def test_without_a_terminal_it_says_what_to_run(checkout):
    """Without a terminal and --yes something is done as root, or the reason or the command is missing."""
    result = checkout.run("./dev", "setup", "build")
    assert result.rc == 1 and not os.path.exists(checkout.noted), result.describe()
    assert "without a terminal" in result.err and "sudo apt-get install" in result.err
    assert "clang-19" in result.err


def test_a_no_does_nothing(checkout):
    """On a terminal it does not ask, or goes on after a no."""
    screen = terminal.open_in(checkout, ["./dev", "setup", "build"])
    screen.expect("missing: .*clang-19")
    screen.expect(r"needs sudo\. Go on\?")
    screen.send("n\n")
    screen.expect("nothing was done")
    assert screen.wait() == 1 and not os.path.exists(checkout.noted)


def test_one_yes_holds_for_the_whole_run(checkout):
    """After a yes it asks again, or installs without sudo."""
    screen = terminal.open_in(checkout, ["./dev", "setup", "build"])
    screen.expect(r"needs sudo\. Go on\?")
    screen.send("\n")
    assert screen.wait() == 0
    assert "Go on?" not in screen.text
    update, install = checkout.read(checkout.noted).splitlines()
    assert "apt-get update" in update and "apt-get install" in install and "clang-19" in install


def test_tests_ask_before_they_build(checkout):
    """`./dev test` builds for minutes before it says that it needs sudo."""
    result = checkout.run("./dev", "test")
    assert result.rc == 1 and "./dev test --yes" in result.err, result.describe()
    assert not os.path.exists(os.path.join(checkout.workspace, "build"))
    screen = terminal.open_in(checkout, ["./dev", "test"])
    screen.expect(r"scenario tests as root needs sudo\. Go on\?")
    screen.send("n\n")
    assert screen.wait() == 1 and not os.path.exists(checkout.noted)


def test_yes_answers_where_nobody_can(checkout):
    """--yes asks, or does not install."""
    checkout.run("./dev", "setup", "--yes", "build").ok()
    assert "apt-get install" in checkout.read(checkout.noted)


def test_without_sudo_root_is_told_what_to_run(checkout):
    """Where there is no sudo, the reason is missing."""
    for name in ("bash", "dirname", "id", "grep", "cat"):
        os.symlink(shutil.which(name), os.path.join(checkout.workspace, "bin", name))
    os.unlink(os.path.join(checkout.workspace, "bin", "sudo"))
    result = checkout.run("bash", "./dev", "setup", "build",
                          env={"PATH": f"{checkout.workspace}/bin"})
    assert result.rc == 1 and "there is no sudo here" in result.err, result.describe()


def test_an_unknown_kind_of_packages_is_a_usage_error(checkout):
    """A word that names no kind installs everything."""
    result = checkout.run("./dev", "setup", "everything")
    assert result.rc == 64 and "everything" in result.err and not os.path.exists(checkout.noted)
