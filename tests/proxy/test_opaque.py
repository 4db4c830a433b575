"""Opaque hosts: bytes that nobody reads, with real servers and clients that would notice."""

import os
import subprocess

import pytest

from lib import certificates, process, sites

HOST = "pinned.test"
HOWS = ["captured", "connect", "socks"]


@pytest.fixture
def pinned(world):
    """A TLS site that is opaque in every launch of the world."""
    site = world.site(HOST, allow=False)
    world.flags += ["--opaque", HOST]
    return site


def _tunnels(world, **wanted):
    return [one for one in world.audited(kind="tunnel") if all(one.get(k) == v for k, v in wanted.items())]


def _s_client(world, how, name=HOST, more=""):
    """Talks to the site with the site's own authority as the only one that is trusted."""
    ca = world.write("site-ca.pem", open(certificates.shared().certificate, "rb").read())
    if how == "connect":
        where = f"-connect {HOST}:443 -proxy 127.0.0.1:3128"
    else:
        where = f"-connect {HOST}:443"
    server = f"-servername {name}" if name else "-noservername"
    return world.shell(f"printf 'GET / HTTP/1.1\\r\\nHost: {HOST}\\r\\nConnection: close\\r\\n\\r\\n' | "
                       f"openssl s_client {where} {server} -CAfile {ca} -verify_return_error -quiet "
                       f"-ign_eof {more} 2>&1")


@pytest.mark.parametrize("how", ["captured", "connect"])
def test_a_pinned_client_speaks_with_the_site_itself(world, pinned, how):
    """A client that trusts the site's own certificate alone is not served, or is intercepted."""
    result = _s_client(world, how)
    assert f"hello from {HOST}" in result.out, result.describe()
    record = world.audited(kind="tunnel")[0]
    assert record["host"] == HOST and record["action"] == "allow" and record["rule"] == f"--opaque {HOST}:443"
    assert record["bytes_up"] > 200 and record["bytes_down"] > 500
    assert world.audit(kind="request") == []


def test_curl_is_pinned_by_socks_too(world, pinned):
    """A pinned client behind SOCKS is intercepted."""
    ca = world.write("site-ca.pem", open(certificates.shared().certificate, "rb").read())
    result = world.launch("curl", "-sS", "--cacert", ca, "--socks5-hostname", "127.0.0.1:3128", "--noproxy", "",
                          f"https://{HOST}/").ok()
    assert result.out == f"hello from {HOST}\n"
    # curl may leave without reading the last bytes, and that is said.
    record = world.audited(kind="tunnel")[0]
    assert record["action"] == "allow" and record.get("code", "") in ("", "client_gone")


@pytest.mark.parametrize("how", ["captured", "connect"])
@pytest.mark.parametrize("name, code", [("other.test", "authority_mismatch"), ("", "name_unknown")])
def test_another_name_or_none_is_refused(world, pinned, how, name, code):
    """A hello that names another host, or none, reaches the opaque host."""
    result = _s_client(world, how, name)
    assert "hello" not in result.out.replace("ClientHello", ""), result.describe()
    record = world.audited(kind="tunnel")[0]
    assert record["code"] == code and record["action"] == "deny" and record.get("bytes_up", 0) == 0
    assert pinned.seen() == []


def test_only_tls_goes_to_port_443(world, pinned):
    """Plain bytes reach an opaque host on port 443."""
    program = ("import connection\nc=connection.plain('pinned.test',443); c.settimeout(20)\n"
               "c.sendall(b'GET / HTTP/1.1\\r\\n\\r\\n')\nprint(c.recv(100))\n")
    world.program("connection.py")
    assert world.launch("/usr/bin/python3", "-c", program).ok().out == "b''\n"
    assert world.audited(kind="tunnel")[0]["code"] == "protocol_not_supported"


def test_other_ports_of_an_opaque_host_are_not_opened(world, pinned):
    """--opaque HOST opens port 80, too."""
    result = world.launch("curl", "-sSi", "--http1.1", f"http://{HOST}/", flags=["--unattended"]).ok()
    assert result.out.startswith("HTTP/1.1 403 "), result.describe()


def test_a_denied_host_is_not_opaque(world, pinned):
    """--opaque beats --deny."""
    world.flags += ["--deny", HOST]
    assert "hello from" not in _s_client(world, "connect").out
    assert pinned.seen() == []


def test_a_host_is_not_opaque_and_bound(world, pinned):
    """A binding for an opaque host is passed over in silence."""
    world.unlock()
    world.secret("token/site", "s3cret")
    world.bind({"name": "site", "host": "*.test", "scheme": "bearer", "credential": "token/site"})
    result = world.launch("true")
    assert result.rc == 78 and "--opaque" in result.err and '"site"' in result.err, result.describe()


