"""A policy in force: files, variables, services and hosts of a launch are as the files say."""

import datetime
import json
import os
import subprocess
import time

import pytest

from lib import asked, binary, process
from lib.terminal import open_in

HOST = "api.test"


def user(world, text) -> str:
    """Writes the user's policy."""
    text = text if isinstance(text, str) else json.dumps({"version": 1, **text}, indent=1)
    return world.write(os.path.join(world.config, "aileron", "policy.yaml"), text, 0o600)


def project(world, text) -> str:
    """Writes the project's policy; JSON is YAML."""
    return world.write("aileron.yaml", text if isinstance(text, str) else json.dumps({"version": 1, **text}, indent=1))


def status_of(world, path="/x", flags=()) -> str:
    """What curl is answered in a sandbox."""
    return world.shell(f"curl -sS -o /dev/null -w '%{{http_code}}' https://{HOST}{path}", flags=["--hold", "0s", *flags]).out


def test_a_project_narrows_and_opens_only_what_is_trusted(any_world):
    """An untrusted file opens a host, or its denials wait for trust."""
    site = any_world.site(HOST, allow=False)
    project(any_world, {"network": [{"host": HOST, "action": "allow"}, {"host": HOST, "path": "/no/**", "action": "deny"}]})
    result = any_world.shell("true").ok()
    assert "opens 1 thing that you do not allow" in result.err and "aileron policy trust" in result.err
    assert status_of(any_world) == "428" and site.seen() == []
    any_world.aileron("policy", "trust", "--yes").ok()
    assert "policy trust" not in any_world.shell("true").ok().err
    assert status_of(any_world) == "200"
    assert status_of(any_world, "/no/x") == "403"
    any_world.aileron("policy", "untrust").ok()
    assert status_of(any_world) == "428"


def test_denials_of_every_layer_hold(any_world):
    """A flag allows what the project denies, or a project what the user denies."""
    site = any_world.site(HOST)  # --allow
    project(any_world, {"network": [{"host": HOST, "action": "deny"}]})
    assert status_of(any_world) == "403" and site.seen() == []
    record = any_world.audited(host=HOST, code="host_denied")[0]
    assert record["rule"] == "aileron.yaml:4"


def test_the_profile_of_the_files_is_used(any_world):
    """The user's or the stricter project's profile is not in force."""
    any_world.site(HOST, allow=False)
    user(any_world, {"profile": "open"})
    assert status_of(any_world) == "200"
    assert any_world.sessions("--all")[0]["profile"] == "open"
    project(any_world, {"profile": "locked"})
    assert status_of(any_world) == "403"
    assert status_of(any_world, flags=["--profile", "open"]) == "403"


def test_protocols_are_told_apart(any_world):
    """A rule about plain HTTP holds for TLS, or is dodged through a tunnel."""
    plain = any_world.site("plain.test", tls=False, port=80)
    site = any_world.site(HOST)
    user(any_world, {"network": [{"host": name, "protocol": "http", "action": "deny"} for name in ("plain.test", HOST)]})
    script = ("for url in http://plain.test/ https://api.test/; do for way in '' '--noproxy *' --proxytunnel; do "
              "curl -sS $way -o /dev/null -w '%{http_code} ' $url || echo -n 'refused '; done; done")
    words = any_world.shell("set -f; " + script).ok().out.split()
    assert words[:3] == ["403"] * 3 and words[3:] == ["200"] * 3, words
    assert plain.seen() == [] and len(site.seen()) == 3


def test_files_are_hidden_read_only_or_shared(any_world):
    """A file that the policy hides is seen, one that it makes read-only is written, or a folder that it shares is not there."""
    for name in ("secrets/key", "secret-file", "src/a", "src/gen/b", "free"):
        any_world.write(name, "content")
    shared = any_world.write(f"{any_world.root}/shared/data", "shared")
    user(any_world, {"files": [
        {"path": "secrets", "access": "hidden"}, {"path": "secret-file", "access": "hidden"},
        {"path": "src", "access": "read-only"}, {"path": "src/gen", "access": "read-write"},
        {"path": f"{any_world.root}/shared", "access": "read-only"}, {"path": "not-there", "access": "hidden"},
        {"path": "/etc/hostname", "access": "hidden"}]})
    script = f"""
        ls secrets | wc -l; wc -c < secret-file; cat src/a; echo; wc -c < /etc/hostname
        echo x > src/a || echo denied; echo x > secrets/new || echo denied; echo x > secret-file || echo denied
        rm -rf secrets 2>/dev/null || echo kept; mv secrets elsewhere 2>/dev/null || echo kept
        echo written > src/gen/b && cat src/gen/b; echo free > free && cat free
        cat {shared}; echo; echo x > {shared} || echo denied
    """
    words = any_world.shell(script).out.split()
    assert words == ["0", "0", "content", "0", "denied", "denied", "denied", "kept", "kept", "written", "free",
                     "shared", "denied"]
    assert any_world.read("secrets/key") == "content" and any_world.read("src/gen/b") == "written\n"


