"""Attackers at the door for browsers: other pages, other names, other users, other ports, the sandbox."""

import os
import re
import subprocess

import pytest

from lib import browser, process
from lib.browser import Browser, ask

HOST = "new.test"


@pytest.fixture
def waiting(ordinary):
    """A world in which a question waits and a browser is signed in."""
    ordinary.site(HOST, allow=False)
    ordinary.child = ordinary.launch_start("curl", "-sS", "-o", "/dev/null", f"https://{HOST}/",
                                           flags=["--hold", "60s"])
    ordinary.question = process.eventually(lambda: ordinary.json("approvals", "list"), "a question waits")[0]["id"]
    ordinary.browser = Browser(ordinary)
    yield ordinary
    ordinary.aileron("approvals", "deny", ordinary.question)
    ordinary.child.communicate(timeout=process.PATIENCE)


def _approve(world, *fields, cookie: bool = True, origin: str | None = None) -> int:
    """A forged approval with these fields; its status."""
    arguments = [word for field in fields for word in ("-H", field)]
    if cookie:
        arguments += ["-b", world.browser.cookie]
    return ask(world, (origin or world.browser.origin) + f"/v1/approvals/{world.question}/approve",
               "-X", "POST", "-d", "{}", *arguments).status


def _is_pending(world) -> bool:
    return world.json("approvals", "show", world.question)["state"] == "pending"


def _own(world) -> list:
    return [f"Origin: {world.browser.origin}", "Aileron-Request: console"]


def test_without_the_cookie_nothing_is_served(waiting):
    """Whoever finds the port reads or decides without having signed in."""
    origin = waiting.browser.origin
    for path in ("/v1/approvals", f"/v1/approvals/{waiting.question}", "/v1/approvals/stream", "/v1/sessions",
                 "/v1/audit", "/v1/grants", "/v1/vault", "/x"):
        answer = ask(waiting, origin + path)
        assert answer.status == 401 and waiting.question not in answer.body
    page = ask(waiting, origin + "/")
    assert page.status == 401 and "aileron open" in page.body
    assert _approve(waiting, *_own(waiting), cookie=False) == 401 and _is_pending(waiting)
    assert _approve(waiting, *_own(waiting)) == 200, "the canary: with the cookie it is decided"


def test_a_link_is_good_once(waiting):
    """A link that was used, is wrong, or is cut signs a second browser in."""
    url = browser.link(waiting).split("#")[0]
    assert "set-cookie" in ask(waiting, url).headers, "the canary: a new link signs in"
    head, _, secret = url.rpartition("/")
    assert len(secret) >= 43
    for other in (url, f"{head}/{secret[:-1]}", f"{head}/{secret[::-1]}", f"{head}/%00", f"{head}/x"):
        again = ask(waiting, other)
        assert again.status == 403 and "set-cookie" not in again.headers, other
    log = waiting.read(os.path.join(waiting.state, "aileron", "daemon.log"))
    records = str(waiting.audit())
    waiting.secret_free(log, secret, waiting.browser.cookie.partition("=")[2])
    waiting.secret_free(records, secret, waiting.browser.cookie.partition("=")[2])


@pytest.mark.parametrize("host", ["evil.test", "evil.test:{port}", "127.0.0.1", "127.0.0.1:1", "LOCALHOST:{port}",
                                  "localhost.evil.test:{port}", "[::1]:{port}", "0.0.0.0:{port}"])
def test_a_name_that_was_bound_to_this_address_is_another_site(waiting, host):
    """DNS rebinding: a page of evil.test, whose name now leads here, reads and decides."""
    port = waiting.browser.origin.rpartition(":")[2]
    name = host.format(port=port)
    assert _approve(waiting, f"Host: {name}", f"Origin: http://{name}", "Aileron-Request: console") == 421
    assert ask(waiting, waiting.browser.origin + "/v1/approvals", "-b", waiting.browser.cookie,
               "-H", f"Host: {name}").status == 421
    assert _is_pending(waiting)
    assert _approve(waiting, f"Host: localhost:{port}", f"Origin: http://localhost:{port}",
                    "Aileron-Request: console") == 200, "the canary: by its own name it is decided"


@pytest.mark.parametrize("fields", [
    ["Origin: http://evil.test", "Aileron-Request: console"],
    ["Origin: null", "Aileron-Request: console"],
    ["Origin: http://127.0.0.1:3000", "Aileron-Request: console", "Sec-Fetch-Site: same-site"],
    ["Origin: {origin}", "Aileron-Request: console", "Sec-Fetch-Site: cross-site"],
    ["Origin: {origin}", "Aileron-Request: console", "Origin: http://evil.test"],
    ["Origin: {origin}"], ["Aileron-Request: console"], ["Content-Type: text/plain"]])
