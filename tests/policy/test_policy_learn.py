"""One recorded session becomes a policy, and what was recorded is held against candidates."""

import json
import os

import yaml

from lib import asked, commands, process

HOST = "api.test"


def _session(world) -> str:
    """The id of the one session there was."""
    return world.sessions("--all")[0]["id"]


def _recorded(world, script: str, flags=("--learn",)) -> str:
    """Runs a script in a session that ends, and gives its id; its records are there."""
    result = world.shell(script, flags=flags)
    assert result.rc == 0, result.describe()
    world.audited(kind="request")
    return _session(world)


def test_a_session_becomes_the_smallest_policy(any_world):
    """A learned policy forbids what it was learned from, allows what was not done, or is no policy."""
    any_world.unlock()
    site = any_world.site(HOST, allow=False)
    any_world.secret("api/service", "the-secret")
    any_world.bind({"name": "service", "host": HOST, "credential": "api/service", "scheme": "bearer"})
    any_world.run("git", "init", "-q").ok()
    os.mkdir(f"{any_world.workspace}/build")
    any_world.give(f"{any_world.workspace}/build")
    any_world.write("old/file", "old")
    os.utime(f"{any_world.workspace}/old/file", (0, 0))
    script = (f"for n in 1 2 3; do curl -sS -o /dev/null https://{HOST}/repos/o/r/issues/$n; done; "
              f"curl -sS -o /dev/null -d x https://{HOST}/repos/o/r/issues; echo out > build/out; git add build/out; "
              f"curl -sS -o /dev/null http://169.254.169.254/latest")
    session = _recorded(any_world, script)
    text = any_world.aileron("policy", "learn", session).ok().out
    learned = yaml.safe_load(text)
    assert learned["profile"] == "locked"
    rules = {rule["method"]: rule for rule in learned["network"]}
    assert rules["GET"]["path"] == "/repos/o/r/issues/*" and rules["POST"]["path"] == "/repos/o/r/issues"
    assert all(rule["credential"] == "api/service" and rule["host"] == HOST for rule in rules.values())
    assert learned["files"] == [{"path": ".", "access": "read-only"}, {"path": "build", "access": "read-write"}], (
        "and not .git, whose index was written")
    assert "169.254.169.254" in text and "169.254.169.254" not in json.dumps(learned), "denied: in a comment alone"
    assert "the-secret" not in text

    # What it was learned from happens again, and nothing else.
    any_world.aileron("policy", "learn", session, "-o", "aileron.yaml").ok()
    assert any_world.aileron("policy", "learn", session, "-o", "aileron.yaml").rc != 0, "nothing is written over"
    any_world.aileron("policy", "check").ok()
    any_world.aileron("policy", "trust", "--yes").ok()
    count = len(site.seen())
    again = any_world.shell(f"for path in repos/o/r/issues/9 user; do curl -sS -o /dev/null -w '%{{http_code}} ' https://{HOST}/$path; done; "
                            "echo x > build/more && echo x > top || echo denied", flags=["--hold", "0s"])
    assert again.out.split() == ["200", "403", "denied"], again.describe()
    assert len(site.seen()) == count + 1


