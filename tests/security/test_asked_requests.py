"""An agent that wants a request sent which nobody has said yes to, or said yes to as another one.

Every attack has a canary: the same bytes, in a sandbox without the rule, reach the site, so that an attack which
worked would be seen.
"""

import json
import subprocess

import pytest

from lib import asked, process

HOST = "api.test"
ASK = ("--ask", f"POST,DELETE {HOST}/repos/**")
# Nobody waits: what is asked about is answered 428 at once.
AT_ONCE = ("--hold", "0s")


@pytest.fixture
def api(any_world):
    """A world with a site that is allowed."""
    return any_world, any_world.site(HOST)


def _raw(world, data: str, flags, port: int = 443) -> str:
    return world.launch("python3", world.program("raw_client.py"), HOST, str(port), data, flags=flags).out


# Paths that a server may take for one below /repos.
PATHS = ("/repos/x", "/Repos/x", "/REPOS/x", "/repos", "/repos/", "/repos./x", "/repos;v=1/x", "/repos%2fx",
         "/x/../repos/x", "/x/%2e%2e/repos/x", "/x/.%2E/repos/x", "//repos/x", "/./repos/x", "/%72epos/x",
         "/repos%5cx", "/a/..;/repos/x", "/repos/%c0%ae/x", "/%252e%252e/repos/x")


def test_no_spelling_of_a_path_dodges_the_rule(api):
    """A request below /repos goes out unasked because its path is written in another way."""
    world, site = api
    script = " ; ".join(f"curl -sS --path-as-is -o /dev/null -w '%{{http_code}} ' -d x 'https://{HOST}{path}'"
                        for path in PATHS)
    codes = world.shell(script, flags=[*AT_ONCE, *ASK]).out.split()
    assert set(codes) == {"428"} and len(codes) == len(PATHS), codes
    assert site.seen() == []
    canary = world.shell(script).out.split()
    assert canary.count("200") > len(PATHS) // 2 and len(site.seen()) == canary.count("200")


@pytest.mark.parametrize("method", ["post", "Post", "pOST"])
def test_no_spelling_of_a_method_dodges_the_rule(api, method):
    """A method in lower case is another one for the rule, and the same one for the site."""
    world, site = api
    request = f"{method} /repos/x HTTP/1.1\\r\\nHost: {HOST}\\r\\nContent-Length: 1\\r\\nConnection: close\\r\\n\\r\\nx"
    assert " 428 " in _raw(world, request, [*AT_ONCE, *ASK])
    assert site.seen() == []
    assert " 200 " in _raw(world, request, []) and site.seen()[0].method == method


@pytest.mark.parametrize("field", ["X-HTTP-Method-Override: DELETE", "X-Original-URL: /repos/x", "X-Rewrite-URL: /repos/x"])
def test_a_field_that_overrides_is_asked_about_and_shown(api, field):
    """A request that a server takes for another one goes out as what it looks like."""
    world, site = api
    path, method = ("/repos/x", "GET") if "Method" in field else ("/harmless", "POST")
    curl = ("-X", method, "-H", field, f"https://{HOST}{path}")
    child = asked.sends(world, *curl, flags=ASK)
    assert asked.fields(asked.deny(world))["overrides"].lower() == field.lower()
    assert asked.code(child) == "403" and site.seen() == []
    assert asked.code(asked.sends(world, *curl)) == "200" and len(site.seen()) == 1


def test_the_form_of_the_target_and_the_host_do_not_dodge_the_rule(api):
    """An absolute target, a final dot, another case or another Host than the TLS name go by the rule."""
    world, site = api
    post = "Content-Length: 1\\r\\nConnection: close\\r\\n\\r\\nx"
    same = (f"POST https://{HOST}/repos/x HTTP/1.1\\r\\nHost: {HOST}\\r\\n{post}",
            f"POST /repos/x HTTP/1.1\\r\\nHost: {HOST.upper()}.\\r\\n{post}",
            f"POST /repos/x HTTP/1.1\\r\\nHost: {HOST}:443\\r\\n{post}")
    for request in same:
        assert " 428 " in _raw(world, request, [*AT_ONCE, *ASK]), request
    assert site.seen() == []
    for request in same:
        assert " 200 " in _raw(world, request, []), request
    other = f"POST /repos/x HTTP/1.1\\r\\nHost: other.test\\r\\n{post}"
    assert " 200 " not in _raw(world, other, [*AT_ONCE, *ASK])
    assert len(site.seen()) == len(same)


def test_a_request_behind_one_that_was_approved_is_asked_about_itself(api):
    """What is pipelined behind an approved request goes out with it."""
    world, site = api

    def request(path, last=False):
        close = "Connection: close\\r\\n" if last else ""
        return f"POST {path} HTTP/1.1\\r\\nHost: {HOST}\\r\\nContent-Length: 1\\r\\n{close}\\r\\nx"

    both = request("/repos/good") + request("/repos/evil", last=True)
    child = world.launch_start("python3", world.program("raw_client.py"), HOST, "443", both,
                               flags=["--hold", "60s", *ASK])
    first = asked.approve(world)
    assert first["title"].endswith("/repos/good")
    second = process.eventually(lambda: [one for one in asked.pending(world) if one["id"] != first["id"]],
                                "the second is asked about")[0]
    assert second["title"].endswith("/repos/evil")
    world.aileron("approvals", "deny", second["id"]).ok()
    child.communicate(timeout=process.PATIENCE)
    assert [one.target for one in site.seen()] == ["/repos/good"]
    _raw(world, both, [])
    assert [one.target for one in site.seen()][1:] == ["/repos/good", "/repos/evil"]


