"""An upstream that stalls, resets, sends garbage or lies: a clear error for the client, no hang."""

import os
import socket
import struct
import threading
import time

import pytest

from lib import process

HOST = "faulty.test"


def _curl(world, *flags, timeout=90, path="/"):
    return world.launch("curl", "-sSi", "--http1.1", "--suppress-connect-headers", "--max-time", str(timeout - 10), *flags,
                        f"https://{HOST}{path}", timeout=timeout)


def _reset(connection):
    """Ends a connection by RST."""
    raw = connection
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    os.close(raw.detach())


def _read_request(connection):
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65536)
        if not piece:
            raise EOFError
        data += piece
    return data


def test_nobody_listens(world):
    """A refused connection is not told as 502 with the reason."""
    site = world.site(HOST)
    site.close()
    result = _curl(world).ok()
    assert result.out.startswith("HTTP/1.1 502 ") and HOST in result.out, result.describe()
    assert "refused" in result.out.lower()


@pytest.mark.parametrize("when", ["at once", "after the request"])
def test_a_reset_is_told(world, when):
    """A site that resets the connection is not told as 502."""

    def script(connection):
        if when != "at once":
            _read_request(connection)
        _reset(connection)

    world.raw_site(HOST, script, tls=when != "at once")
    if when == "at once":
        result = _curl(world).ok()
    else:
        result = _curl(world).ok()
    assert result.out.startswith("HTTP/1.1 502 "), result.describe()


def test_a_site_that_closes_without_an_answer_is_told(world):
    """A site that closes without a word is not told as 502."""
    world.raw_site(HOST, _read_request)
    result = _curl(world).ok()
    assert result.out.startswith("HTTP/1.1 502 "), result.describe()


def test_a_site_that_is_no_tls_server_is_told(world):
    """Garbage instead of a TLS handshake is not told as 502."""

    def script(connection):
        connection.recv(1000)
        connection.sendall(b"220 mail.test ESMTP\r\n" * 20)

    world.raw_site(HOST, script, tls=False)
    result = _curl(world).ok()
    assert result.out.startswith("HTTP/1.1 502 ") and "tls" in result.out.lower(), result.describe()


@pytest.mark.parametrize("garbage", [b"\x00" * 5000, b"SSH-2.0-x\r\n\r\n", b"HTTP/9.9 200 OK\r\n\r\n",
                                     b"HTTP/1.1 200\x00OK\r\n\r\n", b"A" * 2_000_000],
                         ids=["zeros", "ssh", "version", "control byte", "endless"])
def test_garbage_instead_of_an_answer_is_told(world, garbage):
    """Bytes that are no HTTP reach the client."""

    def script(connection):
        _read_request(connection)
        connection.sendall(garbage)
        connection.recv(1)

    world.raw_site(HOST, script)
    result = _curl(world).ok()
    assert result.out.startswith("HTTP/1.1 502 "), result.describe()


def test_an_answer_cut_in_the_middle_is_an_error(world):
    """A reset within the body looks like the end of it."""

    def script(connection):
        _read_request(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + b"x" * 50000)
        time.sleep(0.2)
        _reset(connection)

    world.raw_site(HOST, script)
    result = _curl(world)
    assert result.rc in (18, 56), result.describe()


@pytest.mark.slow
def test_a_handshake_that_stalls_ends(world):
    """A site that accepts and says nothing makes the client wait for ever."""
    done = threading.Event()
    world.raw_site(HOST, lambda connection: done.wait(120), tls=False)
    begin = time.monotonic()
    result = _curl(world, timeout=100)
    done.set()
    assert result.out.startswith(("HTTP/1.1 504 ", "HTTP/1.1 502 ")), result.describe()
    assert time.monotonic() - begin < 90


def test_a_slow_answer_is_waited_for(world):
    """A site that needs some seconds is given up, or holds up other requests."""
    site = world.site(HOST)
    site.routes["/slow"] = lambda request: (time.sleep(6), request.answer("at last\n"))
    script = (f"curl --http1.1 -sS https://{HOST}/slow & curl -sS -w '%{{time_total}}\\n' -o /dev/null "
              f"https://{HOST}/fast; wait")
    result = world.shell(script).ok()
    assert "at last" in result.out and float(result.out.split()[0]) < 4


def test_a_client_that_leaves_frees_the_upstream(world):
    """After the client has gone, the worker goes on reading from the site."""
    gone = threading.Event()

    def script(connection):
        _read_request(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n")
        try:
            while True:
                connection.sendall(b"x" * 65536)
                time.sleep(0.01)
        except OSError:
            gone.set()

    world.raw_site(HOST, script)
    child = world.launch_start("sh", "-c", f"timeout 1 curl --http1.1 -sS -o /dev/null https://{HOST}/; sleep 60")
    assert gone.wait(process.PATIENCE), "the upstream is still read"
    child.terminate()
    child.wait(process.PATIENCE)


def test_an_idle_connection_that_the_site_closed_is_not_a_failure(world):
    """A kept-alive connection that the site closed meanwhile fails the next request."""
    site = world.site(HOST)

    def then_close(request):
        request.answer("closing soon\n")
        threading.Timer(0.05, lambda: _shut(request.connection)).start()

    site.routes["/close"] = then_close
    script = f"for i in 1 2 3 4 5 6; do curl --http1.1 -sS https://{HOST}/close; sleep 0.3; done"
    result = world.shell(script).ok()
    assert result.out == "closing soon\n" * 6, result.describe()


def _shut(connection):
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass


def test_a_request_with_a_body_is_never_sent_twice(world):
    """A POST is repeated by the proxy after the connection broke."""
    site = world.site(HOST)
    posts = []

    def break_off(request):
        posts.append(request.body)
        _shut(request.connection)

    site.routes["/post"] = break_off
    world.launch("curl", "--http1.1", "-sS", f"https://{HOST}/warm").ok()
    result = world.launch("curl", "-sSi", "--http1.1", "--suppress-connect-headers", "-d", "once", f"https://{HOST}/post").ok()
    assert result.out.startswith("HTTP/1.1 502 ") and posts == [b"once"], result.describe()


def test_failures_are_audited(world):
    """An upstream's failure is not in the audit log."""
    site = world.site(HOST)
    site.close()
    _curl(world, path="/failed").ok()
    record = world.audited(path="/failed")[-1]
    assert record["status"] == 502 and record["host"] == HOST
    assert world.json("audit", "verify")["ok"]