def test_what_was_learned_happens_again_and_replays_without_a_change(any_world):
    """Learning loses a command, a path that no pattern covers or a plain port, and replay tells of changes, or of none."""
    site = any_world.site(HOST, allow=False)
    plain = any_world.site("plain.test", tls=False, port=8080)
    script = (f"curl -sS -o /dev/null -w '%{{http_code}} ' https://{HOST}/@types%2fnode; "
              "curl -sS -o /dev/null -w '%{http_code}\\n' http://plain.test:8080/x; "
              "/usr/bin/true 'a b (c)'; /usr/bin/true a b; git --version | cut -c1-3; env -i /usr/bin/printf '%s\\n' \"it's\" ...; sh -c 'ls / | head -n0'")
    session = _recorded(any_world, script)
    process.eventually(lambda: any("head -n0" in one["detail"] for one in commands.records(any_world, "record")), "all is recorded")
    any_world.aileron("policy", "learn", session, "-o", "aileron.yaml").ok()
    with open(f"{any_world.workspace}/aileron.yaml", encoding="utf-8") as file:
        learned = yaml.safe_load(file)
    assert learned["command_default"] == "ask"
    assert {"git **", "cut **", "curl **", "printf **", "env **"} <= {rule["command"] for rule in learned["commands"]}
    rules = {rule["host"]: rule for rule in learned["network"]}
    assert "path" not in rules[HOST] and rules[HOST]["method"] == "GET"
    assert rules["plain.test"]["protocol"] == "http" and rules["plain.test"]["port"] == 8080
    replayed = any_world.aileron("policy", "replay", session, "aileron.yaml").ok()
    assert replayed.out.startswith("0 of ") and not replayed.out.startswith("0 of 0"), replayed.describe()

    any_world.aileron("policy", "trust", "--yes").ok()
    count = len(site.seen()) + len(plain.seen())
    again = any_world.shell(script, flags=["--hold", "0s"])
    assert again.out == "200 200\ngit\nit's\n...\n", again.describe()
    assert len(site.seen()) + len(plain.seen()) == count + 2
    other = any_world.shell("touch x; echo $?", flags=["--hold", "0s"])
    assert other.out == "75\n" and not os.path.exists(f"{any_world.workspace}/x"), other.describe()

    # A candidate that lets less run is told, by the words as they were.
    stricter = any_world.write("stricter.yaml", json.dumps(
        {"version": 1, "profile": "open", "commands": [{"command": "true 'a b (c)'", "action": "deny"}]}))
    changed = any_world.aileron("policy", "replay", session, stricter)
    assert changed.rc == 1 and changed.out.count("\n+ deny") == 1, changed.describe()


def test_what_nobody_said_yes_to_is_not_learned(any_world):
    """A request or a command that a person denied, or has not answered, is allowed by what is learned."""
    for name in ("no.test", "open.test", "yes.test"):
        any_world.site(name, allow=False)
    flags = [word for name in ("no", "open", "yes") for word in ("--command-ask", f"touch {name}")]
    script = "".join(f"touch {name}; curl -sS -o /dev/null -w '%{{http_code}} ' https://{name}.test/; " for name in ("no", "yes"))
    child = any_world.launch_start("sh", "-c", script, flags=[*flags, "--hold", "60s"])
    for answer in (asked.deny, asked.deny, asked.approve, asked.approve):
        answer(any_world)
    out, err = child.communicate(timeout=process.PATIENCE)
    assert out.split() == [b"403", b"200"], err
    any_world.shell("touch open; curl -sS -o /dev/null -w '%{http_code}' https://open.test/", flags=[*flags, "--hold", "0s"])
    texts = [any_world.aileron("policy", "learn", one["id"]).ok().out for one in any_world.sessions("--all")]
    learned = [yaml.safe_load(text) for text in texts]
    hosts = [rule["host"] for one in learned for rule in one.get("network", [])]
    assert hosts == ["yes.test"], texts
    for text, names in zip(sorted(texts, key=lambda one: "open.test" in one), (["no"], ["open"])):
        for name in names:
            assert f"#   GET https://{name}.test/\n" in text and f"#   touch {name}\n" in text, text
    ran = next(one for one in learned if one.get("network"))
    assert "touch **" in {rule["command"] for rule in ran["commands"]}
    waits = next(one for one in learned if not one.get("network"))
    assert "touch **" not in {rule["command"] for rule in waits["commands"]}


def test_commands_that_a_person_was_asked_about_are_recorded_as_others(any_world):
    """The record of a command that was asked about lacks its program, its words, who said so or what came of it."""
    flags = ["--command-ask", "touch asked"]
    child = any_world.launch_start("touch", "asked", "a b", flags=[*flags, "--hold", "60s"])
    question = asked.approve(any_world)
    child.communicate(timeout=process.PATIENCE)
    assert any_world.launch("touch", "asked", "c", flags=[*flags, "--hold", "0s"]).rc == 75
    assert any_world.launch("touch", "asked", "d", flags=[*flags, "--unattended"]).rc == 126
    found = {one["detail"]: one for one in commands.records(any_world)}
    yes, open_, no = (found[f"touch asked {word}"] for word in ("'a b'", "c", "d"))
    assert {one["path"] for one in (yes, open_, no)} == {"/usr/bin/touch"}
    assert yes["action"] == "allow" and yes["rule"] == f"approval {question['id']}"
    assert open_["action"] == "deny" and open_["code"] == "approval_pending"
    assert no["action"] == "deny" and no["code"] == "command_asks" and no["rule"] == "--command-ask touch asked"