def test_a_read_only_workspace_may_have_a_place_to_write(any_world):
    """The build folder of a read-only workspace cannot be written, or all of it can."""
    any_world.write("build/.keep", "")
    any_world.write("a", "a")
    project(any_world, {"files": [{"path": ".", "access": "read-only"}, {"path": "build", "access": "read-write"}]})
    result = any_world.shell("echo x > a || echo denied; echo x > build/out && cat build/out")
    assert result.out.split() == ["denied", "x"], result.describe()


def test_an_untrusted_project_shows_no_folder_of_its_users(any_world):
    """A project's file mounts the home of who works on it."""
    path = f"{any_world.root}/private"
    any_world.write(f"{path}/data", "private")
    project(any_world, {"files": [{"path": path, "access": "read-write"}]})
    script = f"cat {path}/data 2>/dev/null || echo unseen"
    assert any_world.shell(script).out.split() == ["unseen"]
    any_world.aileron("policy", "trust", "--yes").ok()
    assert any_world.shell(script).out.split() == ["private"]
    project(any_world, {"files": [{"path": f"{any_world.config}/aileron", "access": "read-only"}]})
    any_world.aileron("policy", "trust", "--yes").ok()
    result = any_world.shell("true")
    assert result.rc == 125 and "must stay outside" in result.err, "not even a trusted one shows aileron's own state"


def test_a_launch_below_the_projects_root_has_the_same_rules(any_world):
    """A path of the root's file means another one for who starts in a folder below it."""
    for name in ("sub/.env", "sub/src/a", "secrets/key"):
        any_world.write(name, "content")
    project(any_world, {"files": [{"path": "sub/.env", "access": "hidden"}, {"path": "sub/src", "access": "read-only"},
                                  {"path": "sub/gone", "access": "hidden"}]})
    below = os.path.join(any_world.workspace, "sub")
    for where, prefix in ((any_world.workspace, "sub/"), (below, "")):
        result = any_world.shell(f"wc -c < {prefix}.env; echo x > {prefix}src/a || echo denied", cwd=where)
        assert result.out.split() == ["0", "denied"], result.describe()
        assert f"{below}/gone is not there, and so will not be hidden when it comes" in result.err


def test_what_is_made_below_takes_no_denial_away(any_world):
    """An agent shadows the root's rules with a file, or a repository, in a folder of it."""
    any_world.site(HOST)
    project(any_world, {"network": [{"host": HOST, "action": "deny"}]})
    any_world.shell("mkdir -p sub/.git; printf 'version: 1\nprofile: open\n' > sub/aileron.yaml").ok()
    below = os.path.join(any_world.workspace, "sub")
    assert os.path.exists(f"{below}/aileron.yaml")
    curl = f"curl -sS -o /dev/null -w '%{{http_code}}' https://{HOST}/"
    result = any_world.shell(curl, cwd=below)
    assert result.out == "403", result.describe()
    assert any_world.audited(host=HOST, code="host_denied")[0]["rule"] == "../aileron.yaml:4"
    assert "sub/aileron.yaml opens 1 thing" in result.err
    told = json.loads(any_world.aileron("policy", "explain", "--json", f"GET https://{HOST}/", cwd=below).ok().out)
    assert told["file"] == f"{any_world.workspace}/aileron.yaml"


def test_what_a_file_above_opens_needs_trust_in_that_file(any_world):
    """Trust in one file of a project is taken for trust in another, or the way to it is not told."""
    any_world.site(HOST, allow=False)
    outer = project(any_world, {"network": [{"host": HOST, "action": "allow"}]})
    any_world.write("sub/aileron.yaml", "version: 1\n")
    below = os.path.join(any_world.workspace, "sub")
    curl = f"curl -sS -o /dev/null -w '%{{http_code}}' https://{HOST}/"
    any_world.aileron("policy", "trust", "--yes", cwd=below).ok()
    result = any_world.shell(curl, flags=["--hold", "0s"], cwd=below)
    assert result.out == "428" and f"aileron policy trust {outer}" in result.err, result.describe()
    any_world.aileron("policy", "trust", "--yes", outer).ok()
    assert any_world.shell(curl, flags=["--hold", "0s"], cwd=below).out == "200"


