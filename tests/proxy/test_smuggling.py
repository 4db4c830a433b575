"""A message that two parsers could read differently is refused with 400 and audited."""

import json

import pytest

HOST = "strict.test"
_HEAD = f"Host: {HOST}\\r\\n"
_HIDDEN = f"GET /hidden HTTP/1.1\\r\\nHost: {HOST}\\r\\n\\r\\n"

BAD_REQUESTS = {
    "both lengths": f"POST /x HTTP/1.1\\r\\n{_HEAD}Content-Length: 5\\r\\nTransfer-Encoding: chunked"
                    f"\\r\\n\\r\\n0\\r\\n\\r\\n{_HIDDEN}",
    "two lengths": f"POST /x HTTP/1.1\\r\\n{_HEAD}Content-Length: 5\\r\\nContent-Length: 6\\r\\n\\r\\n12345",
    "a list of lengths": f"POST /x HTTP/1.1\\r\\n{_HEAD}Content-Length: 5, 6\\r\\n\\r\\n12345",
    "a signed length": f"POST /x HTTP/1.1\\r\\n{_HEAD}Content-Length: +5\\r\\n\\r\\n12345",
    "a negative length": f"POST /x HTTP/1.1\\r\\n{_HEAD}Content-Length: -1\\r\\n\\r\\n",
    "a hexadecimal length": f"POST /x HTTP/1.1\\r\\n{_HEAD}Content-Length: 0x5\\r\\n\\r\\n12345",
    "a huge length": f"POST /x HTTP/1.1\\r\\n{_HEAD}Content-Length: 99999999999999999999\\r\\n\\r\\n",
    "an unknown coding": f"POST /x HTTP/1.1\\r\\n{_HEAD}Transfer-Encoding: xchunked\\r\\n\\r\\n0\\r\\n\\r\\n",
    "chunked not last": f"POST /x HTTP/1.1\\r\\n{_HEAD}Transfer-Encoding: chunked, gzip\\r\\n\\r\\n0\\r\\n\\r\\n",
    "chunked twice": f"POST /x HTTP/1.1\\r\\n{_HEAD}Transfer-Encoding: chunked\\r\\n"
                     "Transfer-Encoding: chunked\\r\\n\\r\\n0\\r\\n\\r\\n",
    "chunked in HTTP/1.0": f"POST /x HTTP/1.0\\r\\n{_HEAD}Transfer-Encoding: chunked\\r\\n\\r\\n0\\r\\n\\r\\n",
    "a tab before chunked": f"POST /x HTTP/1.1\\r\\n{_HEAD}Transfer-Encoding: \\x0bchunked\\r\\n\\r\\n0\\r\\n\\r\\n",
    "space before colon": f"GET /x HTTP/1.1\\r\\n{_HEAD}Content-Length : 0\\r\\n\\r\\n",
    "a folded line": f"GET /x HTTP/1.1\\r\\n{_HEAD}X-A: 1\\r\\n 2\\r\\n\\r\\n",
    "a bare LF after a line": f"GET /x HTTP/1.1\\n{_HEAD}\\r\\n",
    "a bare LF at the end": f"GET /x HTTP/1.1\\r\\n{_HEAD}\\n",
    "a bare CR in a value": f"GET /x HTTP/1.1\\r\\n{_HEAD}X-A: 1\\rX-B: 2\\r\\n\\r\\n",
    "a NUL in a value": f"GET /x HTTP/1.1\\r\\n{_HEAD}X-A: 1\\x002\\r\\n\\r\\n",
    "a control in a name": f"GET /x HTTP/1.1\\r\\n{_HEAD}X\\x01A: 1\\r\\n\\r\\n",
    "no colon": f"GET /x HTTP/1.1\\r\\n{_HEAD}Nonsense\\r\\n\\r\\n",
    "an empty name": f"GET /x HTTP/1.1\\r\\n{_HEAD}: value\\r\\n\\r\\n",
    "two hosts": f"GET /x HTTP/1.1\\r\\n{_HEAD}{_HEAD}\\r\\n",
    "no host": "GET /x HTTP/1.1\\r\\nX-A: 1\\r\\n\\r\\n",
    "a space in the target": f"GET /x /y HTTP/1.1\\r\\n{_HEAD}\\r\\n",
    "two spaces": f"GET  /x HTTP/1.1\\r\\n{_HEAD}\\r\\n",
    "a version of the future": f"GET /x HTTP/3.7\\r\\n{_HEAD}\\r\\n",
    "a version in lower case": f"GET /x http/1.1\\r\\n{_HEAD}\\r\\n",
    "no version": f"GET /x\\r\\n{_HEAD}\\r\\n",
    "a bad method": f"GE(T /x HTTP/1.1\\r\\n{_HEAD}\\r\\n",
    "a first line that is a header": f" GET /x HTTP/1.1\\r\\n{_HEAD}\\r\\n",
}

