"""DNS in the sandbox: answered at once, one stable synthetic address a name, nothing leaves."""

import json

import pytest


def _ask(world, *questions, server="127.0.0.1", flags=()):
    """The answers to (name, type, transport) questions as the program prints them."""
    program = world.program("dns_client.py")
    result = world.launch("/usr/bin/python3", program, server, json.dumps(questions),
                          flags=flags).ok()
    return json.loads(result.out)


def test_allowed_names_get_one_stable_address(world):
    """An allowed name has no address, or another one each time."""
    world.site("one.test")
    world.site("two.test")
    answers = _ask(world, ["one.test", "A", "udp"], ["two.test", "A", "udp"], ["one.test", "A", "tcp"],
                   ["ONE.test", "A", "udp"])
    one, two, again, upper = (answer["addresses"] for answer in answers)
    assert len(one) == 1 and one == again == upper and one != two


def test_the_apis_name_is_known_without_a_question(any_world):
    """The sandbox's own list of hosts says otherwise than its DNS, and a tool ends nowhere."""
    answers = _ask(any_world, ["aileron.internal", "A", "udp"], ["aileron.internal", "AAAA", "udp"])
    said = sorted(address for answer in answers for address in answer["addresses"])
    known = any_world.shell("grep aileron.internal /etc/hosts").ok().out.split()
    assert sorted(known[::2]) == said and len(said) == 2


def test_ipv6_and_https_questions_are_answered_at_once(world):
    """A question for AAAA, HTTPS, MX or TXT of an allowed name hangs or fails."""
    world.site("one.test")
    kinds = ["AAAA", "HTTPS", "SVCB", "MX", "TXT", "SRV", "ANY", "CNAME"]
    answers = _ask(world, *[["one.test", kind, "udp"] for kind in kinds])
    assert [answer["rcode"] in (0, 4, 5) for answer in answers] == [True] * len(kinds), answers
    assert max(answer["seconds"] for answer in answers) < 2


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_denied_names_are_told_at_once(world, transport):
    """A denied name is answered with an address, or with a hang."""
    answers = _ask(world, ["denied.test", "A", transport], ["data.in.names.test", "TXT", transport],
                   ["denied.test", "AAAA", transport],
                   flags=["--profile", "locked", "--deny", "*.test"])
    for answer in answers:
        assert answer["rcode"] in (3, 5) and answer["addresses"] == [], answer
        assert answer["seconds"] < 2


def test_a_server_of_the_clients_choice_is_the_sandboxs(world):
    """A question to 8.8.8.8 or another server is not answered by the sandbox."""
    world.site("one.test")
    for server in ("8.8.8.8", "1.1.1.1", "192.168.1.1"):
        assert _ask(world, ["one.test", "A", "udp"], server=server)[0]["rcode"] == 0


def test_the_system_resolver_works(any_world):
    """getent in the sandbox does not resolve an allowed name, or hangs on a denied one."""
    any_world.site("one.test")
    assert "one.test" in any_world.launch("getent", "ahosts", "one.test").ok().out
    result = any_world.launch("getent", "hosts", "denied.test", flags=["--deny", "denied.test"])
    assert result.rc == 2 and result.seconds < 10
    assert "127.0.0.1" in any_world.launch("getent", "ahostsv4", "localhost").ok().out


def test_garbage_is_survived(world):
    """Malformed questions end the name service."""
    world.site("one.test")
    program = ("import socket,os\n"
               "s=socket.socket(socket.AF_INET,socket.SOCK_DGRAM)\n"
               "for n in range(300): s.sendto(os.urandom(n%90), ('127.0.0.1',53))\n"
               "s.sendto(b'\\0'*12,('127.0.0.1',53)); s.sendto(b'\\x12\\x34\\x01\\0\\0\\x01'+b'\\0'*6+"
               "b'\\xc0\\x0c\\0\\x01\\0\\x01',('127.0.0.1',53))\n"
               "for n in range(3):\n"
               "  t=socket.create_connection(('127.0.0.1',53)); t.sendall(os.urandom(50)); t.close()\n"
               "print(socket.getaddrinfo('one.test',443)[0][4][0])\n")
    assert world.launch("/usr/bin/python3", "-c", program).ok().out.strip()


