"""Rules of a program: what holds for its connections holds for no other's, and the other way round."""

import glob
import json
import os
import shutil

import pytest

from lib import asked

HOST = "api.test"
SECRET = "only-for-curl"
CURL = f"curl -sS -o /dev/null -w '%{{http_code}}' https://{HOST}"
WGET = "wget -q -T 20 -t 1 -O /dev/null"
PYTHON = os.path.realpath("/usr/bin/python3")


def user(world, *rules, profile="locked") -> None:
    """Writes the user's policy."""
    world.write(os.path.join(world.config, "aileron", "policy.yaml"),
                json.dumps({"version": 1, "profile": profile, "network": list(rules)}), 0o600)


def rule(action="allow", **fields) -> dict:
    """One about the site."""
    return {"host": HOST, **fields, "action": action}


def code(world, script) -> str:
    """What a script prints, which is the status that curl is answered."""
    return world.shell(script).out.strip()


def authorized(site, target) -> bool:
    """Whether the request carried the credential."""
    seen, = site.seen(target)
    return seen.header("Authorization") == [f"Bearer {SECRET}"]


def test_a_host_is_allowed_to_one_program(any_world):
    """Another program reaches a host that is allowed to curl alone, or curl does not."""
    site = any_world.site(HOST, allow=False)
    user(any_world, rule(by="curl"))
    assert code(any_world, f"{CURL}/curl") == "200"
    assert any_world.shell(f"{WGET} https://{HOST}/wget").rc != 0
    assert [one.target for one in site.seen()] == ["/curl"]
    refused = any_world.audited(host=HOST, code="host_not_allowed")
    assert refused, "the refusal is recorded"


def test_a_refusal_says_whose_the_host_is(world):
    """Who is refused is not told for whom the host is allowed, and who holds the connection."""
    world.site(HOST, allow=False)
    user(world, rule(by="wget"))
    told = world.shell(f"curl -sS https://{HOST}/").out
    assert "allowed for wget alone" in told and "is held by /usr/bin/curl" in told, told


def test_a_program_is_its_file(any_world):
    """A copy, or a program that calls itself curl, is curl."""
    site = any_world.site(HOST, allow=False)
    user(any_world, rule(by="curl"))
    shutil.copy("/usr/bin/curl", os.path.join(any_world.workspace, "curl"))
    shutil.copy("/usr/bin/curl", os.path.join(any_world.workspace, "other"))
    shutil.copy("/usr/bin/wget", os.path.join(any_world.workspace, "x"))
    assert code(any_world, f"./{CURL}/copy") == "403"
    assert code(any_world, f"./other{CURL.removeprefix('curl')}/other") == "403"
    assert any_world.shell(f"bash -c 'exec -a curl {WGET} https://{HOST}/name'").rc != 0
    assert any_world.shell(f"mkdir d; mv x d/curl; ./d/curl -q -t 1 -O /dev/null https://{HOST}/mv").rc != 0
    assert site.seen() == []
    assert code(any_world, f"ln -s /usr/bin/curl link; ./link{CURL.removeprefix('curl')}/link") == "200"
    user(any_world, rule(by=os.path.join(any_world.workspace, "curl")))
    assert code(any_world, f"./{CURL}/path") == "200", "its path was written down"
    assert code(any_world, f"{CURL}/system") == "403"


@pytest.mark.parametrize("way", ["", "--proxytunnel", "--noproxy '*'", "--http1.1"])
def test_a_program_is_found_however_it_connects(any_world, way):
    """Through the proxy, captured, or over HTTP/1.1 nobody finds out who connects."""
    site = any_world.site(HOST, allow=False)
    user(any_world, rule(by="curl"))
    assert code(any_world, f"{CURL}/x {way}") == "200"
    user(any_world, rule(by="wget"))
    assert code(any_world, f"{CURL}/x {way}") == "403"
    assert len(site.seen()) == 1


def test_descendants_are_the_program(any_world):
    """What an allowed program starts is refused, or what started it is allowed."""
    site = any_world.site(HOST, allow=False)
    user(any_world, rule(by=PYTHON))
    run = "import subprocess,sys; subprocess.run(sys.argv[1], shell=True)"
    assert code(any_world, f"python3 -c '{run}' \"{CURL}/child\"") == "200"
    assert code(any_world, f"python3 -c '{run}' true; {CURL}/sibling") == "403"
    assert [one.target for one in site.seen()] == ["/child"]