# RFC 9112 wants 501 for a coding that is well formed and not understood.
_UNKNOWN = ("an unknown coding", "chunked not last")

_CHUNKED = f"POST /x HTTP/1.1\\r\\n{_HEAD}Transfer-Encoding: chunked\\r\\n\\r\\n"
BAD_CHUNKS = {
    "no hexadecimal size": _CHUNKED + "zz\\r\\nabc\\r\\n0\\r\\n\\r\\n",
    "a signed size": _CHUNKED + "+3\\r\\nabc\\r\\n0\\r\\n\\r\\n",
    "a size with 0x": _CHUNKED + "0x3\\r\\nabc\\r\\n0\\r\\n\\r\\n",
    "a huge size": _CHUNKED + "fffffffffffffffff\\r\\nabc\\r\\n0\\r\\n\\r\\n",
    "a bare LF after the size": _CHUNKED + "3\\nabc\\r\\n0\\r\\n\\r\\n",
    "no CRLF after the data": _CHUNKED + "3\\r\\nabcd\\r\\n0\\r\\n\\r\\n",
    "a bare LF after the data": _CHUNKED + "3\\r\\nabc\\n0\\r\\n\\r\\n",
    "a bad trailer": _CHUNKED + "3\\r\\nabc\\r\\n0\\r\\nX-A : 1\\r\\n\\r\\n",
    "a length as a trailer": _CHUNKED + "3\\r\\nabc\\r\\n0\\r\\nContent-Length: 7\\r\\n\\r\\n",
    "an LF in an extension": _CHUNKED + "3;a\\nb\\r\\nabc\\r\\n0\\r\\n\\r\\n",
}


def _send(world, data: str, port: int = 443, flags=()):
    return world.launch("/usr/bin/python3", world.program("raw_client.py"), HOST, str(port), data,
                        flags=flags).ok()


@pytest.fixture(scope="module", params=["https", "captured https", "captured http"])
def way(request):
    """The way a bad message takes."""
    return request.param


def _all(world, way, messages: dict):
    """Sends each message in one sandbox; gives the answers by name."""
    if way == "captured http":
        site, port = world.site(HOST, tls=False), 80
    else:
        site, port = world.site(HOST), 443
    world.program("raw_client.py")
    world.write("messages.json", json.dumps({name: [port, text] for name, text in messages.items()}))
    flags = [] if way == "https" else ["--env", "HTTPS_PROXY="]
    program = ("import json,subprocess\n"
               "answers={}\n"
               "for name,(port,text) in json.load(open('messages.json')).items():\n"
               f"  run=subprocess.run(['/usr/bin/python3','raw_client.py','{HOST}',str(port),text],"
               "stdout=subprocess.PIPE)\n"
               "  answers[name]=run.stdout.decode('latin-1')\n"
               "print(json.dumps(answers))\n")
    result = world.launch("/usr/bin/python3", "-c", program, flags=flags, timeout=240).ok()
    return site, json.loads(result.out)


def test_ambiguous_heads_are_refused_and_audited(world, way):
    """A request that two parsers could read differently is passed on, or its refusal is not audited."""
    site, answers = _all(world, way, BAD_REQUESTS)
    # What does not begin with a method is no HTTP: a captured connection is ended without a word.
    mute = ("a bad method", "a first line that is a header") if way == "captured http" else ()
    wrong = {name: text[:80] for name, text in answers.items()
             if not text.startswith(("HTTP/1.1 400 ", "HTTP/1.0 400 ")) and not (
                 "version" in name and text.startswith("HTTP/1.1 505")) and not (
                     name in _UNKNOWN and text.startswith("HTTP/1.1 501 "))
             and not (name in mute and text == "")}
    assert wrong == {}
    assert site.seen() == [], [one.target for one in site.seen()]
    records = world.audit()
    refused = [one for one in records if one.get("status") in (400, 501, 505)]
    unknown = [one for one in records if one.get("code") == "protocol_not_supported"]
    assert len(unknown) == len(mute)
    assert len(refused) + len(unknown) >= len(BAD_REQUESTS)


def test_bad_chunks_never_reach_the_site_whole(world, way):
    """A body with a bad chunk is passed on as a complete request."""
    site, answers = _all(world, way, BAD_CHUNKS)
    assert site.seen() == [], [one.target for one in site.seen()]
    wrong = {name: text[:80] for name, text in answers.items() if "HTTP/1.1 200" in text}
    assert wrong == {}
    assert [one for one in world.audit() if one.get("status") == 400]