def test_what_a_launch_refuses_is_named_with_its_place(any_world):
    """A folder that may not be shared, a workspace that is hidden, or a name that is taken is told without its line."""
    path = user(any_world, {"files": [{"path": any_world.home, "access": "read-only"}]})
    result = any_world.shell("true")
    assert result.rc != 0 and f"{path}:5:" in result.err, result.describe()
    path = user(any_world, {"files": [{"path": ".", "access": "hidden"}]})
    result = any_world.shell("true")
    assert result.rc != 0 and f"{path}:5:" in result.err and "hides the whole workspace" in result.err, result.describe()
    mine = user(any_world, {"services": [{"name": "web", "command": ["true"]}]})
    path = project(any_world, {"services": [{"name": "web", "command": ["true"]}]})
    any_world.aileron("policy", "trust", "--yes").ok()
    result = any_world.shell("true")
    assert result.rc == 78 and f"{path}:4:" in result.err and f"already, at {mine}:4" in result.err, result.describe()
    assert any_world.aileron("policy", "check").rc == 78


def test_a_service_starts_in_the_folder_of_its_file(any_world):
    """A service of a file above runs in the folder of the launch, or where nothing is shown."""
    project(any_world, {"services": [
        {"name": "web", "command": ["sh", "-c", "pwd > here; sleep 60"], "folder": "sub/app"},
        {"name": "other", "command": ["sh", "-c", "pwd > here; sleep 60"]}]})
    any_world.write("sub/app/file", "")
    any_world.aileron("policy", "trust", "--yes").ok()
    script = "for i in $(seq 100); do cat app/here 2>/dev/null && break; sleep 0.1; done; aileron service list"
    result = any_world.shell(script, cwd=os.path.join(any_world.workspace, "sub")).ok()
    assert result.out.startswith(f"{any_world.workspace}/sub/app\n") and "other" not in result.out, result.describe()
    assert "the service other is left out" in result.err and not os.path.exists(f"{any_world.workspace}/here")


def test_variables_are_passed_and_scrubbed(any_world):
    """A variable is passed that no policy names, or one that is scrubbed."""
    user(any_world, {"environment": {"pass": ["MY_*"], "scrub": ["*_TOKEN", "LANGUAGE"]}})
    project(any_world, {"environment": {"pass": ["OTHER"], "scrub": ["MY_SECRET"]}})
    env = {"MY_A": "1", "MY_SECRET": "2", "OTHER": "3", "MY_TOKEN": "4", "LANGUAGE": "de"}
    result = any_world.shell("env", flags=["--env", "GIVEN_TOKEN=5", "--env", "GIVEN=6"], env=env)
    names = {line.split("=")[0] for line in result.out.splitlines()}
    assert "MY_A" in names and "GIVEN" in names
    assert not names & {"MY_SECRET", "OTHER", "MY_TOKEN", "LANGUAGE", "GIVEN_TOKEN"}
    assert "AILERON_TOKEN" in names, "the contract stays"
    assert "GIVEN_TOKEN is not passed on" in result.err


def test_services_start_with_the_launch_once_trusted(any_world):
    """A project's service runs before anybody trusts it, or does not run."""
    any_world.write("site/index.html", "served")
    project(any_world, {"services": [{"name": "web", "command": ["python3", "-m", "http.server", "8123"], "folder": "site",
                                      "publish": [8123], "health": {"port": 8123}}]})
    script = "for i in $(seq 100); do curl -sS --noproxy '*' http://127.0.0.1:8123/ 2>/dev/null && exit 0; sleep 0.1; done; echo nothing"
    assert any_world.shell("aileron service list --json").ok().out.strip() in ("[]", "")
    any_world.aileron("policy", "trust", "--yes").ok()
    result = any_world.shell(script).ok()
    assert result.out == "served" and "8123" in result.err, "and it is told where the port is published"
    project(any_world, {"services": [{"name": "web", "command": ["/no/such/program"]}]})
    any_world.aileron("policy", "trust", "--yes").ok()
    broken = any_world.shell("sleep 0.5; aileron service list")
    assert broken.rc == 125 and "web" in broken.err, broken.describe()


