"""The sandbox's API: reached by every client, for its own session alone, and for what its token lists."""

import json
import subprocess

import pytest

from lib import process
from lib.inside import CURL, spoken

_AUTH = '-H "Authorization: Bearer $AILERON_TOKEN"'


def _ask(world, script: str, flags=()):
    return world.shell(script, flags=flags)


@pytest.mark.parametrize("client", [
    f'curl -sS --http1.1 {_AUTH} "$AILERON_API_URL/session"',
    f'curl -sS --http2 {_AUTH} "$AILERON_API_URL/session"',
    f'curl -sS --noproxy "*" {_AUTH} "$AILERON_API_URL/session"',
    f'curl -sS --proxy socks5h://127.0.0.1:3128 {_AUTH} "$AILERON_API_URL/session"',
    'wget -q -O - --header "Authorization: Bearer $(cat $AILERON_TOKEN_FILE)" "$AILERON_API_URL/session"',
])
def test_every_way_leads_to_it(any_world, client):
    """A client that is proxied, captured, or speaks HTTP/2 or SOCKS does not reach the API."""
    result = _ask(any_world, f"echo $AILERON_SESSION_ID; {client}").ok()
    session, _, answer = result.out.partition("\n")
    assert json.loads(answer)["id"] == session
    any_world.audited(host="aileron.internal", path="/v1/session", status=200, rule="aileron")


@pytest.mark.parametrize("token", ["", "Bearer", "Bearer x", "Bearer $AILERON_TOKEN.x", "Basic $AILERON_TOKEN",
                                   "Bearer ${AILERON_TOKEN%?}", "Bearer ail1.AAAA.AAAA"])
def test_without_the_token_nothing_is_told(any_world, token):
    """A request without the session's token, or with a changed one, is answered."""
    curl = CURL.replace("Bearer $AILERON_TOKEN", token)
    answer = spoken(_ask(any_world, f'{curl} "$AILERON_API_URL/session"').ok().out)
    assert answer["status"] == 401 and answer["code"] == "token_refused"
    assert "AILERON_TOKEN" in answer["hint"] and "id" not in answer


def test_the_token_of_another_session_is_refused(any_world):
    """A session speaks for another one that runs at the same time."""
    other = any_world.launch_start("sh", "-c", "echo $AILERON_TOKEN; read line", stdin=subprocess.PIPE)
    stolen = other.stdout.readline().decode().strip()
    own = f'{CURL} "$AILERON_API_URL/session"'
    assert spoken(_ask(any_world, own.replace("$AILERON_TOKEN", stolen)).ok().out)["code"] == "token_refused"
    assert "id" in spoken(_ask(any_world, own).ok().out), "the canary: its own token is good"
    other.stdin.close()
    other.wait(process.PATIENCE)


def test_no_route_of_the_host_is_served(any_world):
    """A route of the control API answers in the sandbox, with the sandbox's token."""
    any_world.unlock()
    routes = ["status", "vault", "secrets", "bindings", "sessions", "audit", "audit/export", "vault/lock"]
    script = "".join(f'curl -sS -o /dev/null -w "%{{http_code}} " -X {method} {_AUTH} "$AILERON_API_URL/{route}"; '
                     for route in routes for method in ("GET", "POST"))
    codes = _ask(any_world, script).ok().out.split()
    assert len(codes) == 2 * len(routes) and set(codes) == {"404"}, codes


def test_it_is_not_served_without_tls(any_world):
    """The token is taken over plain HTTP."""
    answer = _ask(any_world, f"curl -sSi {_AUTH} http://aileron.internal/v1/session").ok().out
    assert "HTTP/1.1 403 " in answer and "Aileron-Code: api_needs_tls" in answer
    assert "AILERON_API_URL" in answer


def test_it_is_there_again_after_the_daemon_died(any_world):
    """A session's API stays away after its daemon was killed, or another daemon refuses the token."""
    child = any_world.launch_start(
        "sh", "-c", f"echo up; while read line; do curl -sS -m 10 {_AUTH} \"$AILERON_API_URL/session\" || echo; echo; done",
        stdin=subprocess.PIPE)
    assert child.stdout.readline() == b"up\n"

    def ask() -> str:
        child.stdin.write(b"\n")
        child.stdin.flush()
        answer = b""
        while not answer.endswith(b"\n") or not answer.strip():
            answer += child.stdout.readline()
            if answer == b"\n\n":
                return ""
        return answer.decode()

    assert json.loads(ask())["id"]
    first = any_world.daemon_pid()
    process.end(first)
    process.eventually(lambda: '"id"' in ask(), "the API answers again")
    child.stdin.close()
    assert child.wait(process.PATIENCE) == 0


def test_a_sandbox_cannot_use_up_the_daemons_connections(any_world):
    """Connections that one sandbox holds open keep another sandbox, or the host, from the daemon."""
    hold = ("import os, socket, ssl, time\n"
            "kept = []\n"
            "for n in range(150):\n"
            "    try:\n"
            "        s = ssl.create_default_context().wrap_socket(socket.create_connection(('aileron.internal', 443)),\n"
            "            server_hostname='aileron.internal')\n"
            "        s.sendall(b'GET /v1/session HTTP/1.1\\r\\nHost: aileron.internal\\r\\nX: ')\n"
            "        kept.append(s)\n"
            "    except OSError:\n"
            "        pass\n"
            "print(len(kept), flush=True)\n"
            "time.sleep(1000)\n")
    path = any_world.write("hold.py", hold)
    greedy = any_world.launch_start("python3", path)
    assert int(greedy.stdout.readline()) > 0
    assert "id" in spoken(_ask(any_world, f'{CURL} "$AILERON_API_URL/session"').ok().out)
    assert any_world.json("status")["sessions"] is not None
    greedy.terminate()
    greedy.wait(process.PATIENCE)