@pytest.mark.parametrize("change", ["body", "query", "type", "coding"])
def test_a_request_that_was_changed_after_the_question_is_another_one(api, change):
    """A yes to one request is used for one with another body, query or type."""
    world, site = api
    changed = {"body": ("x=2", "", ()), "query": ("x=1", "?all=1", ()), "type": ("x=1", "", ("-H", "Content-Type: text/plain")),
               "coding": ("x=1", "", ("-H", "Content-Encoding: identity"))}

    def curl(body, query, more):
        words = " ".join(f"'{word}'" for word in more)
        return f"curl -sS -o /dev/null -w '%{{http_code}}\\n' {words} -d {body} 'https://{HOST}/repos/x{query}'"

    script = "; read line; ".join([curl("x=1", "", ()), curl(*changed[change]), curl("x=1", "", ())])
    child = world.launch_start("sh", "-c", script, flags=[*AT_ONCE, *ASK], stdin=subprocess.PIPE)
    assert child.stdout.readline() == b"428\n"
    asked.approve(world)
    for expected in (b"428\n", b"200\n"):  # the canary: as it was, it is let through
        child.stdin.write(b"\n")
        child.stdin.flush()
        assert child.stdout.readline() == expected
    assert len(site.seen()) == 1 and site.seen()[0].body == b"x=1"
    child.stdin.close()
    child.wait(process.PATIENCE)


def test_nothing_hides_in_what_a_person_reads(api):
    """Control characters, right-to-left text, doubled names or imitated fields hide what a request does."""
    world, _ = api
    body = ('{"to\\u202e":"\\u001b[2J\\u001b[1;1Hharmless\\r\\n","amount":1,"amount":1000000,'
            '"zero\\u200bwidth":"a\\u2066b","method":"GET","a.b":{"c":"d"}}')
    child = asked.sends(world, "-H", "Content-Type: application/json", "-d", body,
                        f"https://{HOST}/repos/%E2%80%AE%1b%5b2J", flags=ASK)
    question, = asked.waiting(world)
    names = [one["name"] for one in question["fields"]]
    values = [one["value"] for one in question["fields"] if one["name"] == "body.amount"]
    assert values == ["1", "1000000"]
    assert names.count("method") == 1 and "body.method" in names and 'body["a.b"].c' in names
    assert "path is doubtful" in names
    shown = world.aileron("approvals", "show", question["id"]).ok().out
    for hidden in ("\x1b", "\u202e", "\u200b", "\u2066", "\r"):
        assert hidden not in shown and hidden not in json.dumps(question, ensure_ascii=False)
    assert "\\u202e" in json.dumps(question, ensure_ascii=False).replace("\\\\", "\\")
    asked.deny(world)
    assert asked.code(child) == "403"


def test_a_flood_of_requests_is_bounded(api):
    """An agent asks about requests without end, and drowns what others ask."""
    world, site = api
    script = (f"for n in $(seq 115); do curl -sS -o /dev/null -w '%{{http_code}}\\n' -d x https://{HOST}/repos/$n; done | "
              "sort | uniq -c; echo end; read line")
    child = world.launch_start("sh", "-c", script, flags=[*AT_ONCE, *ASK], stdin=subprocess.PIPE)
    told = b""
    while not told.endswith(b"end\n"):
        told += child.stdout.readline()
    assert "100 428" in " ".join(told.decode().split()) and len(asked.pending(world)) == 100
    other = asked.sends(world, "-d", "x", f"https://{HOST}/repos/other", flags=ASK)
    question = process.eventually(lambda: [one for one in asked.pending(world) if one["title"].endswith("/repos/other")],
                                  "another session still asks")[0]
    world.aileron("approvals", "approve", question["id"]).ok()
    assert asked.code(other) == "200" and len(site.seen()) == 1
    child.stdin.close()
    child.wait(process.PATIENCE)


def test_the_sandbox_cannot_reach_the_rules(api):
    """An agent reads or changes the rules that hold for it."""
    world, _ = api
    asked.rules(world, {"host": HOST, "method": "POST", "path": "/secret-place/**", "action": "ask"})
    result = world.shell(f"cat {world.config}/aileron/policy.yaml; echo x >> {world.config}/aileron/policy.yaml; "
                         f"curl -sS -o /dev/null -w '%{{http_code}}' -d x https://{HOST}/secret-place/x", flags=AT_ONCE)
    assert "secret-place" not in result.out and result.out.endswith("428"), result.describe()
    assert "secret-place" in world.read(f"{world.config}/aileron/policy.yaml"), "the canary: the file is there"