def test_udp_443_is_refused_at_once(world):
    """A QUIC client waits for a timeout before it falls back."""
    world.site("one.test")
    program = ("import socket,time\n"
               "s=socket.socket(socket.AF_INET,socket.SOCK_DGRAM); s.settimeout(10)\n"
               "s.connect((socket.gethostbyname('one.test'),443)); begin=time.monotonic()\n"
               "try:\n  s.send(b'x'*1200); s.recv(100); print('answered')\n"
               "except ConnectionRefusedError: print('refused', time.monotonic()-begin < 2)\n"
               "except OSError as error: print(type(error).__name__)\n")
    assert world.launch("/usr/bin/python3", "-c", program).ok().out == "refused True\n"


def test_a_port_that_nobody_named_is_refused_at_once(world):
    """A connection to a port without a listener hangs."""
    world.site("one.test")
    program = ("import socket,time\nbegin=time.monotonic()\n"
               "for where in (('one.test',22),('93.184.215.14',25),('one.test',6667)):\n"
               "  try: socket.create_connection(where,10); print('connected')\n"
               "  except ConnectionRefusedError: print('refused')\n"
               "  except OSError as error: print(type(error).__name__)\n"
               "print(time.monotonic()-begin < 3)\n")
    out = world.launch("/usr/bin/python3", "-c", program).ok().out
    assert out == "refused\nrefused\nrefused\nTrue\n", out


def test_loopback_in_the_sandbox_is_the_sandboxs_own(world):
    """A server of the agent on localhost cannot be reached by the agent, or is the host's."""
    script = ("/usr/bin/python3 -m http.server -b 127.0.0.1 8000 >/dev/null 2>&1 & "
              "for i in $(seq 100); do curl -sS --noproxy '*' -o /dev/null http://127.0.0.1:8000/ "
              "2>/dev/null && break; sleep 0.05; done; "
              "curl -sS -o /dev/null -w '%{http_code} ' http://127.0.0.1:8000/; "
              "curl -sS -o /dev/null -w '%{http_code}' http://localhost:8000/")
    assert world.shell(script).ok().out == "200 200"


def test_dig_is_answered_over_both_transports_and_with_edns(world):
    """dig, which sends EDNS with cookies, gets no address or an answer that it warns about."""
    world.site("one.test")
    for flags in (["+edns=0", "+cookie"], ["+noedns"], ["+tcp"], ["+bufsize=512", "+dnssec"]):
        result = world.launch("dig", "+tries=1", "+time=5", *flags, "@127.0.0.1", "one.test", "A").ok()
        assert "status: NOERROR" in result.out and "ANSWER: 1" in result.out, result.describe()
        assert "WARN" not in result.out and " tc" not in result.out.split("flags:")[1][:30]
        assert ("OPT PSEUDOSECTION" in result.out) == ("+noedns" not in flags), result.describe()
    future = world.launch("dig", "+tries=1", "+time=5", "+edns=7", "+noednsnegotiation", "@127.0.0.1", "one.test").ok()
    assert "BADVERS" in future.out, future.describe()


def test_a_query_that_is_too_long_is_told_so(world):
    """A client whose query is longer than any real one waits for its timeout."""
    world.site("one.test")
    program = ("import socket\ns=socket.socket(socket.AF_INET,socket.SOCK_DGRAM); s.settimeout(10)\n"
               "s.connect(('127.0.0.1',53)); s.send(b'\\x12\\x34\\x01\\0\\0\\x01'+b'\\0'*3000)\n"
               "print(s.recv(100)[:4].hex())\n")
    out = world.launch("/usr/bin/python3", "-c", program).ok().out.strip()
    assert out.startswith("1234") and out.endswith("1"), out