def test_sections_for_an_agent_hold_for_that_program_alone(any_world):
    """What is for one agent holds for another."""
    any_world.site(HOST)
    user(any_world, {"agents": {"sh": {"network": [{"host": HOST, "action": "deny"}]}}})
    assert status_of(any_world) == "403"
    direct = any_world.launch("curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", f"https://{HOST}/")
    assert direct.out == "200"


def test_commands_that_no_rule_speaks_of_are_what_the_strictest_file_says(any_world):
    """A file's default for commands does not hold in a launch, or a flag or another file weakens it."""
    user(any_world, {"command_default": "deny", "commands": [{"command": word, "action": "allow"} for word in ("sh **", "touch a")]})
    script = "touch a; touch b; echo $?"
    for flags in ([], ["--command-default", "allow"]):
        result = any_world.shell(script, flags=flags).ok()
        assert result.out == "126\n" and "no rule allows" in result.err, result.describe()
    user(any_world, {"commands": [{"command": "sh **", "action": "allow"}]})
    project(any_world, {"command_default": "deny"})  # which nobody trusted
    assert any_world.shell("touch c; echo $?").ok().out == "126\n"
    project(any_world, {"command_default": "deny", "agents": {"sh": {"command_default": "allow"}}})
    assert any_world.shell("touch c; echo $?").ok().out == "0\n"


def test_credentials_are_kept_back_by_rule(any_world):
    """A credential goes along with a request for which a rule lists another."""
    site = any_world.bound(HOST, "the-secret", scheme="bearer")
    project(any_world, {"network": [{"host": HOST, "path": "/public/**", "credential": "none", "action": "allow"}]})
    assert status_of(any_world, "/private") == "200"
    assert status_of(any_world, "/public/x") == "403"
    assert [one.target for one in site.seen()] == ["/private"]
    assert dict(site.seen()[0].headers).get("Authorization") == "Bearer the-secret"
    project(any_world, {"network": [{"host": HOST, "credential": "api/other", "action": "allow"}]})
    assert status_of(any_world, "/y") == "200"
    assert "Authorization" not in dict(site.seen()[-1].headers), "the host gets none of it"


def test_approvals_wait_as_long_and_reach_as_far_as_the_policy_says(any_world):
    """A question outlives its policy, or a yes reaches further than it offers."""
    any_world.site(HOST, allow=False)
    user(any_world, {"approvals": {"hold": "30s", "expires": "20m", "scopes": ["once"]}})
    child = asked.sends(any_world, f"https://{HOST}/", hold="30s")
    question, = asked.waiting(any_world)
    result = any_world.aileron("approvals", "approve", question["id"], "--session")
    assert result.rc != 0 and "offers no yes for \"session\"" in result.err, result.describe()
    assert "Choose one that it offers: once" in result.err
    assert any_world.json("approvals", "show", question["id"])["scopes"] == ["once"]
    terminal = open_in(any_world, [binary.path(), "approvals", "watch"])
    keys = terminal.expect(r"yes, once(?s:.)*?show again")[0]
    assert "no, this session" in keys and "yes, this session" not in keys, keys
    terminal.send("s")  # it is not offered, and no answer
    terminal.send("y")
    assert asked.code(child) == "200"
    terminal.send("\x03")
    terminal.wait()


def test_a_question_about_a_command_waits_no_longer_than_the_policy_says(any_world):
    """Only questions about hosts have the life that the policy gives."""
    user(any_world, {"commands": [{"command": "ls", "action": "ask"}], "approvals": {"expires": "10m"}})
    child = any_world.launch_start("ls", flags=["--hold", "60s"])
    question, = asked.waiting(any_world)
    began, ends = (datetime.datetime.fromisoformat(question[key]) for key in ("created", "expires"))
    assert ends - began <= datetime.timedelta(minutes=10, seconds=5)
    any_world.aileron("approvals", "approve", question["id"]).ok()
    assert child.wait(process.PATIENCE) == 0


def test_scopes_of_which_none_is_left_are_told(any_world):
    """Nobody can say yes, and nothing says why."""
    any_world.site(HOST, allow=False)
    user(any_world, {"approvals": {"scopes": ["once"]}})
    project(any_world, {"approvals": {"scopes": ["session"]}})
    found = any_world.json("policy", "check")
    assert [one["kind"] for one in found["warnings"]] == ["unanswerable"]
    child = asked.sends(any_world, f"https://{HOST}/", hold="30s")
    question, = asked.waiting(any_world)
    result = any_world.aileron("approvals", "approve", question["id"])
    assert result.rc != 0 and "aileron policy check" in result.err, result.describe()
    any_world.aileron("approvals", "deny", question["id"]).ok()
    assert asked.code(child) == "403"


