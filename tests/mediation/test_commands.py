"""Commands under rules: what a denial looks like, who is asked, what is recorded and what is not."""

import json
import os
import subprocess
import time

import pytest

from lib import asked, commands, process

ASK = ["--command-ask", "touch asked"]


def test_a_denied_command_reads_like_a_denial(any_world):
    """A denial does not say why, has another code than 126, or the script goes on."""
    flags = ["--command-deny", "touch forbidden"]
    for shell in ("sh", "bash", "zsh", "fish"):
        script = f"touch forbidden; echo code ${'status' if shell == 'fish' else '?'}"
        result = any_world.launch(shell, "-c", script, flags=flags).ok()
        assert result.out == "code 126\n", shell
        assert "touch forbidden" in result.err and "aileron:" in result.err
    assert any_world.launch("sh", "-ec", "touch forbidden; echo on", flags=flags).rc == 126
    assert any_world.shell("touch forbidden && echo on; true", flags=flags).ok().out == ""
    assert any_world.shell("touch forbidden || echo instead", flags=flags).ok().out == "instead\n"
    assert any_world.launch("touch", "forbidden", flags=flags).rc == 126
    assert not commands.breached(any_world)


def test_other_programs_see_a_denial_as_an_exit(any_world):
    """make, Python, Perl or a pipe do not see code 126 and the reason."""
    flags = ["--command-deny", "touch forbidden"]
    any_world.write("Makefile", "all:\n\ttouch forbidden\n")
    made = any_world.launch("make", flags=flags)
    assert made.rc == 2 and "Error 126" in made.err and "aileron: touch forbidden" in made.err
    python = ("import subprocess\nr=subprocess.run(['touch','forbidden'],capture_output=True,text=True)\n"
              "print(r.returncode, 'aileron: touch forbidden' in r.stderr)")
    assert any_world.launch("python3", "-c", python, flags=flags).ok().out == "126 True\n"
    perl = "my $r = system('touch', 'forbidden'); print $r >> 8, \"\\n\""
    assert any_world.launch("perl", "-e", perl, flags=flags).ok().out == "126\n"
    piped = any_world.shell("touch forbidden 2>&1 | grep -c aileron:", flags=flags).ok()
    assert int(piped.out) >= 1


def test_what_no_rule_speaks_of_runs_as_ever(any_world):
    """Mediation changes what an allowed command sees: arguments, environment, descriptors, codes."""
    script = ("printf '%s|' \"$@\"; echo; env | grep ^MARK=; ls /proc/self/fd | wc -l; (exit 7); echo $?; "
              "nosuch; echo $?; ./Makefile; echo $?; echo body | cat; pwd")
    any_world.write("Makefile", "all:\n")
    plain, mediated = (any_world.launch("sh", "-c", script, "x", "a b", "", "c'd", env={"MARK": "1"},
                                        flags=[*flags, "-e", "MARK"]).ok()
                       for flags in ([], commands.DENY))
    assert plain.out == mediated.out and plain.err == mediated.err


def test_arguments_of_any_bytes_and_size_arrive(any_world):
    """Two megabytes of arguments, or ones that are no UTF-8, do not arrive."""
    program = ("import subprocess,sys\n"
               "word=b'\\xff\\xfe\\x01'; big=['x'*100000]*19\n"
               "r=subprocess.run([b'/usr/bin/printf', b'%s', word],capture_output=True)\n"
               "assert r.stdout == word, r\n"
               "r=subprocess.run(['/usr/bin/python3','-c','import sys; print(len(sys.argv))',*big],"
               "capture_output=True,env={})\n"
               "print(r.stdout.decode().strip(), r.returncode)\n")
    assert any_world.launch("python3", "-c", program, flags=commands.DENY).ok().out == "20 0\n"


def test_a_forbidden_word_is_found_behind_two_megabytes(any_world):
    """A rule does not see a word that stands behind many others."""
    program = ("import os\n"
               "os.execve('/usr/bin/touch',['touch',*['--']+['x'*100000]*18,'forbidden'],{})\n")
    result = any_world.launch("python3", "-c", program, flags=commands.DENY)
    assert result.rc == 126, result.describe()
    assert not commands.breached(any_world)


