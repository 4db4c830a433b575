"""Sites that fail an operation: it is made once, nothing follows them elsewhere, and the tool says what happened."""

import json
import socket

import pytest

from lib import process
from lib.inside import Inside
from lib.things import Things


@pytest.fixture
def one(ordinary):
    """The things' site, and one sandbox."""
    ordinary.things = Things(ordinary)
    ordinary.inside = Inside(ordinary)
    yield ordinary
    ordinary.inside.end()


def _close(request) -> None:
    request.connection.shutdown(socket.SHUT_RDWR)
    request.close_connection = True


def _half(request) -> None:
    request.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 100\r\n\r\nabc")
    _close(request)


def _garbage(request) -> None:
    request.wfile.write(b"\x00\x01 no answer\r\n\r\n")
    _close(request)


@pytest.mark.parametrize("fault", [_close, _half, _garbage])
def test_what_a_site_may_have_done_is_not_sent_again(one, fault):
    """An operation is sent again after its site went away without a whole answer, or seems to have been done."""
    for path, operation in (("/make", "keep"), ("/look", "look")):
        one.things.site.routes[path] = fault
        result = one.inside.run(f"thing {operation} --name x")
        assert result.rc == 1 and result.err.startswith(f"thing: {operation}: "), result.describe()
        assert len([seen for seen in one.things.site.seen() if seen.target.startswith(path)]) == 1


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_no_redirect_is_followed(one, status):
    """A site leads an operation, or its body, to another host."""
    other = one.site("other.test")
    for path, operation in (("/make", "keep"), ("/look", "look")):
        one.things.site.routes[path] = lambda request: request.answer("", status, [("Location", "https://other.test/")])
        run = json.loads(one.inside.run(f"thing {operation} --name x --json").out)
        assert run["outcome"]["status"] == status, run
    assert other.seen() == []
    assert one.inside.run("curl -sS https://other.test/").ok().out, "the canary: it could be reached"


def test_an_answer_that_is_too_large_is_told(one):
    """An answer over the bound is cut in silence, or brings the daemon down."""
    before = one.daemon_pid()
    for size, fits in ((1 << 20, True), ((1 << 20) + 1, False), (32 << 20, False)):
        one.things.site.routes["/look"] = lambda request, size=size: request.answer(b"x" * size)
        result = one.inside.run("thing look --name x")
        assert (result.rc, len(result.stdout.rstrip(b"\n"))) == ((0, size) if fits else (1, 0)), (size, result.err)
        assert fits or "1048576 bytes" in result.err
    assert one.daemon_pid() == before


def test_an_empty_answer_is_one(one):
    """An answer without a body is taken for none."""
    def nothing(request):
        request.send_response(204)
        request.end_headers()

    one.things.site.routes["/make"] = nothing
    result = one.inside.run("thing keep --name x").ok()
    assert (result.out, result.err) == ("", "")


def test_a_site_that_gave_no_answer_is_not_quoted(one):
    """What the data plane says of a site is told as the site's own words, with a status that it never sent."""
    one.things.site.routes["/make"] = _close
    run = json.loads(one.inside.run("thing keep --name x --json").out)
    assert run["state"] == "failed" and run["outcome"]["status"] == 0 and run["outcome"]["message"], run


def test_a_redirect_is_told(one):
    """A tool ends well and prints nothing when its site has moved."""
    one.things.site.routes["/look"] = lambda request: request.answer("", 301, [("Location", "https://thing.test/new")])
    result = one.inside.run("thing look --name x")
    assert result.rc == 1 and "301" in result.err, result.describe()


def test_a_call_is_waited_for_as_long_as_it_says(one):
    """An operation that nobody is asked about is waited for without end, whatever `wait_s` or --timeout says."""
    one.things.hold(Things.LOOKED)
    call = {"tool": "thing", "operation": "look", "arguments": {"name": "x"}, "key": "K", "wait_s": 1}
    api = one.inside.begin("POST", "/runs", call)
    tool = one.inside.start("thing look --name y --timeout 1s")
    one.things.reached(Things.LOOKED)
    try:
        process.eventually(lambda: one.inside.done(tool) and one.inside.done(api[2]), "both are told that it runs", 15)
        assert one.inside.answer(api).ok(202)["state"] == "running"
        result = one.inside.finish(tool)
        assert result.rc == 75 and "daemon" not in result.err, result.describe()
    finally:
        one.things.let_go(Things.LOOKED)
