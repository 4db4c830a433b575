"""Look-alikes in the text messages of WebSockets, by the client and the server of python3-websockets."""

import json
import subprocess

import pytest

from lib import websocket

HOST = "ws.test"
SECRET = "real-secret-71f0c2a95e"


class Place:
    """A world, a site of WebSockets, and a binding for it."""

    def __init__(self, world):
        self.world = world
        self.site = websocket.EchoSite(HOST)
        world.attach(self.site, (HOST,), 443)
        world.unlock()
        world.secret("ws/service", SECRET)
        self.bind(websocket_text=True)

    def bind(self, **more):
        """Binds the secret anew."""
        self.world.bind({"name": "service", "host": HOST, "credential": "ws/service", "scheme": "bearer",
                         "sentinel": "WS_TOKEN", **more})

    def command(self):
        """The client's."""
        return ["/usr/bin/python3", self.world.program("websockets_client.py"), HOST]

    def send(self, *messages, captured=False):
        """The client's result, having sent the messages one after the other."""
        off = ["--env", "HTTPS_PROXY=", "--env", "https_proxy="] if captured else []
        lines = "".join(json.dumps(one) + "\n" for one in messages)
        return self.world.launch(*self.command(), flags=off, data=lines.encode())


@pytest.fixture
def place(world):
    """See Place."""
    return Place(world)


@pytest.mark.parametrize("captured", [False, True])
def test_a_look_alike_in_text_is_swapped(place, captured):
    """The site gets the look-alike, or an ordinary message is changed."""
    place.send("hello", '{"token": "LOOK_ALIKE"}', "", "größe", captured=captured).ok()
    assert place.site.messages == ["hello", f'{{"token": "{SECRET}"}}', "", "größe"]
    # Compressed messages could not be looked through, so the site was offered none.
    assert place.site.extensions == [[]]
    place.world.audited(kind="upgrade", path="/ws", credential="ws/service")


def test_fragments_and_large_messages(place):
    """A look-alike beside the border of two fragments, or in a message of a megabyte, stays as it is."""
    filler = ["x" * 1000] * 500
    place.send(["a LOOK_ALIKE b ", "LOOK_ALIKE"], [*filler, "LOOK_ALIKE", *filler]).ok()
    many = "".join(filler)
    assert place.site.messages == [f"a {SECRET} b {SECRET}", many + SECRET + many]


def test_binary_messages_pass_untouched(place):
    """Bytes that are no text are looked through."""
    result = place.send({"hex": "00ff10"}, "text").ok()
    assert [json.loads(line) for line in result.out.splitlines()] == [{"hex": "00ff10"}, "text"]
    assert place.site.messages == [b"\x00\xff\x10", "text"]


def test_without_the_key_nothing_is_swapped_and_compression_stays(place):
    """A binding that does not ask for it has its messages looked through, or loses its compression."""
    place.bind()
    result = place.send("LOOK_ALIKE").ok()
    assert json.loads(result.out) == place.site.messages[0] != SECRET
    assert place.site.extensions == [["permessage-deflate"]]


def test_another_host_gets_the_look_alike(place):
    """The secret goes to a WebSocket of a host that it is not bound to."""
    other = websocket.EchoSite("other.test")
    place.world.attach(other, ("other.test",), 443)
    line = json.dumps("LOOK_ALIKE") + "\n"
    place.world.launch(*place.command()[:-1], "other.test", data=line.encode()).ok()
    assert len(other.messages) == 1 and SECRET not in other.messages[0]


def test_a_vault_locked_meanwhile_ends_the_connection(place):
    """An open WebSocket goes on with a secret that was locked away, or hangs."""
    child = place.world.launch_start(*place.command(), stdin=subprocess.PIPE)

    def say(text):
        child.stdin.write(json.dumps(text).encode() + b"\n")
        child.stdin.flush()
        return child.stdout.readline()

    assert json.loads(say("LOOK_ALIKE")) == SECRET
    place.world.aileron("vault", "lock").ok()
    assert json.loads(say("without it")) == "without it"
    assert say("LOOK_ALIKE") == b""
    child.stdin.close()
    assert child.wait(30) != 0 and place.site.messages == [SECRET, "without it"]
    place.world.audited(kind="upgrade", code="vault_locked")