def test_five_hundred_at_once(any_world):
    """Of 500 commands at the same time one is lost, or a forbidden one runs."""
    program = ("import subprocess\n"
               "ps=[subprocess.Popen(['touch','forbidden'] if i%50==0 else ['true'],stderr=-3)"
               " for i in range(500)]\n"
               "codes=[p.wait() for p in ps]\n"
               "print(codes.count(0), codes.count(126))\n")
    assert any_world.launch("python3", "-c", program, flags=commands.DENY).ok().out == "490 10\n"
    assert not commands.breached(any_world)


def test_a_thread_of_many_may_execute(any_world):
    """A thread that is not the first of its process cannot execute, or its process hangs."""
    program = commands.ways(any_world)
    any_world.launch(program, "thread", "fine", flags=commands.DENY).ok()
    assert os.path.exists(os.path.join(any_world.workspace, "fine"))


def test_signals_and_job_control_work(any_world):
    """A command that was judged does not stop, go on or end by signals."""
    script = ("set -m; sleep 30 & kill -STOP %1; sleep 0.1; grep -c T.*stopped /proc/$!/status; "
              "kill -CONT %1; kill %1; wait %1; echo $?; timeout 0.2 sleep 9; echo $?")
    result = any_world.launch("bash", "-c", script, flags=commands.DENY)
    assert result.out.split()[-2:] == ["143", "124"], result.describe()


@pytest.mark.parametrize("answer", ["approve", "deny"])
def test_a_person_is_asked_about_a_command(any_world, answer):
    """A command that asks runs before the yes, or after a no; or its question says too little."""
    child = any_world.launch_start("sh", "-c", "touch asked; echo code $?", flags=[*ASK, "--hold", "60s"])
    question, = asked.waiting(any_world)
    assert question["subject"] == "command"
    assert asked.fields(question)["command"] == "touch asked"
    assert asked.fields(question)["program"] == "/usr/bin/touch"
    assert asked.fields(question)["folder"] == any_world.workspace
    assert not os.path.exists(os.path.join(any_world.workspace, "asked"))
    any_world.aileron("approvals", answer, question["id"]).ok()
    out, err = child.communicate(timeout=process.PATIENCE)
    assert out.decode() == ("code 0\n" if answer == "approve" else "code 126\n"), err
    assert os.path.exists(os.path.join(any_world.workspace, "asked")) == (answer == "approve")


def test_a_command_that_is_not_answered_ends_with_75_and_runs_when_it_comes_again(world):
    """A question that outlasts --hold loses its id, or the yes is not found by the next try."""
    script = "touch asked; echo code $?; read line; touch asked; echo code $?"
    child = world.launch_start("sh", "-c", script, flags=[*ASK, "--hold", "0s"], stdin=subprocess.PIPE)
    assert child.stdout.readline() == b"code 75\n"
    question = asked.approve(world)
    out, err = child.communicate(b"\n", timeout=process.PATIENCE)
    assert out == b"code 0\n", err
    assert question["id"].encode() in err


def test_a_yes_for_the_session_covers_the_same_command_and_no_other(world):
    """A remembered yes covers other arguments, or is asked again."""
    script = "touch asked; read line; touch asked; touch asked other; echo code $?"
    flags = [*ASK, "--hold", "60s"]
    child = world.launch_start("sh", "-c", script, flags=flags, stdin=subprocess.PIPE)
    asked.approve(world, "--session")
    child.stdin.write(b"\n")
    child.stdin.flush()
    question, = asked.waiting(world)
    assert asked.fields(question)["command"] == "touch asked other"
    asked.deny(world)
    out, err = child.communicate(timeout=process.PATIENCE)
    assert out == b"code 126\n", err


