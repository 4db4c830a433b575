"""Client certificates: presented outside on the sandbox's behalf, on connections of their own."""

import json
import ssl
import subprocess

import pytest

from lib import certificates

HOST = "api.test"


def _pem(authority, name):
    """Key, certificate and chain of a client named `name`, as one text."""
    certificate, key = authority.issue(name)
    text = ""
    for path in (key, certificate, authority.certificate):
        with open(path, encoding="ascii") as file:
            text += file.read()
    return text


@pytest.fixture
def bound(any_world):
    """A site that asks for a client's certificate and says whose it got."""

    def make(required=False, **binding):
        clients = certificates.shared("Aileron clients' authority")
        site = any_world.site(HOST)
        site._context.load_verify_locations(clients.certificate)
        site._context.verify_mode = ssl.CERT_REQUIRED if required else ssl.CERT_OPTIONAL
        pem = _pem(clients, "agent.client.test")

        def who(request):
            peer = request.connection.getpeercert()
            names = [value for entry in (peer or {}).get("subject", ()) for _, value in entry]
            request.answer_json({"name": names[0] if names else None, "connection": request.number})

        for path in ("/who", "/mine/who", "/mine/again"):
            site.routes[path] = who
        any_world.unlock()
        any_world.secret("cert/work", pem)
        any_world.bind({"name": "work", "host": HOST, "scheme": "mtls", "credential": "cert/work", **binding})
        return any_world, site, clients, pem

    return make


def test_the_certificate_is_presented(bound):
    """A site that requires a client's certificate refuses the request, or the key is in the sandbox."""
    world, _, _, pem = bound(required=True)
    result = world.shell(f"env; cat ~/* ~/.* 2>/dev/null; curl -sS https://{HOST}/who; curl -sS https://{HOST}/who").ok()
    assert result.out.count('"agent.client.test"') == 2, result.out
    world.secret_free(result.stdout, pem.splitlines()[1])
    assert world.audit()[-1]["kind"] and any(one.get("credential") == "cert/work" for one in world.audit())


def test_a_connection_with_a_certificate_serves_no_other_request(bound):
    """A request that the binding does not cover goes over the connection that presented the certificate."""
    world, _, _, _ = bound(paths=["/mine/**"])
    script = " ".join(f"https://{HOST}{path}" for path in ("/mine/who", "/who", "/mine/again", "/who"))
    result = world.shell(f"curl -sS -w '\\n' {script}").ok()
    answers = [json.loads(line) for line in result.out.splitlines() if line]
    assert [one["name"] for one in answers] == ["agent.client.test", None, "agent.client.test", None]
    with_it = {one["connection"] for one in answers if one["name"]}
    without = {one["connection"] for one in answers if not one["name"]}
    assert len(with_it) == 1 and len(without) == 1 and not with_it & without


def test_another_certificate_means_another_connection(bound):
    """After the certificate was replaced, a request still goes out as the old one, by pool or by resumption."""
    world, _, clients, _ = bound()
    child = world.launch_start("sh", "-c", f"curl -sS https://{HOST}/who; echo; read go; curl -sS https://{HOST}/who; echo",
                               stdin=subprocess.PIPE)
    assert b"agent.client.test" in child.stdout.readline()
    world.secret("cert/work", _pem(clients, "new.client.test"))
    child.stdin.write(b"\n")
    child.stdin.flush()
    assert b"new.client.test" in child.stdout.readline()
    child.stdin.close()
    assert child.wait(60) == 0


def test_what_is_no_certificate_is_refused(bound):
    """With a credential that is no certificate the request goes out without one."""
    world, site, _, _ = bound()
    world.secret("cert/work", "no certificate at all")
    result = world.shell(f"curl --http1.1 -sSi --suppress-connect-headers https://{HOST}/who").ok()
    assert result.out.startswith("HTTP/1.1 502 ") and "client certificate" in result.out, result.out
    assert "no certificate at all" not in result.out and site.seen() == []