def test_a_project_makes_a_request_wait_no_longer(any_world):
    """An untrusted file lets requests wait longer than they do without it."""
    any_world.site(HOST, allow=False)
    project(any_world, {"approvals": {"hold": "10m"}})
    result = any_world.shell(f"curl -sS -o /dev/null -w '%{{http_code}}' https://{HOST}/")
    assert result.out == "428", result.describe()


def _put(replacement: str, path: str) -> bool:
    """Whether the file is in place; its name is reserved by a folder while it is gone."""
    try:
        if os.path.isdir(path):
            os.rmdir(path)
        os.rename(replacement, path)
    except OSError:
        return False
    return True


class Running:
    """A sandbox that asks for a page whenever a line comes."""

    def __init__(self, world):
        script = (f"while read path; do curl -sS -o /dev/null -w '%{{http_code}}\\n' https://{HOST}$path; done")
        self.child = world.launch_start("sh", "-c", script, flags=["--hold", "0s"], stdin=subprocess.PIPE)

    def get(self, path="/x") -> str:
        """The status of one request."""
        self.child.stdin.write(f"{path}\n".encode())
        self.child.stdin.flush()
        return self.child.stdout.readline().decode().strip()

    def end(self) -> str:
        """What was told on standard error."""
        return self.child.communicate(timeout=process.PATIENCE)[1].decode()


def test_a_change_is_picked_up_within_a_second(any_world):
    """A session goes on with rules that its files do not have any more."""
    any_world.site(HOST)
    project(any_world, {})
    running = Running(any_world)
    assert running.get() == "200"
    project(any_world, {"network": [{"host": HOST, "action": "deny"}]})
    began = time.monotonic()
    process.eventually(lambda: running.get() == "403", "the denial is in force")
    assert time.monotonic() - began < 5  # within a second, on a machine that is not loaded
    project(any_world, {"network": [{"host": HOST, "path": "/no", "action": "deny"}]})
    process.eventually(lambda: running.get() == "200", "the denial is gone")
    assert running.get("/no") == "403"
    assert "the policy changed and is in force" in running.end()
    assert any_world.audited(kind="policy")


@pytest.mark.parametrize("broken", ["version: 1\nnetwrk: []\n", "version: 1\nnetwork: [\n", None, "link"])
def test_a_broken_file_leaves_the_last_good_one_in_force_and_says_so(any_world, broken):
    """A mistake opens what was denied, or is not told."""
    any_world.site(HOST)
    path = project(any_world, {"network": [{"host": HOST, "path": "/no", "action": "deny"}]})
    running = Running(any_world)
    assert (running.get("/no"), running.get()) == ("403", "200")
    if broken in (None, "link"):
        os.unlink(path)
    if broken == "link":
        os.symlink("/dev/null", path)
    elif broken:
        project(any_world, broken)

    def problems():
        return [one for one in any_world.json("status")["daemon"]["problems"] if one["code"] == "policy_invalid"]

    process.eventually(problems, "the status tells of it")
    assert "aileron.yaml" in problems()[0]["detail"]
    assert (running.get("/no"), running.get()) == ("403", "200")
    replacement = any_world.write("fresh", json.dumps({"version": 1}))
    process.eventually(lambda: _put(replacement, path), "the file is there again")
    process.eventually(lambda: running.get("/no") == "200", "the good one is in force")
    assert problems() == []
    told = running.end()
    assert "is not in force" in told and "aileron.yaml" in told and "the policy changed and is in force" in told


def test_trust_given_and_taken_counts_at_once(any_world):
    """Trust counts for the next launch alone."""
    any_world.site(HOST, allow=False)
    project(any_world, {"network": [{"host": HOST, "action": "allow"}]})
    running = Running(any_world)
    assert running.get() == "428"
    any_world.aileron("policy", "trust", "--yes").ok()
    process.eventually(lambda: running.get() == "200", "what is trusted is in force")
    any_world.aileron("policy", "untrust").ok()
    process.eventually(lambda: running.get() == "428", "and is not any more")
    running.end()