def test_arguments_are_told_apart(world):
    """A rule about a program with arguments holds for it with others."""
    site = world.site(HOST, allow=False)
    user(world, rule(by="curl --request DELETE"))
    assert code(world, f"{CURL}/a -X DELETE") == "200"
    assert code(world, f"{CURL}/b -X PUT") == "403"
    assert [one.method for one in site.seen()] == ["DELETE"]


def test_a_denial_of_one_program_leaves_the_others(any_world):
    """A rule that denies one program denies all, or none."""
    site = any_world.site(HOST, allow=False)
    user(any_world, rule("deny", by="curl"), profile="open")
    assert code(any_world, f"{CURL}/curl") == "403"
    any_world.shell(f"{WGET} https://{HOST}/wget").ok()
    assert [one.target for one in site.seen()] == ["/wget"]


def test_requests_are_allowed_to_one_program(any_world):
    """A request that is allowed to curl alone is another's, too."""
    site = any_world.site(HOST, allow=False)
    user(any_world, rule(method="GET"), rule(method="POST", by="curl"))
    assert code(any_world, f"{CURL}/x -d a=b") == "200"
    assert any_world.shell(f"{WGET} --post-data a=b https://{HOST}/x").rc != 0
    any_world.shell(f"{WGET} https://{HOST}/x").ok()
    assert [one.method for one in site.seen()] == ["POST", "GET"]


def test_an_opaque_host_is_denied_to_one_program(world):
    """A host that nobody looks into is reached by the program that it is denied to."""
    site = world.site(HOST, allow=False)
    user(world, rule(opaque=True), rule("deny", by="wget"))
    assert code(world, f"{CURL}/curl -k --noproxy '*'") == "200"
    assert world.shell(f"{WGET} --no-check-certificate --no-proxy https://{HOST}/wget").rc != 0
    assert [one.target for one in site.seen()] == ["/curl"]


def test_a_credential_is_one_programs(any_world):
    """Another program's request carries the credential that is curl's, or curl's does not."""
    site = any_world.bound(HOST, SECRET, scheme="bearer")
    user(any_world, rule(), rule(by="curl", credential="api/service"))
    assert code(any_world, f"{CURL}/curl") == "200"
    any_world.shell(f"{WGET} https://{HOST}/wget").ok()
    assert authorized(site, "/curl") and not authorized(site, "/wget")
    # One after the other in one session, in which nothing may be remembered of the other.
    any_world.shell(f"for i in 1 2; do {CURL}/c$i; {WGET} https://{HOST}/w$i; done; {CURL}/c3 {CURL}/c4").ok()
    assert [authorized(site, f"/c{i}") for i in (1, 2, 3)] == [True] * 3
    assert [authorized(site, f"/w{i}") for i in (1, 2)] == [False] * 2


def test_a_credential_goes_along_with_exactly_its_requests(world):
    """What one program gets for some requests goes along with others that a server may take for them."""
    site = world.bound(HOST, SECRET, scheme="bearer")
    user(world, rule(), rule(by="wget", credential="api/service"),
         rule(method="GET", path="/public/**", by="curl", credential="api/service"))
    others = ["/private/a", "/private//b", "/public/%2e%2e/c", "/public%2f..%2fd", "/private/e -H 'X-Original-URL: /public/x'",
              "/public/f -X DELETE", "/public/g -X DELETE -H 'X-HTTP-Method-Override: GET'"]
    codes = world.shell("; ".join(f"{CURL}{one} --path-as-is; echo" for one in [*others, "/public/x"])).ok().out.split()
    assert codes == ["403"] * len(others) + ["200"]
    assert [one.target for one in site.seen()] == ["/public/x"] and authorized(site, "/public/x")


def test_a_program_that_is_redirected_is_the_other_one(world):
    """What runs in the place of a program gets its credential."""
    site = world.bound(HOST, SECRET, scheme="bearer")
    world.write(os.path.join(world.config, "aileron", "policy.yaml"), json.dumps({
        "version": 1, "network": [rule(), rule(by="curl", credential="api/service")],
        "commands": [{"command": "curl", "action": "redirect",
                      "redirect": ["/usr/bin/wget", "-q", "-O", "/dev/null", f"https://{HOST}/w"]}]}), 0o600)
    world.shell("curl --version").ok()
    assert not authorized(site, "/w")


def test_a_script_is_no_program_of_the_systems(any_world):
    """A script of the agent's is the system's program of its name, where its interpreter is."""
    site = any_world.site(HOST, allow=False)
    user(any_world, rule(by="curl"))
    any_world.write("curl", f"#!/usr/bin/bash\n{WGET} https://{HOST}/x\n", 0o755)
    for flags in ([], ["--allow-nested"]):
        assert any_world.shell("./curl", flags=flags, timeout=60).rc != 0
        assert any_world.shell(f"{CURL}/y", flags=flags, timeout=60).out.strip() == "200", "the system's is"
    assert [one.target for one in site.seen()] == ["/y", "/y"]


