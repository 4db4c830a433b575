"""HTTP/2 on both sides: per-stream verdicts and credentials, bridges, bodies, trailers."""

import json
import time

import pytest
from lib import http2, process

HOST = "site.test"


@pytest.fixture
def modern(world):
    """A site that speaks HTTP/2."""
    site = http2.Http2Site(HOST)
    world.attach(site, (HOST,), 443)
    return site


def _curl(world, *arguments, flags=(), **keywords):
    return world.launch("curl", "-sS", "--http2", "--suppress-connect-headers", *arguments, flags=flags, **keywords)


def test_http2_reaches_http2(world, modern):
    """A client of HTTP/2 is not served in HTTP/2, or the site is spoken to in another version."""
    result = _curl(world, "-w", "%{http_version}", f"https://{HOST}/").ok()
    assert result.out == "hello by HTTP/2 \n2"
    assert modern.requests[0].headers[":authority"] == HOST
    assert modern.requests[0].headers[":scheme"] == "https"
    record, = world.audited(kind="request", path="/")
    assert (record["host"], record["status"], record["method"]) == (HOST, 200, "GET")


def test_http2_to_a_site_of_http1(world):
    """A client of HTTP/2 does not reach a site that knows HTTP/1.1 alone."""
    site = world.site(HOST)
    result = _curl(world, "-w", "%{http_version}", f"https://{HOST}/").ok()
    assert result.out == f"hello from {HOST}\n2"
    assert len(site.seen("/")) == 1


def test_captured_http2(world, modern):
    """A client of HTTP/2 that knows of no proxy is not captured."""
    result = _curl(world, "--noproxy", "*", "-w", "%{http_version}", f"https://{HOST}/").ok()
    assert result.out == "hello by HTTP/2 \n2"


def test_http2_without_tls_by_prior_knowledge(world):
    """A client that begins with the preface of HTTP/2 on a plain port is not served."""
    site = http2.Http2Site("plain.test", tls=False)
    world.attach(site, ("plain.test",), 80, trusted=False)
    result = world.launch("curl", "-sS", "--http2-prior-knowledge", "--noproxy", "*", "-w",
                          "%{http_version}", "http://plain.test/").ok()
    assert result.out == "hello by HTTP/2 \n2"
    assert site.requests[0].headers[":scheme"] == "http"


def test_requests_of_one_connection_share_one_upstream_connection(world, modern):
    """Twenty requests at once open more than one connection to the site."""
    urls = [f"https://{HOST}/{number}" for number in range(20)]
    _curl(world, "--parallel", "--parallel-max", "20", "-o", "/dev/null", *urls,
          *sum((["-o", "/dev/null"] for _ in urls[1:]), [])).ok()
    assert len(modern.requests) == 20
    assert {one.connection for one in modern.requests} == {1}


def test_a_credential_is_injected_into_each_stream(world, modern):
    """A bound host sees the client's own token, or none, in a request of HTTP/2."""
    world.unlock()
    world.secret("token/site", "s3cret-of-the-vault")
    world.bind({"name": "site", "host": HOST, "scheme": "bearer", "credential": "token/site"})
    result = _curl(world, "-H", "Authorization: Bearer mine", f"https://{HOST}/a",
                   f"https://{HOST}/b").ok()
    seen = [one.headers.get("authorization") for one in modern.requests]
    assert seen == ["Bearer s3cret-of-the-vault"] * 2, result.describe()


def test_a_refusal_is_told_in_http2(world):
    """A host that nobody allowed is refused without reason and hint in HTTP/2."""
    world.flags.append("--unattended")
    result = _curl(world, "-i", "https://nobody.test/").ok()
    assert result.out.startswith("HTTP/2 403"), result.describe()
    assert "aileron-hint:" in result.out and "--allow nobody.test" in result.out


def test_another_authority_on_the_connection_is_refused(world, modern):
    """A stream for another host goes out on the connection of an allowed one."""
    result = _curl(world, "-i", "-H", "Host: other.test", f"https://{HOST}/").ok()
    assert result.out.startswith("HTTP/2 400"), result.describe()
    assert "authority_mismatch" in result.out
    assert not modern.requests


