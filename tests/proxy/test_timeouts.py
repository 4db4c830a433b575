"""--timeout: what a session sets is what is waited, and nothing ends a stream that moves."""

import time

import pytest

HOST = "secure.test"


def _curl(world, flags, path="/", **keywords):
    return world.launch("curl", "-sSi", "--http1.1", "--suppress-connect-headers", "--max-time", "45",
                        f"https://{HOST}{path}", flags=flags, **keywords)


def test_an_answer_that_does_not_come_is_given_up(world):
    """--timeout head is not heeded."""
    site = world.site(HOST)
    site.routes["/slow"] = lambda request: (time.sleep(20), request.answer("late"))
    result = _curl(world, ["--timeout", "head=1s"], "/slow")
    assert result.out.startswith("HTTP/1.1 504 ") and result.seconds < 15, result.describe()


def test_a_stream_that_moves_outlives_every_timeout(world):
    """A slow stream is cut by a timeout that is shorter than the whole of it."""
    site = world.site(HOST)

    def trickle(request):
        request.send_response(200)
        request.send_header("Transfer-Encoding", "chunked")
        request.end_headers()
        for _ in range(12):
            request.chunk(b"x")
            time.sleep(0.3)
        request.chunk(b"")

    site.routes["/trickle"] = trickle
    flags = [word for name in ("connect", "tls", "head", "upload", "reader", "idle", "pool")
             for word in ("--timeout", f"{name}=2s")]
    result = _curl(world, flags, "/trickle").ok()
    assert result.out.endswith("x" * 12), result.describe()


def test_an_answer_in_which_nothing_moves_is_cut_when_asked(world):
    """--timeout idle is not heeded."""
    site = world.site(HOST)

    def stuck(request):
        request.send_response(200)
        request.send_header("Content-Length", "10")
        request.end_headers()
        request.wfile.write(b"half")
        time.sleep(20)

    site.routes["/stuck"] = stuck
    result = _curl(world, ["--timeout", "idle=1s"], "/stuck")
    assert result.rc == 18 or result.rc == 56, result.describe()
    assert result.seconds < 15 and world.audited(code="idle_timeout")


@pytest.mark.parametrize("wrong", ["total=5s", "connect=5", "connect=none", "idle", "head=1ms"])
def test_a_wrong_timeout_is_refused(world, wrong):
    """A timeout that means nothing is passed over."""
    result = world.launch("true", flags=["--timeout", wrong])
    assert result.rc in (64, 78) and "--timeout" in result.err, result.describe()
