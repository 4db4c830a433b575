"""Everything streams: bodies, events, frames, in both directions and without delay."""

import json
import os
import subprocess
import time

import pytest

from lib import process

HOST = "stream.test"


@pytest.fixture
def site(world):
    """A site that launches of `world` may reach."""
    return world.site(HOST)


@pytest.mark.parametrize("how", ["proxy", "captured"])
def test_server_sent_events_arrive_at_once(world, site, how):
    """A server-sent event is held back for 100 ms or more."""
    program = world.program("events_client.py")
    flags = ["--env", "HTTPS_PROXY=", "--env", "https_proxy="] if how == "captured" else []
    result = world.launch("/usr/bin/python3", program, f"https://{HOST}/events?n=300&gap=10",
                          flags=flags).ok()
    delays = sorted(json.loads(result.out))
    assert len(delays) == 300
    late = [delay for delay in delays if delay >= 0.1]
    told = f"median {delays[150] * 1000:.2f} ms, worst {delays[-1] * 1000:.2f} ms, late {len(late)}"
    # A busy machine makes some events wait for a time slice. A buffer of any kind holds back far more:
    # one that waits for two events already every second one, for 10 ms; by time, all of a stretch.
    assert len(late) <= 300 // 50 and delays[150] < 0.01, told


def test_canary_a_site_that_holds_events_back_is_seen(world, site):
    """The measurement cannot see events that are held back."""
    def held(request):
        request.send_response(200)
        request.send_header("Transfer-Encoding", "chunked")
        request.end_headers()
        for _ in range(10):
            sent = [time.clock_gettime(time.CLOCK_MONOTONIC) for _ in range(5)]
            time.sleep(0.12)
            request.chunk(b"".join(b"data: %.6f\n\n" % one for one in sent))
        request.wfile.write(b"0\r\n\r\n")

    site.routes["/held"] = held
    result = world.launch("/usr/bin/python3", world.program("events_client.py"), f"https://{HOST}/held").ok()
    assert all(delay >= 0.1 for delay in json.loads(result.out))


@pytest.mark.parametrize("how", ["proxy", "captured"])
def test_websocket_echo(world, site, how):
    """A WebSocket frame of any size is lost or changed."""
    program = world.program("websocket_client.py")
    flags = ["--env", "HTTPS_PROXY=", "--env", "https_proxy="] if how == "captured" else []
    result = world.launch("/usr/bin/python3", program, HOST, "443", flags=flags).ok()
    assert result.out == "all frames came back\n"


def test_a_refused_upgrade_is_an_answer(world, site):
    """A WebSocket request that the site refuses is not told as the site told it."""
    result = world.launch("curl", "--http1.1", "-sS", "-o", "/dev/null", "-w", "%{http_code}",
                          f"https://{HOST}/ws").ok()
    assert result.out == "426"


def test_an_upload_starts_before_it_is_complete(world, site):
    """A chunked upload is buffered until its end."""
    got = []

    def drip(request):
        for piece in request.pieces():
            got.append(piece)
            if len(got) == 1:
                with open(os.path.join(world.workspace, "go-on"), "w", encoding="ascii"):
                    pass
        request.answer("done\n")

    site.routes["/sink"] = drip
    script = ("(echo first; while ! [ -e go-on ]; do sleep 0.02; done; echo second) | "
              f"curl --http1.1 -sS -T - https://{HOST}/sink")
    assert world.shell(script, timeout=30).ok().out == "done\n"


def test_a_download_arrives_before_it_is_complete(world, site):
    """A download is buffered until its end."""

    def half(request):
        request.send_response(200)
        request.send_header("Content-Length", "12")
        request.end_headers()
        request.wfile.write(b"first\n")
        process.eventually(lambda: os.path.exists(os.path.join(world.workspace, "seen")), "the first "
                           "half is seen before the second is sent", 20)
        request.wfile.write(b"second")

    site.routes["/half"] = half
    script = f"curl --http1.1 -sSN https://{HOST}/half | (read line; echo $line; touch seen; cat)"
    assert world.shell(script, timeout=40).ok().out == "first\nsecond"


def test_expect_continue(world, site):
    """Expect: 100-continue makes the client wait for its timeout."""
    result = world.shell(f"head -c 3000000 /dev/zero > /tmp/body; curl --http1.1 -sS --expect100-timeout 20 "
                         f"-H 'Expect: 100-continue' --data-binary @/tmp/body "
                         f"-w '%{{time_total}}' -o /dev/null https://{HOST}/echo").ok()
    assert float(result.out) < 15


def test_expect_continue_refused_by_the_site(world, site):
    """A site that answers 413 instead of 100 is not heard."""
    result = world.shell(f"head -c 50000000 /dev/zero | curl --http1.1 -sS -T - -H 'Expect: 100-continue' "
                         f"--expect100-timeout 20 -o /dev/null -w '%{{http_code}}' "
                         f"https://{HOST}/early", timeout=40)
    assert result.out == "413", result.describe()


def test_trailers_pass(world, site):
    """A trailer is dropped, from the site or from the client."""
    result = world.launch("/usr/bin/python3", world.program("raw_client.py"), HOST, "443",
                          "GET /trailers HTTP/1.1\\r\\nHost: stream.test\\r\\nTE: trailers\\r\\n"
                          "Connection: close\\r\\n\\r\\n").ok()
    assert "x-checksum: 42" in result.out.lower(), result.describe()
    result = world.launch("/usr/bin/python3", world.program("raw_client.py"), HOST, "443",
                          "POST /sink HTTP/1.1\\r\\nHost: stream.test\\r\\n"
                          "Transfer-Encoding: chunked\\r\\nTrailer: X-Sum\\r\\n"
                          "Connection: close\\r\\n\\r\\n3\\r\\nabc\\r\\n0\\r\\nX-Sum: 7\\r\\n\\r\\n").ok()
    assert '"bytes": 3' in result.out and "X-Sum: 7" in result.out, result.describe()


