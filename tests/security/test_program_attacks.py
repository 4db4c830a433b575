"""A credential that is one program's: what another gets of it by sharing connections, and what it is not worth."""

import json
import os
import shutil
import subprocess

import pytest

HOST = "api.test"
SECRET = "only-for-python"
PYTHON = os.path.realpath("/usr/bin/python3")
OTHER = "PYTHONHOME=/usr ./other"


@pytest.fixture
def site(world):
    """A site whose credential is python's, in a world that has another program which can do as much."""
    found = world.bound(HOST, SECRET, scheme="bearer")
    world.write(os.path.join(world.config, "aileron", "policy.yaml"), json.dumps({
        "version": 1, "profile": "open",
        "network": [{"host": HOST, "action": "allow"},
                    {"host": HOST, "by": PYTHON, "credential": "api/service", "action": "allow"}]}), 0o600)
    world.give(shutil.copy(PYTHON, os.path.join(world.workspace, "other")))
    world.program("sockets.py")
    return found


def run(world, program, way) -> list:
    """The words that it prints."""
    keeper = "./other" if program == PYTHON else PYTHON
    result = world.shell(f"export PYTHONHOME=/usr; {program} sockets.py '{way}' {HOST} {keeper}", timeout=60)
    return result.ok().out.split("\n")[:-1]


def authorized(site) -> list:
    """Of each request in its order, whether it carried the credential."""
    return [one.header("Authorization") == [f"Bearer {SECRET}"] for one in site.seen()]


def test_canary_the_program_has_it(world, site):
    """The attacks prove nothing: nobody gets the credential."""
    assert run(world, PYTHON, "alone") == ["200"]
    assert authorized(site) == [True]


def test_another_program_does_not(world, site):
    """A program that no rule names gets the credential."""
    assert run(world, "./other", "alone") == ["200"]
    assert authorized(site) == [False]


def test_a_connection_that_the_program_inherited_is_not_its_own(world, site):
    """Who lets the program inherit its connection gets the credential."""
    assert run(world, "./other", "inherited") == ["200"]
    assert authorized(site) == [False]


def test_a_connection_that_the_program_was_passed_is_not_its_own(world, site):
    """A connection of which another keeps a copy gets the credential when the program speaks."""
    assert run(world, "./other", "passed") == ["200"]
    assert authorized(site) == [False]


def test_canary_a_connection_that_was_handed_over_is_its_own(world, site):
    """The refusals above are for another reason than the copy that was kept."""
    # What another started is the program all the same, and the other one no ancestor of a rule's.
    assert run(world, "./other", "handed over") == ["200"]
    assert authorized(site) == [True]


STRANGER = """
import array, os, socket
listener = socket.socket(socket.AF_UNIX)
listener.bind("stranger")
listener.listen()
pair, _ = listener.accept()
_, ancillary, _, _ = pair.recvmsg(1, 64)
pair.send(b"x")
pair.recv(1)
os.close(array.array("i", ancillary[0][2])[0])
pair.send(b"x")
"""
PASSES = f"""
import os, socket, sys, time
sys.argv = ["sockets.py", "none", "{HOST}", ""]
from sockets import ask, connect, pass_on, secure
tls = secure(connect())
ask(tls)
while not os.path.exists("stranger"):
    time.sleep(0.05)
pair = socket.socket(socket.AF_UNIX)
pair.connect("stranger")
pass_on(pair, tls)
pair.recv(1)
ask(tls)
pair.send(b"x")
pair.recv(1)
ask(tls)
"""


def test_a_connection_that_is_passed_on_later_loses_it(world, site):
    """A connection that was judged once keeps the credential while another program has a copy."""
    world.write("stranger.py", STRANGER)
    world.write("passes.py", PASSES)
    result = world.shell(f"export PYTHONHOME=/usr; ./other stranger.py & {PYTHON} passes.py; wait", timeout=60).ok()
    assert result.out.split() == ["200"] * 3, result.describe()
    assert authorized(site) == [True, False, True]


def test_a_connection_that_was_taken_loses_it(world, site):
    """pidfd_getfd of the program's connection leaves the credential to both."""
    result = world.shell(f"export PYTHONHOME=/usr; ./other sockets.py takes {HOST} x & "
                         f"{PYTHON} sockets.py 'taken from' {HOST} x; kill $!; cat outcome", timeout=60).ok()
    first, second, outcome = result.out.split("\n")
    assert (first, second) == ("200", "200"), result.describe()
    assert authorized(site) == [True, outcome != "taken"], outcome


@pytest.mark.parametrize("way", ["leaves", "device", "same port"])
def test_ends_of_a_connection_are_nobody_elses(world, site, way):
    """One that was left, or that shares a port with the program's, counts as the program's."""
    run(world, "./other", way)
    assert True not in authorized(site)


def test_a_name_is_no_program(world, site):
    """A program that is called python3, or has its arguments, is it."""
    world.give(shutil.copy(PYTHON, os.path.join(world.workspace, os.path.basename(PYTHON))))
    world.shell(f"export PYTHONHOME=/usr; ./{os.path.basename(PYTHON)} sockets.py alone {HOST} x; "
                f"bash -c 'exec -a {PYTHON} ./other sockets.py alone {HOST} x'").ok()
    assert authorized(site) == [False] * 2


# --- what a rule of a program is not worth, and SECURITY.md says so


def test_what_the_program_starts_is_the_program(world, site):
    """SECURITY.md is wrong: what an allowed program executes is not it."""
    world.shell(f"export PYTHONHOME=/usr; {PYTHON} -c 'import subprocess; subprocess.run([\"./other\", \"sockets.py\", \"alone\", "
                f"\"{HOST}\", \"x\"])'").ok()
    assert authorized(site) == [True]


def test_code_that_is_put_into_the_program_is_the_program(world, site):
    """SECURITY.md is wrong: a library that is loaded into the program does not speak in its name."""
    world.write("x.c", "#include <stdlib.h>\n__attribute__((constructor)) static void f(void) {"
                       " unsetenv(\"LD_PRELOAD\");"
                       f" system(\"./other sockets.py alone {HOST} x\"); }}")
    subprocess.run(["cc", "-shared", "-fPIC", "-o", os.path.join(world.workspace, "x.so"),
                    os.path.join(world.workspace, "x.c")], check=True)
    world.shell(f"export PYTHONHOME=/usr; LD_PRELOAD=$PWD/x.so {PYTHON} -c ''").ok()
    assert authorized(site) == [True]


def test_a_copy_that_is_on_its_way_is_not_seen(world, site):
    """SECURITY.md is wrong: a hold that is hidden in a message is found."""
    assert run(world, "./other", "hidden") == ["200"]
    assert authorized(site) == [True]