def test_a_held_command_hears_signals(world):
    """A command that waits for a person cannot be interrupted."""
    script = "touch asked & sleep 1; kill -TERM $!; wait $!; echo code $?"
    result = world.launch("sh", "-c", script, flags=[*ASK, "--hold", "60s"]).ok()
    assert result.out == "code 143\n"
    process.eventually(lambda: not asked.pending(world), "the question is withdrawn")


def test_nobody_is_asked_when_unattended(world):
    """--unattended waits for a person, lets the command run, or its report does not say so."""
    report = os.path.join(world.root, "report")
    result = world.launch("touch", "asked", flags=[*ASK, "--unattended", "--report", report])
    assert result.rc == 126 and "nobody may be asked" in result.err
    with open(report, encoding="utf-8") as file:
        line, = [json.loads(one) for one in file]
    assert line["kind"] == "command" and "touch asked" in line["title"]


def test_each_decision_is_recorded_and_no_secret(world):
    """A command is not recorded, or a secret of its arguments is."""
    script = ("touch forbidden; true --token=hunter2hunter2hunter2 --password swordfish; "
              "curl --version https://me:swordfish@site.test/ >/dev/null; "
              "printf '' ghp_0123456789abcdefghij0123456789abcdef; env true")
    world.shell(script, flags=[*commands.DENY, "--command-record", "env true"]).ok()
    denied, = process.eventually(lambda: commands.records(world, "deny"), "the denial is recorded")
    assert denied["path"] == "/usr/bin/touch" and denied["rule"] == "--command-deny touch forbidden"
    assert denied["detail"].startswith("touch forbidden") and denied["code"] == "command_denied"
    found = process.eventually(lambda: commands.records(world, "record"), "the rule's record is there")
    assert found[0]["rule"] == "--command-record env true"
    allowed = [one["detail"] for one in commands.records(world, "allow")]
    assert any("curl" in one for one in allowed)
    text = world.aileron("audit", "export").ok().out
    for secret in ("hunter2", "swordfish", "ghp_"):
        assert secret not in text
    assert world.aileron("audit", "verify").rc == 0


def test_what_is_mediated_is_shown(world):
    """A session does not say whether its commands are mediated."""
    child = world.launch_start("sh", "-c", "echo $AILERON_SESSION_ID; read x", flags=commands.DENY,
                               stdin=subprocess.PIPE)
    session = child.stdout.readline().decode().strip()
    shown = world.json("session", "show", session)
    assert shown["commands"] == "mediated" and shown["command_rules"] == 1
    child.communicate(b"\n", timeout=process.PATIENCE)


def test_a_launch_without_rules_pays_nothing(world):
    """A session without rules has a mediator, or its calls wait for one."""
    child = world.launch_start("sh", "-c", "echo $AILERON_SESSION_ID; grep Seccomp_filters /proc/self/status;"
                               "read x", stdin=subprocess.PIPE)
    session = child.stdout.readline().decode().strip()
    assert child.stdout.readline().split() == [b"Seccomp_filters:", b"1"]
    assert world.json("session", "show", session)["commands"] == "free"
    assert not [one for one in process.descendants() if "mediator" in one.command]
    child.communicate(b"\n", timeout=process.PATIENCE)


def test_a_pattern_that_is_none_is_told_before_anything_starts(world):
    """A rule that cannot be read is accepted, or the launch goes on without it."""
    result = world.launch("true", flags=["--command-deny", ""])
    assert result.rc == 64 and "--command-deny" in result.err


def test_a_service_is_judged_too(world):
    """What a service starts is not judged."""
    script = "aileron service run s -- sh -c 'touch forbidden; sleep 9'; sleep 1; aileron service logs s"
    result = world.shell(script, flags=commands.DENY)
    assert not commands.breached(world)
    assert "aileron: touch forbidden" in result.out + result.err, result.describe()


def test_it_is_quick_to_start(world):
    """A launch with rules takes seconds longer."""
    world.launch("true", flags=commands.DENY).ok()
    begun = time.monotonic()
    world.launch("true", flags=commands.DENY).ok()
    assert time.monotonic() - begun < 5
