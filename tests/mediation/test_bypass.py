"""Ways round a rule about a command, each with the proof that it works where there is no rule."""

import os
import shutil

import pytest

from lib import commands

_SPLIT = "f=forb; g=idden; "
SHELL = {
    "plain": "touch forbidden",
    "path": "/usr/bin/touch forbidden",
    "other-folder": "PATH=; /usr/lib/../bin/./touch forbidden",
    "env -i": "env -i /usr/bin/touch forbidden",
    "unset BASH_ENV": "unset BASH_ENV ENV; touch forbidden",
    "bash -ic": "bash -ic 'touch forbidden'",
    "exec -a": "bash -c 'exec -a harmless touch forbidden'",
    "exec": "exec touch forbidden",
    "eval": "eval 'to''uch' 'forb''idden'",
    "pieces": _SPLIT + "touch $f$g",
    "function": "ls() { command touch \"$@\"; }; ls forbidden",
    "alias": "bash -O expand_aliases -c 'alias ls=touch\nls forbidden'",
    "base64": "echo dG91Y2ggZm9yYmlkZGVu | base64 -d | sh",
    "here-document": "sh <<'E'\ntouch forbidden\nE",
    "substitution": "echo $(touch forbidden)",
    "background": "touch forbidden & wait",
    "pipeline": "echo forbidden | xargs touch",
    "find": "find . -maxdepth 0 -exec touch forbidden ';'",
    "nice": "nice -n 1 timeout 5 stdbuf -o0 touch forbidden",
    "nested": "sh -c \"sh -c 'sh -c \\\"touch forbidden\\\"'\"",
    "python -c": "python3 -c 'import os; os.execv(\"/usr/bin/touch\", [\"x\", \"forbidden\"])'",
    "python spawn": "python3 -c 'import subprocess; subprocess.run([\"touch\", \"forbidden\"])'",
    "perl -e": "perl -e 'exec {\"/usr/bin/touch\"} \"harmless\", \"forbidden\"'",
    "busybox": "busybox touch forbidden",
    "busybox sh": "busybox sh -c 'touch forbidden'",
    "ld.so": "/lib64/ld-linux-x86-64.so.2 /usr/bin/touch forbidden",
    "no #!": "echo 'touch forbidden' > s; chmod +x s; ./s",
    "script": "printf '#!/bin/sh\\ntouch forbidden\\n' > s; chmod +x s; ./s",
    "env -S": "printf '#!/usr/bin/env -S touch forbidden\\n' > s; chmod +x s; ./s",
    "rewritten": "printf 'echo \"touch forbidden\" >> r\\n' > r; sh ./r",
    "symlink": "ln -sf /usr/bin/touch harmless; ./harmless forbidden",
    "swapped symlink": "ln -sf /usr/bin/true x; (while :; do ln -sf /usr/bin/touch y; mv y x; "
                       "ln -sf /usr/bin/true y; mv y x; done) & p=$!; i=0; while [ $i -lt 60 ]; do "
                       "./x forbidden; i=$((i+1)); done; kill $p",
    "outlives": "(setsid sh -c 'sleep 0.2; touch forbidden' &) ; sleep 0.8",
    "many words": "touch $(seq -f 'no/%g' 5000) forbidden",
}


@pytest.mark.parametrize("way", SHELL)
def test_a_forbidden_command_does_not_run(any_world, way):
    """A rule about a command is gone round."""
    any_world.shell(SHELL[way], flags=commands.DENY)
    assert not commands.breached(any_world)


@pytest.mark.parametrize("way", SHELL)
def test_canary_the_same_runs_without_a_rule(world, way):
    """The attack is none: it does not work where nothing is forbidden."""
    world.shell(SHELL[way])
    assert commands.breached(world), way


PROGRAM = ["static", "fexec", "proc-fd", "thread", "vfork-storm", "shared-memory", "race-argument",
           "race-path"]


@pytest.mark.parametrize("way", PROGRAM)
def test_no_program_of_its_own_goes_round_a_rule(any_world, way):
    """A program that speaks to the kernel itself runs a forbidden command."""
    program = commands.ways(any_world)
    any_world.launch(program, way, commands.FILE, flags=commands.DENY, timeout=120)
    assert not commands.breached(any_world)


@pytest.mark.parametrize("way", PROGRAM)
def test_canary_the_program_runs_it_without_a_rule(world, way):
    """The attacking program cannot do what it is to be kept from."""
    program = commands.ways(world)
    world.launch(program, way, commands.FILE, timeout=120)
    assert commands.breached(world)


def test_canary_a_thread_wins_against_who_judges_before_the_kernel_reads(world):
    """The race is none: a supervisor that reads the arguments of a waiting call withstands it."""
    program, naive = commands.ways(world), commands.build(world, "naive_supervisor")
    plain = world.run(naive, commands.FILE, program, "static", commands.FILE)
    assert not commands.breached(world), plain.describe()
    for _ in range(20):
        world.run(naive, commands.FILE, program, "race-argument", commands.FILE, timeout=120)
        if commands.breached(world):
            return
    pytest.fail("the race was never won")


def test_a_program_runs_itself_by_proc(any_world):
    """A program that executes /proc/self/exe is not known as what it is."""
    program = commands.ways(any_world)
    flags = ["--command-deny", f"{program} really"]
    any_world.launch(program, "itself", commands.FILE, flags=flags)
    assert not commands.breached(any_world)
    any_world.launch(program, "itself", commands.FILE)
    assert commands.breached(any_world)


def test_a_hard_link_is_the_file_that_a_rule_names(any_world):
    """A rule that names a file does not hold for its other names."""
    program = commands.ways(any_world)
    flags = ["--command-deny", f"{program} really"]
    script = f"ln {program} other; ./other really {commands.FILE}"
    any_world.shell(script, flags=flags)
    assert not commands.breached(any_world)
    os.unlink(os.path.join(any_world.workspace, "other"))
    any_world.shell(script)
    assert commands.breached(any_world)


# A copy is another program, which nobody can tell from one that the agent wrote: only a list of what
# is allowed keeps it out.
ALLOWED = ["--command-default", "deny", "--command-allow", "sh **", "--command-allow", "cp **",
           "--command-allow", "/usr/bin/true **"]


@pytest.mark.parametrize("script", ["cp /usr/bin/touch true; ./true forbidden",
                                    "cp /usr/bin/touch sh; ./sh forbidden",
                                    "mkdir -p bin; cp /usr/bin/touch bin/cp; PATH=$PWD/bin:$PATH; cp forbidden"])
def test_a_copy_does_not_pass_for_what_is_allowed(any_world, script):
    """A program of the agent's own runs under the name of one that is allowed."""
    result = any_world.shell(script, flags=ALLOWED)
    assert not commands.breached(any_world), result.describe()
    for name in ("true", "sh"):
        if os.path.exists(os.path.join(any_world.workspace, name)):
            os.unlink(os.path.join(any_world.workspace, name))
    shutil.rmtree(os.path.join(any_world.workspace, "bin"), ignore_errors=True)
    any_world.shell(script)
    assert commands.breached(any_world)


def test_a_program_in_memory_alone_is_not_allowed_by_any_name(any_world):
    """A program without a file runs although only named ones are allowed."""
    program = commands.ways(any_world)
    flags = ["--command-default", "deny", "--command-allow", f"{program} **", "--command-allow", "touch **"]
    any_world.launch(program, "memory", commands.FILE, flags=flags)
    assert not commands.breached(any_world)
    any_world.launch(program, "memory", commands.FILE)
    assert commands.breached(any_world)