@pytest.mark.parametrize("where", ["user", "project"])
def test_a_wrong_file_stops_the_launch_with_its_place(any_world, where):
    """A launch goes on without rules that somebody wrote."""
    path = {"user": user, "project": project}[where](any_world, "version: 1\nnetwork:\n  - {host: a.example, acton: deny}\n")
    result = any_world.shell("true")
    assert result.rc == 78 and f"{path}:3:23:" in result.err and "action" in result.err, result.describe()


def test_a_session_keeps_its_policy_over_a_restart(any_world):
    """A daemon that comes back has forgotten the rules, or takes broken ones for none."""
    any_world.site(HOST)
    project(any_world, {"network": [{"host": HOST, "path": "/no", "action": "deny"}]})
    running = Running(any_world)
    assert (running.get("/no"), running.get("/late")) == ("403", "200")
    project(any_world, {"network": [{"host": HOST, "path": path, "action": "deny"} for path in ("/no", "/late")]})
    process.eventually(lambda: running.get("/late") == "403", "the change is in force")
    project(any_world, "version: 1\nnetwork: [\n")
    os.kill(any_world.daemon_pid(), 9)
    process.eventually(lambda: running.get() == "200", "the session goes on")
    assert (running.get("/no"), running.get("/late")) == ("403", "403")
    running.end()


def test_a_users_file_that_is_gone_ends_no_rule(any_world):
    """Moving or emptying the user's file opens what it denies in each session that runs."""
    any_world.site(HOST)
    path = user(any_world, {"network": [{"host": HOST, "path": "/no", "action": "deny"}]})
    running = Running(any_world)
    assert running.get("/no") == "403"
    for away in (lambda: os.truncate(path, 0), lambda: os.unlink(path)):
        away()
        process.eventually(lambda: any("gone or empty" in one["detail"] for one in any_world.json("status")["daemon"]["problems"]),
                           "the status tells of it")
        assert running.get("/no") == "403"
    user(any_world, {})
    process.eventually(lambda: running.get("/no") == "200", "the rule is gone once its file says so")
    running.end()


def test_a_yes_does_not_lift_what_was_denied_meanwhile(any_world):
    """A command or a request that waits for a person is let go on after a rule began to deny it."""
    site = any_world.site(HOST)
    entries = {"network": [{"host": HOST, "method": "POST", "action": "ask"}], "commands": [{"command": "touch", "action": "ask"}]}
    project(any_world, entries)
    script = f"touch asked; echo $?; curl -sS -o /dev/null -w '%{{http_code}}\\n' -d x https://{HOST}/x"
    child = any_world.launch_start("sh", "-c", script, flags=["--hold", "60s"])
    asked.waiting(any_world)
    project(any_world, {**entries, "commands": [{"command": "touch", "action": "deny"}]})
    process.eventually(lambda: any_world.audited(kind="policy"), "the change is in force")
    asked.approve(any_world)
    asked.waiting(any_world)
    project(any_world, {"network": [{"host": HOST, "method": "POST", "action": "deny"}]})
    process.eventually(lambda: len(any_world.audited(kind="policy")) == 2, "the change is in force")
    asked.approve(any_world)
    out, err = child.communicate(timeout=process.PATIENCE)
    assert out.decode().split() == ["126", "403"], err
    assert site.seen() == []


def test_rules_about_commands_change_while_a_session_runs(any_world):
    """A command that the policy denies from now on is run, or a session that cannot judge it says that it does."""
    script = "while read name; do touch ./$name 2>/dev/null && echo ran || echo refused; done"
    project(any_world, {})
    free = any_world.launch_start("sh", "-c", script, stdin=subprocess.PIPE)
    judged = any_world.launch_start("sh", "-c", script, flags=["--command-record=true"], stdin=subprocess.PIPE)

    def does(child) -> str:
        child.stdin.write(b"x\n")
        child.stdin.flush()
        return child.stdout.readline().decode().strip()

    assert (does(free), does(judged)) == ("ran", "ran")
    project(any_world, {"commands": [{"command": "touch", "action": "deny"}]})
    process.eventually(lambda: does(judged) == "refused", "the rule is in force")
    shown = sorted(any_world.json("session", "show", one["id"])["commands"] for one in any_world.sessions())
    assert shown == ["free", "mediated"]
    told = {}
    for name, child in (("free", free), ("judged", judged)):
        told[name] = child.communicate(timeout=process.PATIENCE)[1].decode()
    assert "rules about commands count from the next launch" in told["free"]
    assert "from the next launch" not in told["judged"]