def test_another_pages_request_decides_nothing(waiting, fields):
    """Cross-site request forgery: a page that the person visits approves with the person's cookie."""
    assert _approve(waiting, *(one.format(origin=waiting.browser.origin) for one in fields)) == 403
    assert _is_pending(waiting)
    assert _approve(waiting, *_own(waiting)) == 200, "the canary: the own page decides"


def test_another_page_may_not_even_ask_whether_it_may(waiting):
    """A preflight is answered with leave, so that a foreign script can add the field."""
    answer = ask(waiting, waiting.browser.origin + f"/v1/approvals/{waiting.question}/approve", "-X", "OPTIONS",
                 "-H", "Origin: http://evil.test", "-H", "Access-Control-Request-Method: POST",
                 "-H", "Access-Control-Request-Headers: Aileron-Request")
    assert answer.status == 403 and not any(name.startswith("access-control") for name in answer.headers)


def test_another_user_of_the_machine_is_not_served(waiting):
    """Another local user, even root, who guesses or stole the cookie or a link comes in."""
    if os.geteuid() != 0:
        pytest.fail("needs root, to be another user")
    url = browser.link(waiting).split("#")[0]
    get = ["curl", "-sS", "-m", "20", "-o", "/dev/null", "-w", "%{http_code}", "-b", waiting.browser.cookie,
           waiting.browser.origin + "/v1/approvals"]
    for uid in (0, waiting.uid + 1):
        for line in (get, [*get[:-1], url]):
            other = process.run(line, user=uid, group=uid, extra_groups=[])
            assert other.rc != 0 and other.out == "000", other.describe()
    own = process.run(get, user=waiting.uid, group=waiting.uid, extra_groups=[])
    assert own.out == "200", "the canary: its own user is not served: " + own.describe()
    assert "set-cookie" in ask(waiting, url).headers, "another user has used the link up"


def test_the_sandbox_does_not_reach_the_port(waiting):
    """An agent that learned port, cookie and question approves through its proxy, or past it."""
    port = int(re.search(r":(\d+)$", waiting.browser.origin)[1])
    request = (f"-X POST -d {{}} -b '{waiting.browser.cookie}' -H 'Origin: {waiting.browser.origin}' "
               f"-H 'Aileron-Request: console' {waiting.browser.origin}/v1/approvals/{waiting.question}/approve")
    script = (f"for way in '' '--noproxy *' '--proxy socks5h://127.0.0.1:3128'; do "
              f"curl -sS -m 20 -o /dev/null -w '%{{http_code}}\\n' $way {request} || echo none; done")
    codes = waiting.shell(script, flags=["--hold", "1s"]).out.split()
    assert codes and not [one for one in codes if one.startswith("2")], codes
    assert _is_pending(waiting)
    # The canary: where the user himself opens this machine's port to the sandbox, the script gets there.
    opened = waiting.shell(script, flags=["--allow", f"127.0.0.1:{port}"])
    assert not _is_pending(waiting), opened.describe()


def test_connections_are_bounded(waiting):
    """A local process that opens connections without end keeps the daemon from serving, or from deciding."""
    port = waiting.browser.origin.rpartition(":")[2]
    hold = ("import socket,sys\nheld=[]\nopen_=0\n"
            "for n in range(200):\n  s=socket.create_connection(('127.0.0.1',int(sys.argv[1]))); held.append(s)\n"
            "import time\n"
            "for s in held:\n  s.setblocking(False)\n"
            "deadline=time.monotonic()+20\n"
            "while time.monotonic()<deadline:\n"
            "  open_=0\n"
            "  for s in held:\n"
            "    try:\n      open_+= s.recv(1, socket.MSG_PEEK)!=b''\n"
            "    except BlockingIOError:\n      open_+=1\n"
            "    except OSError:\n      pass\n"
            "  if open_<=64: break\n  time.sleep(0.05)\n"
            "print(open_, flush=True)\nsys.stdin.readline()\n")
    child = waiting.start("/usr/bin/python3", "-c", hold, port, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert int(child.stdout.readline()) <= 64
    assert _is_pending(waiting), "the control socket goes on"
    child.stdin.close()
    child.wait(process.PATIENCE)
    process.eventually(lambda: ask(waiting, waiting.browser.origin + "/").status == 401, "there is room again")
