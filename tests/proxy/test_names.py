"""The name of the connection is the name of its requests."""

import pytest

HOST, OTHER = "one.test", "two.test"


@pytest.fixture
def both(world):
    """Two allowed sites: a mismatch must be refused though each name alone is allowed."""
    return world.site(HOST), world.site(OTHER)


def _send(world, port, data, *more, flags=()):
    return world.launch("/usr/bin/python3", world.program("raw_client.py"), HOST, str(port), data,
                        *more, flags=flags).ok().out


@pytest.mark.parametrize("captured", [False, True])
def test_a_host_header_other_than_the_connections_name_is_refused(world, both, captured):
    """A request for another host than the connection's name is passed on to either site."""
    flags = ["--env", "HTTPS_PROXY=", "--unattended"] if captured else ["--unattended"]
    text = _send(world, 443, f"GET / HTTP/1.1\\r\\nHost: {OTHER}\\r\\nConnection: close\\r\\n\\r\\n",
                 flags=flags)
    assert text.startswith(("HTTP/1.1 421 ", "HTTP/1.1 403 ", "HTTP/1.1 400 ")), text
    assert both[0].seen() == [] and both[1].seen() == []
    assert [one for one in world.audit() if one["action"] == "deny" or one.get("status") in (400, 421)]


def test_the_same_host_with_its_port_is_fine(world, both):
    """Host: name:443 is refused on port 443."""
    text = _send(world, 443, f"GET / HTTP/1.1\\r\\nHost: {HOST}:443\\r\\nConnection: close\\r\\n\\r\\n")
    assert text.startswith("HTTP/1.1 200 "), text


@pytest.mark.parametrize("host", [f"{HOST}:8443", f"{OTHER}", f"{HOST}, {OTHER}", f"{HOST}@{OTHER}",
                                  f"{HOST}/", f" {HOST} {OTHER}", f"{HOST}#", "", f"{OTHER}:443"])
def test_no_spelling_of_the_host_header_gets_through(world, both, host):
    """An odd Host header passes as the connection's name."""
    text = _send(world, 443, f"GET / HTTP/1.1\\r\\nHost: {host}\\r\\nConnection: close\\r\\n\\r\\n")
    assert text[:12] in ("HTTP/1.1 421", "HTTP/1.1 403", "HTTP/1.1 400"), text
    assert both[0].seen() == [] and both[1].seen() == []


def test_an_absolute_target_for_another_host_is_refused(world, both):
    """An absolute target wins over the connection's name."""
    for host in (HOST, OTHER):
        text = _send(world, 443, f"GET https://{OTHER}/ HTTP/1.1\\r\\nHost: {host}\\r\\n"
                     "Connection: close\\r\\n\\r\\n")
        assert text[:12] in ("HTTP/1.1 421", "HTTP/1.1 403", "HTTP/1.1 400"), text
    assert both[1].seen() == []


def test_a_tunnel_to_one_name_with_the_sni_of_another_is_refused(world, both):
    """CONNECT to an allowed host and a TLS name of another one reaches a site."""
    text = _send(world, 443, f"GET / HTTP/1.1\\r\\nHost: {OTHER}\\r\\nConnection: close\\r\\n\\r\\n", OTHER)
    assert "hello" not in text
    text = _send(world, 443, f"GET / HTTP/1.1\\r\\nHost: {HOST}\\r\\nConnection: close\\r\\n\\r\\n", OTHER)
    assert "hello" not in text
    assert both[0].seen() == [] and both[1].seen() == []


def test_a_denied_name_behind_an_allowed_tunnel_is_refused(world):
    """Domain fronting: a denied host is reached through an allowed one's connection."""
    site = world.site(HOST)
    world.site("hidden.test", allow=False)
    for target in ("/", "https://hidden.test/"):
        text = _send(world, 443, f"GET {target} HTTP/1.1\\r\\nHost: hidden.test\\r\\n"
                     "Connection: close\\r\\n\\r\\n")
        assert "hello" not in text and text[:12] in ("HTTP/1.1 421", "HTTP/1.1 403", "HTTP/1.1 400")
    assert site.seen() == []


def test_a_second_request_on_the_same_connection_is_checked_too(world, both):
    """Only the first request of a connection is checked."""
    text = _send(world, 443, f"GET / HTTP/1.1\\r\\nHost: {HOST}\\r\\n\\r\\n"
                 f"GET /later HTTP/1.1\\r\\nHost: {OTHER}\\r\\nConnection: close\\r\\n\\r\\n")
    assert text.startswith("HTTP/1.1 200 ") and text.count("hello") == 1
    assert both[0].seen("/later") == [] and both[1].seen() == []


def test_captured_plain_http_for_another_address_follows_policy(world):
    """A captured connection to an address nobody allowed is passed on by its Host header alone."""
    world.site("plain.test", tls=False)
    result = world.shell("curl -sS --noproxy '*' -H 'Host: denied.test' http://plain.test/")
    assert "hello" not in result.out and "aileron" in result.out.lower(), result.describe()


def test_tls_without_a_name_is_refused_or_taken_by_its_dns_name(world, both):
    """A captured TLS connection without SNI reaches a site that its address does not stand for."""
    program = ("import connection,ssl,socket\n"
               "raw=socket.create_connection(('203.0.113.77',443),10)\n"
               "c=ssl.create_default_context(); c.check_hostname=False; c.verify_mode=ssl.CERT_NONE\n"
               "try:\n"
               "  t=c.wrap_socket(raw); t.sendall(b'GET / HTTP/1.1\\r\\nHost: one.test\\r\\n\\r\\n')\n"
               "  print(t.recv(200).decode())\n"
               "except OSError as error: print(type(error).__name__)\n")
    world.program("connection.py")
    result = world.launch("/usr/bin/python3", "-c", program).ok()
    assert "hello" not in result.out and both[0].seen() == []


def test_nested_connect_is_refused(world, both):
    """CONNECT inside an intercepted connection opens a tunnel nobody sees into."""
    text = _send(world, 443, f"CONNECT {OTHER}:443 HTTP/1.1\\r\\nHost: {OTHER}:443\\r\\n\\r\\n")
    assert not text.startswith("HTTP/1.1 200"), text


def test_bytes_that_are_no_tls_in_a_tunnel_are_not_passed_on(world):
    """A tunnel carries bytes that are neither TLS nor HTTP to the site."""
    got = []
    world.raw_site("raw.test", lambda connection: got.append(connection.recv(100)), tls=False)
    program = ("import connection\n"
               "c=connection.plain('raw.test',443); c.sendall(b'SSH-2.0-evil\\r\\n'*4); "
               "c.settimeout(5)\n"
               "try: print(c.recv(100))\n"
               "except OSError as error: print(type(error).__name__)\n")
    world.program("connection.py")
    world.launch("/usr/bin/python3", "-c", program).ok()
    assert got in ([], [b""])


def test_a_session_of_one_name_is_not_resumed_for_another(world, both):
    """TLS resumption carries a connection from one name to another."""
    script = (f"openssl s_client -connect {HOST}:443 -servername {HOST} -sess_out /tmp/s </dev/null "
              f">/dev/null 2>&1; printf 'GET / HTTP/1.1\\r\\nHost: {HOST}\\r\\n\\r\\n' | openssl s_client "
              f"-connect {OTHER}:443 -servername {OTHER} -sess_in /tmp/s -quiet -ign_eof 2>/dev/null & "
              "sleep 3; kill %1; true")
    result = world.launch("bash", "-c", script)
    assert f"hello from {HOST}" not in result.out