GOOD = {
    "plain": f"GET /x HTTP/1.1\\r\\n{_HEAD}Connection: close\\r\\n\\r\\n",
    "http/1.0": f"GET /x HTTP/1.0\\r\\n{_HEAD}\\r\\n",
    "odd case": f"GET /x HTTP/1.1\\r\\nHOST:{HOST}\\r\\ncOnnection:close\\r\\n\\r\\n",
    "equal lengths": f"POST /x HTTP/1.1\\r\\n{_HEAD}Connection: close\\r\\nContent-Length: 3\\r\\n\\r\\nabc",
    "an extension": f"POST /x HTTP/1.1\\r\\n{_HEAD}Connection: close\\r\\nTransfer-Encoding: chunked"
                    "\\r\\n\\r\\n3;a=b\\r\\nabc\\r\\n0\\r\\n\\r\\n",
    "chunked in capitals": f"POST /x HTTP/1.1\\r\\n{_HEAD}Connection: close\\r\\nTransfer-Encoding: Chunked"
                           "\\r\\n\\r\\n0003\\r\\nabc\\r\\n00\\r\\n\\r\\n",
    "an empty value": f"GET /x HTTP/1.1\\r\\n{_HEAD}X-A:\\r\\nConnection: close\\r\\n\\r\\n",
    "latin-1 in a value": f"GET /x HTTP/1.1\\r\\n{_HEAD}X-A: \\xe4\\r\\nConnection: close\\r\\n\\r\\n",
    "absolute form": f"GET https://{HOST}/x HTTP/1.1\\r\\n{_HEAD}Connection: close\\r\\n\\r\\n",
    "options": f"OPTIONS * HTTP/1.1\\r\\n{_HEAD}Connection: close\\r\\n\\r\\n",
    "an odd method": f"PROPFIND /x HTTP/1.1\\r\\n{_HEAD}Connection: close\\r\\n\\r\\n",
}


def test_unusual_but_clear_messages_pass(world):
    """A message that is only unusual is refused: the strictness breaks clients."""
    _, answers = _all(world, "https", GOOD)
    wrong = {name: text[:120] for name, text in answers.items() if " 200 " not in text[:40]}
    assert wrong == {}


def test_pipelined_requests_are_answered_in_order(world):
    """Pipelined requests are lost or answered out of order."""
    world.site(HOST)
    one = f"POST /echo HTTP/1.1\\r\\n{_HEAD}Content-Length: 1\\r\\n\\r\\n"
    last = f"GET /x HTTP/1.1\\r\\n{_HEAD}Connection: close\\r\\n\\r\\n"
    text = _send(world, "".join(one + digit for digit in "123456") + last).out
    assert [text.find(f"\r\n\r\n{digit}") >= 0 for digit in "123456"] == [True] * 6
    assert text.endswith(f"hello from {HOST}\n")


def test_a_head_without_end_is_bounded(world):
    """A header section of megabytes is buffered instead of refused."""
    site = world.site(HOST)
    program = ("import connection\n"
               f"c=connection.secure('{HOST}',443)\n"
               "try:\n"
               f"  c.sendall(b'GET /x HTTP/1.1\\r\\nHost: {HOST}\\r\\n')\n"
               "  for n in range(4000): c.sendall(b'X-%d: ' % n + b'v'*1000 + b'\\r\\n')\n"
               "except OSError: pass\n"
               "try: print(c.recv(100).decode())\n"
               "except OSError as e: print(type(e).__name__)\n")
    world.program("connection.py")
    result = world.launch("/usr/bin/python3", "-c", program, timeout=60).ok()
    assert site.seen() == []
    assert any(word in result.out for word in ("400", "431", "Reset", "Broken")), result.describe()


BAD_ANSWERS = {
    "both lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
    "a folded line": b"HTTP/1.1 200 OK\r\nX-A: 1\r\n 2\r\nContent-Length: 0\r\n\r\n",
    "space before colon": b"HTTP/1.1 200 OK\r\nContent-Length : 3\r\n\r\nabc",
    "garbage": b"\x00\x01\x02 this is not HTTP\r\n\r\n",
    "a bad status": b"HTTP/1.1 2x0 OK\r\nContent-Length: 0\r\n\r\n",
}


@pytest.mark.parametrize("name", BAD_ANSWERS)
def test_ambiguous_answers_are_refused(world, name):
    """An answer that two parsers could read differently reaches the client."""

    def script(connection):
        connection.recv(65536)
        connection.sendall(BAD_ANSWERS[name])
        connection.recv(65536)

    world.raw_site(HOST, script)
    result = world.launch("curl", "-sSi", "--http1.1", "--suppress-connect-headers", "--max-time", "30",
                          f"https://{HOST}/")
    assert result.out.startswith("HTTP/1.1 502 "), result.describe()
    assert "aileron-hint" in result.out.lower()