def test_learn_allows_hosts_and_keeps_denials(any_world):
    """The recording mode asks, or lets through what a rule denies."""
    any_world.site(HOST, allow=False)
    any_world.site("no.test", allow=False)
    any_world.write(f"{any_world.config}/aileron/policy.yaml",
                    "version: 1\nprofile: locked\nnetwork: [{host: no.test, action: deny}]\n", 0o600)
    script = f"for host in {HOST} no.test; do curl -sS -o /dev/null -w '%{{http_code}} ' https://$host/; done"
    result = any_world.shell(script, flags=["--learn"])
    assert result.out.split() == ["200", "403"]
    assert f"aileron policy learn {_session(any_world)}" in result.err


def test_replay_tells_every_verdict_that_changes(any_world):
    """A candidate changes a verdict, and replay does not say so, or says so where nothing changes."""
    any_world.site(HOST)
    session = _recorded(any_world, f"for path in a b b no; do curl -sS -o /dev/null https://{HOST}/$path; done; "
                        "curl -sS -o /dev/null https://nobody.example/", flags=["--profile", "locked"])
    candidate = any_world.write("candidate.yaml", json.dumps({
        "version": 1, "profile": "locked",
        "network": [{"host": HOST, "action": "allow"}, {"host": HOST, "path": "/no", "action": "deny"}]}))
    result = any_world.aileron("policy", "replay", session, candidate)
    assert result.rc == 1, result.describe()
    assert f"GET https://{HOST}/no\n- allow" in result.out and "+ deny  by candidate.yaml:1" in result.out
    assert result.out.count("\n+") == 1 and result.out.endswith("1 of 4 recorded change\n")
    found = json.loads(any_world.aileron("policy", "replay", "--json", "--since", "1h", candidate).out)
    assert found["compared"] == 4 and found["changes"][0]["count"] == 1
    told = json.loads(any_world.aileron("policy", "learn", "--json", session).ok().out)
    assert told["recorded"] == 4 and told["complete"] is True and "things" not in told
    same = any_world.write("same.yaml", json.dumps({"version": 1, "profile": "locked", "network": [{"host": HOST, "action": "allow"}]}))
    assert any_world.aileron("policy", "replay", session, same).ok().out == "0 of 4 recorded change\n"
    assert any_world.aileron("policy", "replay", same).rc == 64


def test_diff_compares_what_was_recorded_and_commands(any_world):
    """What a session did, or a command that is named, is not compared between two files."""
    any_world.site(HOST)
    session = _recorded(any_world, f"curl -sS -o /dev/null https://{HOST}/a; curl -sS -o /dev/null https://{HOST}/b")
    process.eventually(lambda: len(commands.records(any_world, "record")) == 3, "all is recorded")
    network = [{"host": HOST, "action": "allow"}]
    old = any_world.write("old.yaml", json.dumps({"version": 1, "network": network}))
    new = any_world.write("new.yaml", json.dumps({
        "version": 1, "network": [*network, {"host": HOST, "path": "/a", "action": "deny"}],
        "commands": [{"command": "git commit -m 'a b'", "action": "deny"}]}))
    for flags in (["--session", session], ["--since", "1h"], ["--since", "1h", "--session", session]):
        found = any_world.aileron("policy", "diff", *flags, old, new)
        assert found.rc == 1 and found.out.endswith("1 of 5 change\n"), found.describe()
        assert f"GET https://{HOST}/a\n- allow" in found.out
    assert any_world.aileron("policy", "diff", "--since", "2100-01-01T00:00:00Z", old, new).ok().out == "0 of 0 change\n"
    named = any_world.aileron("policy", "diff", "--command", "git commit -m 'a b'", "--command", "git commit -m a b", old, new)
    assert named.rc == 1 and named.out.endswith("1 of 2 change\n"), named.describe()
    assert any_world.aileron("policy", "diff", "--command", "git 'a", old, new).rc == 64
    assert any_world.aileron("policy", "diff", "--since", "soon", old, new).rc == 64
