"""A credential that is one program's: what another gets of it by sharing connections, and what it is not worth."""

import json
import os
import shutil
import subprocess

import pytest

from lib import asked, process

HOST = "api.test"
SECRET = "only-for-python"
PYTHON = os.path.realpath("/usr/bin/python3")


def _policy(world, *rules, **more) -> None:
    """The user's, about the site."""
    world.write(os.path.join(world.config, "aileron", "policy.yaml"), json.dumps(
        {"version": 1, "profile": "open", "network": [{"host": HOST, **rule} for rule in rules], **more}), 0o600)


@pytest.fixture
def site(world):
    """A site whose credential is python's, in a world that has another program which can do as much."""
    found = world.bound(HOST, SECRET, scheme="bearer")
    _policy(world, {"action": "allow"}, {"by": PYTHON, "credential": "api/service", "action": "allow"})
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


@pytest.mark.parametrize("action", ["deny", "ask"])
def test_a_program_that_may_not_run_is_nobody(world, site, action):
    """Who executes the program gets its credential, though a rule about commands does not let it run."""
    _policy(world, {"action": "allow"}, {"by": PYTHON, "credential": "api/service", "action": "allow"},
            commands=[{"command": PYTHON, "action": action}])
    world.shell(f"export PYTHONHOME=/usr; ./other sockets.py 'hands over' {HOST} {PYTHON} & wait $!",
                flags=["--hold", "60s"], timeout=60)
    assert authorized(site) == [False]


@pytest.mark.parametrize("way", ["without its first thread", "not dumpable"])
def test_a_holder_that_is_hard_to_look_at_is_one(world, site, way):
    """A process that proc shows little of holds a connection beside the program, and is not seen."""
    world.shell(f"export PYTHONHOME=/usr; ./other sockets.py '{way}' {HOST} {PYTHON}", timeout=60)
    assert authorized(site) == [False]


def test_who_is_adopted_by_the_program_is_not_its_descendant(world, site):
    """A process that was there before the program counts as started by it."""
    world.shell(f"export PYTHONHOME=/usr; ./other sockets.py adopted {HOST} {PYTHON}", timeout=60)
    assert authorized(site) == [False]


# Writes other arguments over its own.
OVERWRITES = f"""
import ctypes, sys
fields = open("/proc/self/stat").read().rpartition(")")[2].split()
start, end = int(fields[45]), int(fields[46])
new = b"{PYTHON}\\0tool.py\\0"
ctypes.memmove(start, new + b"\\0" * (end - start - len(new)), end - start)
assert open("/proc/self/cmdline", "rb").read().startswith(new)
"""
ASKS = f"""
import sys
sys.argv = ["sockets.py", "none", "{HOST}", ""]
from sockets import ask, connect, secure
ask(secure(connect()))
"""


def test_a_program_is_not_what_it_writes_over_its_arguments(world, site):
    """A rule with arguments believes what a process says of its own."""
    _policy(world, {"action": "allow"}, {"by": f"{PYTHON} tool.py", "credential": "api/service", "action": "allow"})
    world.write("tool.py", ASKS)
    world.write("false.py", OVERWRITES + ASKS)
    world.shell(f"{PYTHON} false.py {'a' * 40}; {PYTHON} tool.py").ok()
    assert authorized(site) == [False, True]


# Executes itself so often, and then asks.
SHEDS = f"""
import os, sys
left = int(sys.argv[1])
os.execv("./other", ["./other", "sheds.py", str(left - 1)] if left else ["./other", "sockets.py", "alone", "{HOST}", "x"])
"""


@pytest.mark.parametrize("way", ["executes", "starts"])
@pytest.mark.parametrize("times", [1, 40])
def test_a_denied_program_is_not_shed(world, site, way, times):
    """What a denied program starts is not denied when enough lies between."""
    _policy(world, {"by": "perl", "action": "deny"})
    world.write("sheds.py", SHEDS)
    world.write("nest.sh", f"if [ $1 = 0 ]; then ./other sockets.py alone {HOST} x; else sh nest.sh $(($1-1)); true; fi")
    start = f"'./other', 'sheds.py', '{times}'" if way == "executes" else f"'sh', 'nest.sh', '{times}'"
    world.write("begin.pl", f"system {start};")
    assert world.shell("export PYTHONHOME=/usr; perl begin.pl", timeout=60).out.split() == ["403"]


def test_a_yes_for_the_program_is_not_anybodys(world, site):
    """What a person allowed to a program for the session is allowed to a connection that nobody can be found for."""
    _policy(world, {"by": PYTHON, "action": "ask"}, profile="locked")
    child = world.launch_start("sh", "-c", f"export PYTHONHOME=/usr; {PYTHON} sockets.py alone {HOST} x; "
                               f"./other sockets.py \"nobody's\" {HOST} x", flags=["--hold", "60s"])
    assert asked.fields(asked.approve(world, "--session"))["program"] == PYTHON
    question, = asked.waiting(world)
    assert "or another" in asked.fields(question)["program"]
    asked.deny(world)
    assert child.communicate(timeout=process.PATIENCE)[0].decode().split() == ["200", "403"]


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


def test_a_request_from_before_the_program_is_the_programs(world, site):
    """SECURITY.md is wrong: a connection that another program left to it, with a request, is not its own."""
    world.shell(f"export PYTHONHOME=/usr; ./other sockets.py 'hands over' {HOST} {PYTHON}", timeout=60)
    assert authorized(site) == [True]


def test_a_copy_that_is_on_its_way_is_not_seen(world, site):
    """SECURITY.md is wrong: a hold that is hidden in a message is found."""
    assert run(world, "./other", "hidden") == ["200"]
    assert authorized(site) == [True]
