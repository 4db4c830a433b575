"""SOCKS 5 on the proxy port, with clients that people use."""

import pytest

HOST, PLAIN = "secure.test", "plain.test"
PROXY = "127.0.0.1:3128"


@pytest.fixture
def sites(world):
    """A TLS site and a plain one."""
    return world.site(HOST), world.site(PLAIN, tls=False)


@pytest.mark.parametrize("flag", ["--socks5", "--socks5-hostname"])
@pytest.mark.parametrize("user", [[], ["--proxy-user", "some:body"]])
def test_curl_reaches_sites_by_socks(world, sites, flag, user):
    """curl with a SOCKS proxy, which resolves or lets resolve, gets no answer."""
    result = world.launch("curl", "-sS", "--noproxy", "", flag, PROXY, *user, f"https://{HOST}/",
                          f"http://{PLAIN}/").ok()
    assert result.out == f"hello from {HOST}\nhello from {PLAIN}\n"
    assert len(sites[0].seen()) == 1 and len(sites[1].seen()) == 1


def test_a_credential_is_injected_behind_socks_too(world, sites):
    """A site reached by SOCKS is not looked into."""
    world.unlock()
    world.secret("token/site", "s3cret")
    world.bind({"name": "site", "host": HOST, "scheme": "bearer", "credential": "token/site"})
    world.launch("curl", "-sS", "--socks5-hostname", PROXY, "--noproxy", "", f"https://{HOST}/").ok()
    assert sites[0].seen()[0].header("authorization") == ["Bearer s3cret"]


def test_python_and_netcat_reach_a_site_by_socks(world, sites):
    """PySocks or netcat does not get through."""
    program = ("import socks\n"
               f"s=socks.socksocket(); s.set_proxy(socks.SOCKS5,'127.0.0.1',3128,True)\n"
               f"s.connect(('{PLAIN}',80)); s.sendall(b'GET / HTTP/1.1\\r\\nHost: {PLAIN}\\r\\n"
               "Connection: close\\r\\n\\r\\n')\n"
               "data=b''\n"
               "while (piece:=s.recv(1000)): data+=piece\n"
               "print(data.decode())\n")
    assert f"hello from {PLAIN}" in world.launch("/usr/bin/python3", "-c", program).ok().out
    result = world.shell(f"printf 'GET / HTTP/1.1\\r\\nHost: {PLAIN}\\r\\nConnection: close\\r\\n\\r\\n' | "
                         f"nc -X 5 -x {PROXY} -w 20 {PLAIN} 80")
    assert f"hello from {PLAIN}" in result.out, result.describe()


def test_a_refused_host_is_told_by_the_reply_or_inside(world, sites):
    """A host that nobody allowed is a mystery to a SOCKS client."""
    world.flags.append("--unattended")
    result = world.launch("curl", "-sSi", "--http1.1", "--socks5-hostname", PROXY, "--noproxy", "",
                          "https://denied.test/")
    assert "HTTP/1.1 403" in result.out and "denied.test" in result.out, result.describe()
    result = world.launch("curl", "-sS", "--socks5-hostname", PROXY, "--noproxy", "", "http://denied.test/")
    assert result.rc == 97 and "(2)" in result.err, result.describe()
    assert world.audited(host="denied.test", port=80)[0]["action"] == "deny"


@pytest.mark.parametrize("command", ["socks.SOCKS5, b'\\x02'", "socks.SOCKS5, b'\\x03'"])
def test_bind_and_udp_are_refused(world, sites, command):
    """BIND or UDP ASSOCIATE is served, or is not answered."""
    byte = command.split("b'")[1][:-1]
    program = ("import socket\ns=socket.create_connection(('127.0.0.1',3128),20)\n"
               f"s.sendall(b'\\x05\\x01\\x00\\x05{byte}\\x00\\x01\\x7f\\x00\\x00\\x01\\x00\\x50')\n"
               "data=b''\nwhile (piece:=s.recv(100)): data+=piece\nprint(data.hex())\n")
    out = world.launch("/usr/bin/python3", "-c", program).ok().out.strip()
    assert out == "05000507000100000000" "0000", out


def test_names_resolved_in_the_sandbox_are_names_again(world, sites):
    """An address that the sandbox's DNS gave for a name is not understood behind SOCKS."""
    world.launch("curl", "-sS", "--socks5", PROXY, "--noproxy", "", f"https://{HOST}/").ok()
    assert world.audited(kind="request")[0]["host"] == HOST