def test_a_binding_that_comes_later_closes_the_tunnel(world, pinned):
    """A host that is bound while a session runs goes on being opaque."""
    world.unlock()
    world.secret("token/site", "s3cret")
    child = world.launch_start("sh", "-c", "touch up; while ! test -e go; do sleep 0.05; done; "
                               f"curl -sSik https://{HOST}/ ; true")
    process.eventually(lambda: os.path.exists(os.path.join(world.workspace, "up")), "the launch is up")
    world.aileron("binding", "add", "site", "--host", HOST, "--scheme", "bearer", "--credential",
                  "token/site").ok()
    world.write("go", "")
    child.communicate(timeout=60)
    assert pinned.seen() == [] and world.audited(code="opaque_and_bound")


@pytest.mark.parametrize("how", HOWS)
def test_a_redis_server_is_reached_by_its_name(world, how):
    """redis-cli does not reach a server on a named port, or bytes get lost."""
    listener = sites.listen()
    port = listener.getsockname()[1]
    listener.close()
    world.start("redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir",
                world.temporary, stdout=subprocess.DEVNULL)
    process.eventually(lambda: _answers(port), "redis answers")
    world.flags += ["--opaque", "cache.test:6379", "--connect-to", f"cache.test:6379:127.0.0.1:{port}"]
    data = "x" * 200_000
    world.write("value", data)
    if how == "captured":
        script = ("redis-cli -h cache.test -x set key < value && redis-cli -h cache.test get key | "
                  "tr -d '\\n' | cmp - value && echo same")
    else:
        relay = {"connect": "-X connect", "socks": "-X 5"}[how]
        script = ("(printf '*3\\r\\n$3\\r\\nSET\\r\\n$3\\r\\nkey\\r\\n$200000\\r\\n'; cat value; "
                  "printf '\\r\\nGET key\\r\\nQUIT\\r\\n') | "
                  f"nc {relay} -x 127.0.0.1:3128 cache.test 6379 | tr -d '\\r' | sed -n 3p | "
                  "tr -d '\\n' | cmp - value && echo same")
    result = world.shell(script)
    assert result.out.endswith("same\n"), result.describe()
    records = world.audited(kind="tunnel", host="cache.test")
    assert sum(one["bytes_up"] for one in records) > 200_000
    assert sum(one["bytes_down"] for one in records) > 200_000


def _answers(port: int) -> bool:
    try:
        sites.socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    except OSError:
        return False


@pytest.mark.parametrize("how", HOWS)
def test_a_server_that_speaks_first_is_heard_at_once(world, how):
    """A client that waits for the server's greeting waits for ever."""
    def greet(connection):
        connection.sendall(b"220 ready\r\n")
        while (got := connection.recv(1000)):
            connection.sendall(b"250 " + got)
    world.raw_site("mail.test", greet, port=2525, tls=False)
    world.flags += ["--opaque", "mail.test:2525"]
    relay = {"captured": "", "connect": "-X connect -x 127.0.0.1:3128", "socks": "-X 5 -x 127.0.0.1:3128"}[how]
    result = world.shell(f"(sleep 2; echo QUIT) | nc {relay} -N mail.test 2525", timeout=50)
    assert result.out == "220 ready\r\n250 QUIT\n", result.describe()


def test_an_address_may_be_opaque_and_needs_no_name(world):
    """An opaque address is refused for want of a name in the hello."""
    site = world.site("127.0.0.1", allow=False)
    world.flags += ["--opaque", f"127.0.0.1:{site.port}"]
    ca = world.write("site-ca.pem", open(certificates.shared().certificate, "rb").read())
    result = world.launch("curl", "-sS", "--noproxy", "", "--proxy", "http://127.0.0.1:3128", "--cacert", ca,
                          f"https://127.0.0.1:{site.port}/").ok()
    assert result.out == "hello from 127.0.0.1\n"


def test_a_site_that_is_down_is_told_to_connect(world):
    """CONNECT to an opaque host that is down is answered 200."""
    world.flags += ["--opaque", "down.test:5432", "--connect-to", "down.test:5432:127.0.0.1:1"]
    result = world.shell("printf 'CONNECT down.test:5432 HTTP/1.1\\r\\nHost: down.test:5432\\r\\n\\r\\n' | "
                         "nc -w 20 127.0.0.1 3128")
    assert result.out.startswith("HTTP/1.1 502 ") and "upstream_unreachable" in result.out, result.describe()