@pytest.mark.parametrize("by", ["/usr/bin/perl", "perl"])
def test_a_program_is_known_under_its_other_names(world, by):
    """A hard link of a program is another one."""
    world.site(HOST, allow=False, tls=False)
    other, = [one for one in glob.glob("/usr/bin/perl5.*") if os.path.samefile(one, "/usr/bin/perl")]
    user(world, rule("deny", by=by), profile="open")
    world.write("x.pl", f'use IO::Socket::INET; my $s = IO::Socket::INET->new(PeerAddr => "{HOST}:80") or die; '
                        f'print $s "GET / HTTP/1.0\\r\\nHost: {HOST}\\r\\n\\r\\n"; print substr(<$s>, 9, 3), "\\n";')
    assert world.shell(f"perl x.pl; {other} x.pl", timeout=60).out.split() == ["403", "403"]


@pytest.mark.parametrize("known", [False, True])
def test_who_waits_is_denied_what_is_denied_meanwhile(world, known):
    """A rule that denies a program while a person is asked about its request does not count."""
    world.site(HOST, allow=False)
    rules = [rule("ask"), rule("ask", by="wget")] + [rule("deny", port=9999, by="curl")] * known
    user(world, *rules)
    child = world.launch_start("sh", "-c", f"{CURL}/1", flags=["--hold", "60s"])
    asked.waiting(world)
    user(world, *rules, rule("deny", by="curl"))
    line = child.stderr.readline()
    assert b"the policy changed" in line, line
    asked.approve(world)
    assert child.communicate(timeout=60)[0] == b"403"


def test_a_policy_that_begins_to_name_programs_counts_at_once_where_it_can(world):
    """A running session goes on by what it remembers from before a rule named a program."""
    site = world.bound(HOST, SECRET, scheme="bearer")
    user(world, rule(), rule(by="curl", credential="api/service"), profile="open")
    mark = os.path.join(world.workspace, "go")
    child = world.launch_start("sh", "-c", f"{CURL}/a; touch ready; while [ ! -e go ]; do sleep 0.1; done; {CURL}/b")
    while not os.path.exists(os.path.join(world.workspace, "ready")):
        assert child.poll() is None
    user(world, rule(), rule(by="wget", credential="api/service"), profile="open")
    line = child.stderr.readline()
    assert b"the policy changed" in line, line
    open(mark, "w", encoding="ascii").close()
    assert child.communicate(timeout=60)[0] == b"200200"
    assert authorized(site, "/a") and not authorized(site, "/b")


def test_sessions_without_such_rules_are_not_mediated(world):
    """A session that names no program pays for finding one."""
    world.site(HOST)
    sessions = []
    for rules in ([rule()], [rule(by="curl")]):
        user(world, *rules)
        world.shell("true").ok()
        sessions.append(world.json("session", "list", "--all")[0])
    records = [one for one in world.json("audit", "list", "--limit", "1000") if one["kind"] == "command"]
    assert {one["session"] for one in records} == {sessions[1]["id"]}


def test_explain_and_test_speak_of_programs(world):
    """What a file says of a program cannot be asked, or is not what happens."""
    path = world.write("aileron.yaml", json.dumps({
        "version": 1, "network": [rule(), rule("deny", path="/admin", by="curl"), rule(by="gh", credential="token/github")],
        "tests": [{"request": f"GET https://{HOST}/admin", "by": "curl", "expect": "deny"},
                  {"request": f"GET https://{HOST}/admin", "expect": "allow"}]}))
    world.aileron("policy", "test").ok()

    def explained(*arguments):
        return json.loads(world.aileron("policy", "explain", "--json", *arguments).ok().out)
    assert explained("--by", "curl", f"GET https://{HOST}/admin")["verdict"] == "deny"
    assert explained("--by", "gh", f"GET https://{HOST}/")["credentials"] == ["token/github"]
    assert explained(f"GET https://{HOST}/")["kept_for_other_programs"] == ["token/github"]
    text = world.aileron("policy", "explain", "--by", "curl", f"GET https://{HOST}/").ok().out
    assert "(by curl)" in text and "not token/github" in text, text
    assert os.path.exists(path)
    result = world.aileron("policy", "check").ok().out
    assert f"allow {HOST} for gh" in result or "opens" in result, result