def test_head_has_no_body_and_keeps_the_length(world, site):
    """HEAD hangs, or loses the length."""
    result = world.launch("curl", "-sSI", "--http1.1", "--suppress-connect-headers", f"https://{HOST}/bytes?n=123456",
                          f"https://{HOST}/", timeout=20).ok()
    assert "content-length: 123456" in result.out.lower()
    assert result.out.count("HTTP/1.1 200") == 2


def test_early_hints_pass_or_are_dropped_whole(world, site):
    """A 103 answer is mistaken for the final one."""
    result = world.launch("curl", "--http1.1", "-sS", f"https://{HOST}/hints", f"https://{HOST}/").ok()
    assert result.out == f"after the hints\nhello from {HOST}\n"


@pytest.mark.parametrize("path,body", [("/nothing", ""), ("/status?code=304", ""),
                                       ("/until-close", "until the end\n" * 1000)])
def test_bodies_without_a_length(world, site, path, body):
    """An answer without a body or without a length is cut or waited for."""
    result = world.launch("curl", "--http1.1", "-sS", f"https://{HOST}{path}", timeout=30).ok()
    assert result.out == body
    assert world.launch("curl", "--http1.1", "-sS", f"https://{HOST}/", timeout=20).rc == 0


def test_a_body_that_ends_early_is_an_error_for_the_client(world, site):
    """An answer that the site cut short looks complete to the client."""

    def short(request):
        request.send_response(200)
        request.send_header("Content-Length", "1000")
        request.end_headers()
        request.wfile.write(b"only this")
        request.close_connection = True

    def short_chunked(request):
        request.send_response(200)
        request.send_header("Transfer-Encoding", "chunked")
        request.end_headers()
        request.chunk(b"only this")
        request.close_connection = True

    site.routes.update({"/short": short, "/chunked": short_chunked})
    for path in ("/short", "/chunked"):
        result = world.launch("curl", "--http1.1", "-sS", f"https://{HOST}{path}", timeout=30)
        assert result.rc in (18, 56), result.describe()


def test_status_reasons_headers_and_their_order_pass(world, site):
    """A header of the answer is dropped, merged or renamed."""

    def many(request):
        request.send_response(299, "Quite Fine")
        for name, value in [("Set-Cookie", "a=1"), ("X-First", "1"), ("Set-Cookie", "b=2"),
                            ("X-Empty", ""), ("X-Long", "v" * 6000)]:
            request.send_header(name, value)
        request.send_header("Content-Length", "0")
        request.end_headers()

    site.routes["/many"] = many
    text = world.launch("curl", "-sSi", "--http1.1", "--suppress-connect-headers",
                        f"https://{HOST}/many").ok().out
    assert "299 Quite Fine" in text
    wanted = ["Set-Cookie: a=1", "X-First: 1", "Set-Cookie: b=2", "X-Empty:", "X-Long: " + "v" * 6000]
    places = [text.find(line) for line in wanted]
    assert -1 not in places and places == sorted(places)


def test_the_clients_headers_pass_and_hop_by_hop_ones_do_not(world, site):
    """A header of the request is lost, or one meant for the proxy reaches the site."""
    world.launch("curl", "--http1.1", "-sS", "-H", "X-One: 1", "-H", "Cookie: a=b; c=d", "-H", "Accept-Encoding: gzip",
                 "-H", "Connection: close, X-Drop", "-H", "X-Drop: 1", "-H", "Proxy-Authorization: x",
                 f"https://{HOST}/headers").ok()
    headers = {name.lower(): value for name, value in site.seen("/headers")[0].headers}
    assert headers["x-one"] == "1" and headers["cookie"] == "a=b; c=d"
    assert headers["accept-encoding"] == "gzip" and headers["host"] == HOST
    assert "x-drop" not in headers and "proxy-authorization" not in headers
    assert "proxy-connection" not in headers and not [name for name in headers if "aileron" in name]
    assert "via" not in headers and "x-forwarded-for" not in headers


def test_targets_pass_unchanged(world, site):
    """The path or query of a request is normalised on its way."""
    odd = "/headers?a=%2F%2f&b=..%2f&c=%00&d=+&e='\"|%7E&f[]=1"
    world.launch("curl", "--http1.1", "-sS", "--globoff", "--path-as-is", f"https://{HOST}{odd}").ok()
    assert site.seen()[0].target == odd.replace(" ", "%20")


def test_a_slow_reader_holds_the_sender_back(world, site):
    """A reader that stops makes the worker buffer the whole body."""
    child = world.launch_start(
        "sh", "-c", f"curl --http1.1 -sSN 'https://{HOST}/bytes?n=400000000' | "
        "(head -c 65536 >/dev/null; echo paused; sleep 3; wc -c); read line",
        stdin=subprocess.PIPE)
    assert child.stdout.readline() == b"paused\n"
    worker = world.worker_pids()[0]
    assert int(child.stdout.readline()) > 390_000_000
    peak = int(process.status(worker)["VmHWM"].split()[0])
    assert peak < 32 * 1024, f"{peak} KiB"