def test_bodies_go_both_ways(world, modern):
    """A body of some MiB is cut, changed or held on its way through HTTP/2."""
    modern.keep_bodies = False
    sizes = []

    @modern.route("/echo")
    def echo(exchange):
        exchange.head()
        size = 0
        while (part := exchange.part()) is not None:
            size += len(part)
            exchange.data(part)
        sizes.append(size)
        exchange.data(b"", end=True)

    world.write("body", bytes(range(256)) * (32 * 1024))
    result = world.shell(f"curl -sS --http2 -T body https://{HOST}/echo | cmp - body && echo same",
                         timeout=120).ok()
    assert result.out == "same\n"
    assert sizes == [8 * 1024 * 1024]


def test_a_download_to_a_slow_reader_is_held_back(world, modern):
    """The worker buffers what a slow client of HTTP/2 does not take."""
    sent = []

    @modern.route("/endless")
    def endless(exchange):
        exchange.head()
        for _ in range(64):
            exchange.data(bytes(1024 * 1024))
            sent.append(1)

    world.shell(f"curl -sS --http2 --limit-rate 100K --max-time 3 https://{HOST}/endless"
                " > /dev/null; true").ok()
    assert len(sent) < 16, "the site could send far more than the client took"


def test_interim_responses_and_early_hints_pass(world, modern):
    """103 Early Hints does not arrive before the response."""
    @modern.route("/hints")
    def hints(exchange):
        exchange.whole()
        exchange.head(("link", "</a.css>; rel=preload"), status=103)
        exchange.head(("content-length", "2"))
        exchange.data(b"ok", end=True)

    result = _curl(world, "-i", f"https://{HOST}/hints").ok()
    assert result.out.startswith("HTTP/2 103"), result.describe()
    assert "link: </a.css>; rel=preload" in result.out and result.out.endswith("ok")


@pytest.mark.parametrize("flags", [[], ["-I"], ["-X", "DELETE"], ["-d", ""], ["-d", "x=1"]],
                         ids=["get", "head", "delete", "empty-post", "post"])
def test_methods_and_empty_bodies(world, modern, flags):
    """A method or an empty body is not passed on as it is."""
    @modern.route("/any")
    def any_method(exchange):
        seen = exchange.whole()
        exchange.head(("x-method", seen.headers[":method"]), ("x-size", str(len(seen.body))),
                      end=True)

    result = _curl(world, "-i", *flags, f"https://{HOST}/any").ok()
    method = {"-I": "HEAD", "-X": "DELETE", "-d": "POST"}.get(flags[0] if flags else "", "GET")
    assert f"x-method: {method}" in result.out.lower().replace(method.lower(), method)
    assert f"x-size: {3 if 'x=1' in flags else 0}" in result.out


def test_a_stream_that_the_site_resets_is_cut(world, modern):
    """A response that breaks off is passed on as if it were whole."""
    @modern.route("/broken")
    def broken(exchange):
        exchange.whole()
        exchange.head()
        exchange.data(b"half")
        time.sleep(0.3)  # curl drops what comes together with a reset
        exchange.reset(2)

    result = _curl(world, f"https://{HOST}/broken", f"https://{HOST}/")
    assert "not closed cleanly" in result.err and "half" in result.out
    assert "hello by HTTP/2" in result.out, "the other stream was cut too"
    record, = world.audited(path="/broken")
    assert record["code"] == "upstream_truncated"


def test_a_client_that_goes_ends_the_stream_at_the_site(world, modern):
    """The site works on for a client that has left."""
    @modern.route("/slow")
    def slow(exchange):
        exchange.head()
        exchange.data(b"first")

    world.launch("curl", "-sS", "--http2", "--max-time", "1", f"https://{HOST}/slow")
    seen, = modern.seen("/slow")
    process.eventually(lambda: seen.reset is not None, "the stream was reset")


def test_h2load_gets_every_answer(world, modern):
    """One of many requests on many streams fails."""
    result = world.launch("h2load", "-n", "400", "-c", "4", "-m", "10", f"https://{HOST}/load",
                          timeout=120).ok()
    assert "400 succeeded, 0 failed, 0 errored" in result.out, result.describe()
    assert len(modern.seen("/load")) == 400


