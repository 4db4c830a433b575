"""One recorded session becomes a policy, and what was recorded is held against candidates."""

import json
import os

import yaml

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
    same = any_world.write("same.yaml", json.dumps({"version": 1, "profile": "locked", "network": [{"host": HOST, "action": "allow"}]}))
    assert any_world.aileron("policy", "replay", session, same).ok().out == "0 of 4 recorded change\n"
    assert any_world.aileron("policy", "replay", same).rc == 64