def test_node_speaks_http2(world, modern):
    """node's http2 client does not get its answer."""
    script = """
const http2 = require('http2');
const session = http2.connect('https://site.test', {ca: require('fs').readFileSync(
  process.env.NODE_EXTRA_CA_CERTS)});
const stream = session.request({':path': '/node', 'x-a': '1'});
let body = '';
stream.on('response', head => { body += head[':status'] + ' '; });
stream.on('data', data => { body += data; });
stream.on('end', () => { console.log(JSON.stringify(body)); session.close(); });
stream.end();
"""
    result = world.launch("node", "-e", script).ok()
    assert json.loads(result.out) == "200 hello by HTTP/2 \n"
    assert modern.seen("/node")[0].headers["x-a"] == "1"


def test_websocket_over_http2_reaches_a_site_of_http1(world):
    """An extended CONNECT does not become the handshake that a site of HTTP/1.1 knows."""
    world.site(HOST)
    result = world.launch("/usr/bin/python3", world.program("h2_websocket_client.py"), HOST,
                          timeout=60).ok()
    assert result.out == "echoed\n"
    world.audited(kind="upgrade", path="/ws")


def test_a_client_of_http1_reaches_a_site_that_knows_http2_alone(world):
    """A site that refuses HTTP/1.1 in TLS is out of reach for wget."""
    site = http2.StrictSite(HOST)
    world.attach(site, (HOST,), 443)
    script = f"wget -nv -O- https://{HOST}/one && wget -nv -O- https://{HOST}/two"
    assert world.shell(script).ok().out == "hello by HTTP/2 \n" * 2
    assert [one.path for one in site.requests] == ["/one", "/two"]


def test_requests_of_a_client_that_vanishes_leave_their_record(world, modern):
    """What was in work when a connection of HTTP/2 broke is not recorded."""
    @modern.route("/never")
    def never(exchange):
        exchange.whole()

    world.launch("curl", "-sS", "--http2", "--max-time", "1", f"https://{HOST}/never")
    record, = world.audited(kind="request", path="/never")
    assert record["code"] == "client_gone"


def test_unread_answers_do_not_hold_up_the_others(world, modern):
    """Downloads that nobody reads stop every other response of their site."""
    @modern.route("/endless")
    def endless(exchange):
        exchange.head()
        for _ in range(8):
            exchange.data(bytes(1024 * 1024))

    script = (f"for i in 1 2 3 4 5 6 7 8; do curl -sS --http2 --limit-rate 1K https://{HOST}/endless"
              " >/dev/null & done; sleep 2;"
              f" curl -sS --http2 --max-time 20 https://{HOST}/; kill $(jobs -p)")
    result = world.shell(script, timeout=60)
    assert "hello by HTTP/2" in result.out, result.describe()


def test_websocket_to_a_site_that_knows_http2_alone(world):
    """A WebSocket, of a client of HTTP/1.1 or of HTTP/2, does not reach a site of HTTP/2 (RFC 8441)."""
    site = http2.WebSocketSite(HOST)
    world.attach(site, (HOST,), 443)
    program = world.program("websockets_client.py")
    result = world.launch("/usr/bin/python3", program, HOST, flags=["--env", "WS_TOKEN=unused"],
                          data=b'"hello"\n{"hex": "00ff"}\n"gr\\u00f6\\u00dfe"\n').ok()
    assert [json.loads(line) for line in result.out.splitlines()] == ["hello", {"hex": "00ff"}, "größe"]
    assert site.messages == ["hello", b"\x00\xff", "größe"] and site.extensions == [["permessage-deflate"]]
    result = world.launch("/usr/bin/python3", world.program("h2_websocket_client.py"), HOST, timeout=60).ok()
    assert result.out == "echoed\n" and len(site.messages) == 6
    assert len(world.audit(kind="upgrade", path="/ws")) == 2


def test_a_site_of_http2_without_websocket_is_told(world):
    """A handshake for a site of HTTP/2 that takes no WebSocket is sent as something else, or hangs."""
    site = http2.StrictSite(HOST)
    world.attach(site, (HOST,), 443)
    result = world.launch("curl", "-sSi", "--http1.1", "--suppress-connect-headers", "--max-time", "20", "-H",
                          "Connection: Upgrade", "-H", "Upgrade: websocket", "-H", "Sec-WebSocket-Version: 13", "-H",
                          "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", f"https://{HOST}/ws")
    assert result.out.startswith("HTTP/1.1 502 ") and not site.seen("/ws"), result.describe()
