"""Signatures of connectors and the keyring: what is installed without a question, with one, and never."""

import os

import pytest

from lib import binary, certificates, control, sites
from lib.minisign import Signer, renamed
from lib.terminal import open_in

_SPEC = """schema: aileron.connector.v1
fqn: example.com/{name}
version: "{version}"
summary: A site
hosts: [api.example.com, files.example.com]
credential: token/{name}
tools:
  - {{name: {tool}, summary: Read it}}
operations:
  - {{name: thing.get, summary: Get it, method: GET, path: /it}}
"""


def _spec(world, name: str = "things", version: str = "1", tool: str | None = None, path: str | None = None) -> str:
    text = _SPEC.format(name=name, version=version, tool=tool or name)
    return world.write(path or f"{name}.yaml", text)


def _installed(world) -> list:
    return [one["fqn"] for one in world.json("connector", "list")]


@pytest.fixture
def alice(any_world) -> Signer:
    """A signer whose key is in the world's keyring."""
    return Signer(any_world, "alice").trusted()


# --- the keyring ---------------------------------------------------------------------------------


def test_a_key_is_added_listed_shown_and_removed(any_world):
    """A key is lost, called by another id than minisign's, or stays after it was removed."""
    alice, bob = Signer(any_world, "alice"), Signer(any_world, "bob")
    assert any_world.json("keyring", "list") == []
    assert alice.id in any_world.aileron("keyring", "add", "alice", alice.public).ok().err
    any_world.aileron("keyring", "add", "bob", bob.line).ok()
    any_world.aileron("daemon", "stop").ok()
    assert [(one["name"], one["id"], one["key"]) for one in any_world.json("keyring", "list")] == [
        ("alice", alice.id, alice.line), ("bob", bob.id, bob.line)]
    assert any_world.json("keyring", "show", "bob")["id"] == bob.id
    assert bob.line in any_world.aileron("keyring", "show", "bob").ok().out
    any_world.aileron("keyring", "remove", "alice").ok()
    assert any_world.aileron("keyring", "show", "alice").rc == 1
    assert any_world.aileron("keyring", "remove", "alice").rc == 1
    assert bob.name in any_world.aileron("keyring", "list").ok().out
    assert [one["detail"] for one in any_world.audited(kind="keyring.add")] == [f"alice {alice.id}", f"bob {bob.id}"]
    any_world.audited(kind="keyring.remove")


def test_what_is_no_key_is_refused(any_world, alice):
    """A wrong key or name is taken, or its error does not say what is wrong."""
    other = Signer(any_world, "other")
    for name, key, part in [("alice", other.line, "already"), ("again", alice.line, "as alice"),
                            ("../x", other.line, "not the name of a key"), ("x", "nonsense", "RW"),
                            ("x", any_world.write("empty", ""), "one line"), ("x", other.line[:-4], "RW")]:
        result = any_world.aileron("keyring", "add", name, key)
        assert result.rc != 0 and part in result.err, result.describe()
    assert [one["name"] for one in any_world.json("keyring", "list")] == ["alice"]


def test_a_secret_key_is_not_taken_for_a_public_one(any_world):
    """A secret key goes into the keyring, or onto the terminal."""
    mallory = Signer(any_world, "mallory")
    any_world.give(mallory.secret)
    result = any_world.aileron("keyring", "add", "m", mallory.secret)
    secret = any_world.read(mallory.secret).splitlines()[1]
    assert result.rc != 0 and "secret key" in result.err and secret[:20] not in result.err + result.out


# --- what is signed ------------------------------------------------------------------------------


@pytest.mark.parametrize("legacy", [False, True], ids=["hashed", "legacy"])
def test_a_signed_connector_is_installed_without_a_question(any_world, alice, legacy):
    """A good signature by a known key asks, is lost with the daemon, or is not told."""
    path = _spec(any_world)
    alice.sign(path, comment="things 1 \u202e of alice", legacy=legacy)
    result = any_world.aileron("connector", "add", path).ok()
    assert f"alice ({alice.id})" in result.out and "api.example.com" in result.out and "token/things" in result.out
    any_world.aileron("daemon", "stop").ok()
    one, = any_world.json("connector", "list")
    assert one["signed_by"] == {"key": alice.id, "name": "alice", "comment": "things 1 \u202e of alice"}
    assert alice.id in any_world.aileron("connector", "list").ok().out
    shown = any_world.aileron("connector", "show", one["fqn"]).ok().out
    assert shown.startswith(f"# signed by alice ({alice.id}): things 1 \\u202e of alice\nschema:")
    assert any_world.json("keyring", "show", "alice")["connectors"] == [one["fqn"]]
    assert alice.id in any_world.audited(kind="connector.add")[0]["detail"]


def test_what_shows_can_be_checked_and_installed_again(any_world, alice):
    """What `connector show` prints is no spec."""
    path = _spec(any_world)
    alice.sign(path)
    any_world.aileron("connector", "add", path).ok()
    shown = any_world.write("shown.yaml", any_world.aileron("connector", "show", "example.com/things").ok().out)
    any_world.aileron("connector", "check", shown).ok()


def test_an_unknown_key_is_refused_whoever_insists(any_world):
    """A signature by nobody's key is taken, or its error does not name the key and the way out."""
    eve = Signer(any_world, "eve")
    path = _spec(any_world)
    eve.sign(path)
    result = any_world.aileron("connector", "add", path, "--yes")
    assert result.rc == 77 and eve.id in result.err and "aileron keyring add" in result.err, result.describe()
    assert _installed(any_world) == []
    eve.trusted()
    any_world.aileron("connector", "add", path).ok()


def _tampered_spec(world, signer, path):
    signer.sign(path)
    world.write(path, world.read(path).replace("/it", "/evil"))


def _tampered_signature(world, signer, path):
    lines = world.read(signer.sign(path)).splitlines()
    lines[1] = lines[1][:40] + ("A" if lines[1][40] != "A" else "B") + lines[1][41:]
    world.write(path + ".minisig", "\n".join(lines) + "\n")


def _tampered_comment(world, signer, path):
    world.write(path + ".minisig", world.read(signer.sign(path)).replace("of a test", "of a text"))


def _swapped_key(world, signer, path):
    world.write(path + ".minisig", renamed(world.read(Signer(world, "eve").sign(path)), signer.id))


def _of_another_file(world, signer, path):
    signer.sign(_spec(world, "other"), to=path + ".minisig")


def _of_an_older_one(world, signer, path):
    signer.sign(_spec(world, version="0", path="older.yaml"), to=path + ".minisig")


def _no_signature(text):
    return lambda world, signer, path: world.write(path + ".minisig", text)


@pytest.mark.parametrize("attack", [_tampered_spec, _tampered_signature, _tampered_comment, _swapped_key,
                                    _of_another_file, _of_an_older_one, _no_signature(""),
                                    _no_signature("<!doctype html>\n"), _no_signature("x" * 9000)],
                         ids=["spec", "signature", "comment", "key", "other", "older", "empty", "html", "long"])
def test_a_bad_signature_is_refused_whoever_insists(any_world, alice, attack):
    """A spec with a bad signature is installed, as if it were signed or as if it were not."""
    path = _spec(any_world)
    attack(any_world, alice, path)
    for words in (["add", path, "--yes"], ["check", path]):
        result = any_world.aileron("connector", *words)
        assert result.rc == 77 and "signature" in result.err, result.describe()
    assert _installed(any_world) == []
    os.unlink(path + ".minisig")
    alice.sign(path)
    any_world.aileron("connector", "add", path).ok()  # the canary: a good one is seen


def test_a_signature_may_lie_elsewhere(any_world, alice):
    """--signature is not heeded."""
    path = _spec(any_world)
    elsewhere = alice.sign(path, to=os.path.join(any_world.workspace, "elsewhere"))
    assert any_world.aileron("connector", "add", path).rc == 64
    any_world.aileron("connector", "add", path, "--signature", elsewhere).ok()
    assert any_world.json("connector", "list")[0]["signed_by"]["name"] == "alice"


def test_a_key_that_was_removed_signs_nothing_more(any_world, alice):
    """A removed key's signature is still taken, or what it signed is said to be of a known key."""
    path = _spec(any_world)
    alice.sign(path)
    any_world.aileron("connector", "add", path).ok()
    assert "example.com/things" in any_world.aileron("keyring", "remove", "alice").ok().err
    one, = any_world.json("connector", "list")
    assert one["signed_by"]["key"] == alice.id and one["signed_by"]["name"] is None
    assert "no longer in the keyring" in any_world.aileron("connector", "list").ok().out
    assert any_world.aileron("connector", "add", path, "--yes").rc == 77


def test_another_signer_does_not_replace_unasked(any_world, alice):
    """What one trusted key signed is replaced by another one's without a question."""
    bob = Signer(any_world, "bob").trusted()
    path = _spec(any_world)
    alice.sign(path)
    any_world.aileron("connector", "add", path).ok()
    _spec(any_world, version="2")
    bob.sign(path)
    result = any_world.aileron("connector", "add", path)
    assert result.rc == 64 and "another key" in result.out and f"replaces     1, signed by alice" in result.out
    assert any_world.json("connector", "list")[0]["version"] == "1"
    alice.sign(path)
    any_world.aileron("connector", "add", path).ok()
    assert any_world.json("connector", "list")[0]["version"] == "2"


# --- what is not ---------------------------------------------------------------------------------


def test_an_unsigned_connector_needs_a_yes_that_names_what_it_reaches(any_world):
    """An unsigned connector is installed unasked, or the question does not name hosts and credentials."""
    path = _spec(any_world)
    result = any_world.aileron("connector", "add", path)
    assert result.rc == 64 and "--yes" in result.err, result.describe()
    for part in ("api.example.com", "files.example.com", "token/things", "nobody has signed it"):
        assert part in result.out, result.describe()
    terminal = open_in(any_world, [binary.path(), "connector", "add", path])
    terminal.expect(r"files\.example\.com")
    terminal.expect(r"token/things")
    terminal.expect(r"\[y/N\] ")
    terminal.send("n\n")
    assert terminal.wait() == 77 and _installed(any_world) == []


def test_what_was_shown_is_what_is_installed(any_world):
    """A file that is changed while the question stands is installed."""
    path = _spec(any_world)
    terminal = open_in(any_world, [binary.path(), "connector", "add", path])
    terminal.expect(r"\[y/N\] ")
    any_world.write(path, any_world.read(path).replace("/it", "/evil"))
    terminal.send("y\n")
    assert terminal.wait() == 0
    assert "/evil" not in any_world.aileron("connector", "show", "example.com/things").ok().out


# --- many at once --------------------------------------------------------------------------------


def test_a_folder_is_installed_as_a_whole(any_world, alice):
    """One of a folder's specs is left out, or asked about apart."""
    for name in ("a", "b"):
        alice.sign(_spec(any_world, name, path=f"specs/{name}.yaml"))
    any_world.write("specs/README.md", "nothing")
    any_world.aileron("connector", "add", "specs").ok()
    assert _installed(any_world) == ["example.com/a", "example.com/b"]
    _spec(any_world, "c", path="specs/c.json")
    assert any_world.aileron("connector", "add", "specs").rc == 64
    terminal = open_in(any_world, [binary.path(), "connector", "add", "specs"])
    terminal.expect(r"example\.com/c: nobody has signed it")
    terminal.expect(r"Install all 3 for every session\? \[y/N\] ")
    terminal.send("y\n")
    assert terminal.wait() == 0
    assert [(one["fqn"], bool(one["signed_by"])) for one in any_world.json("connector", "list")] == [
        ("example.com/a", True), ("example.com/b", True), ("example.com/c", False)]


@pytest.mark.parametrize("wrong", ["flaw", "clash", "twice", "signature"])
def test_a_folder_with_one_that_is_wrong_installs_nothing(any_world, alice, wrong):
    """Some of a folder are installed although another one is refused."""
    _spec(any_world, "a", path="specs/a.yaml")
    last = _spec(any_world, "z", path="specs/z.yaml", tool="a" if wrong == "clash" else None)
    if wrong == "flaw":
        any_world.write(last, "nonsense: 1\n")
    elif wrong == "twice":
        _spec(any_world, "a", tool="another", path="specs/z.yaml")
    elif wrong == "signature":
        alice.sign(_spec(any_world, "other"), to=last + ".minisig")
    result = any_world.aileron("connector", "add", "specs", "--yes")
    assert result.rc != 0, result.describe()
    assert _installed(any_world) == []
    assert not os.path.isdir(folder := os.path.join(any_world.state, "aileron", "connectors")) or os.listdir(folder) == []


def test_a_folder_without_specs_says_so(any_world):
    """An empty folder is installed without a word."""
    any_world.write("specs/README.md", "nothing")
    result = any_world.aileron("connector", "add", "specs", "--yes")
    assert result.rc != 0 and ".yaml" in result.err, result.describe()


# --- from the web --------------------------------------------------------------------------------


class _Web:
    """A site of the world with files, reached by its address."""

    def __init__(self, world, **options):
        self.site = sites.Site("127.0.0.1", "localhost", **options)
        world.servers.append(self.site)
        self.url = f"{'https' if self.site.tls else 'http'}://127.0.0.1:{self.site.port}"
        self.flags = ["--ca", certificates.shared().certificate] if self.site.tls else []

    def put(self, path: str, content: str, status: int = 200, headers=()) -> None:
        """Serves `content` at `path`."""
        self.site.routes[path] = lambda request: request.answer(content, status, headers)

    def missing(self, path: str) -> None:
        """Answers that there is nothing at `path`."""
        self.put(path, "no such file", 404)


@pytest.mark.parametrize("tls", [True, False], ids=["https", "loopback"])
def test_a_url_is_fetched_with_the_signature_beside_it(any_world, alice, tls):
    """A spec is not fetched, or its signature is not looked for."""
    web = _Web(any_world, tls=tls)
    path = _spec(any_world)
    web.put("/x/things.yaml", any_world.read(path))
    web.missing("/x/things.yaml.minisig")
    add = ["connector", "add", f"{web.url}/x/things.yaml?t=1", *web.flags]
    assert any_world.aileron(*add).rc == 64, "nobody has signed it"
    web.put("/x/things.yaml.minisig", any_world.read(alice.sign(path)))
    assert "?t=1" not in any_world.aileron(*add).ok().out
    assert any_world.json("connector", "list")[0]["signed_by"]["name"] == "alice"
    web.put("/x/things.yaml", any_world.read(path).replace("/it", "/evil"))
    assert any_world.aileron(*add, "--yes").rc == 77, "the signature is of what stood there before"


def test_a_signature_that_cannot_be_fetched_is_not_none(any_world):
    """An error beside a spec makes it an unsigned one."""
    web = _Web(any_world)
    web.put("/things.yaml", any_world.read(_spec(any_world)))
    for status in (500, 403):
        web.put("/things.yaml.minisig", "", status)
        result = any_world.aileron("connector", "add", f"{web.url}/things.yaml", "--yes", *web.flags)
        assert result.rc != 0 and str(status) in result.err and "signed" in result.err, result.describe()
    assert _installed(any_world) == []


def test_a_redirect_is_followed_but_never_to_http(any_world):
    """A redirect is not followed, followed without end, or leads to where others read and write along."""
    web, plain = _Web(any_world), _Web(any_world, tls=False)
    for one in (web, plain):
        one.put("/things.yaml", any_world.read(_spec(any_world)))
        one.missing("/things.yaml.minisig")
        one.missing("/good.minisig")
    for path, target in (("/good", "/things.yaml"), ("/plain", f"{plain.url}/things.yaml"), ("/loop", "/loop"),
                         ("/file", "file:///etc/passwd")):
        web.put(path, "", 302, [("Location", target)])
    any_world.aileron("connector", "add", f"{web.url}/good", "--yes", *web.flags).ok()
    any_world.aileron("connector", "remove", "example.com/things").ok()
    for path, part in (("/plain", "not https"), ("/loop", "again and again"), ("/file", "not a URL")):
        result = any_world.aileron("connector", "add", web.url + path, "--yes", *web.flags)
        assert result.rc != 0 and part in result.err, result.describe()
    assert plain.site.seen() == [] and _installed(any_world) == []


def test_a_url_is_verified_and_bounded(any_world):
    """A site without a trusted certificate, without TLS or without end is read."""
    web = _Web(any_world)
    web.put("/things.yaml", any_world.read(_spec(any_world)))
    for words, part in ((["http://example.com/things.yaml"], "https://"), ([f"{web.url}/things.yaml"], "TLS"),
                        ([f"{web.url}/bytes?n=40000000&chunked=1", *web.flags], "more than"),
                        (["https://user:secret@127.0.0.1/things.yaml"], "not a URL")):
        result = any_world.aileron("connector", "add", *words, "--yes")
        assert result.rc != 0 and part in result.err, result.describe()
    web.missing("/nothing.yaml")
    assert "nothing at" in any_world.aileron("connector", "add", f"{web.url}/nothing.yaml", *web.flags).err
    assert _installed(any_world) == []


# --- the daemon decides --------------------------------------------------------------------------


def _post(world, offer: dict, text: str) -> tuple:
    """What the control API answers to an offer, without any command of ours between."""
    with open(os.memfd_create("spec"), "w+b") as file:
        file.write(text.encode())
        file.seek(0)
        answer = control.ask(world, "POST", "/connectors", offer, fds=[file.fileno()])
    return answer.status, answer.value


def test_no_client_of_the_api_gets_past_the_signature(world):
    """The daemon installs what the command line would have refused."""
    signer = Signer(world, "alice").trusted()
    text = world.read(_spec(world))
    good = world.read(signer.sign(_spec(world)))
    one = {"file": "f", "size": len(text), "signature": good}
    wrong = text.replace("/it", "/at")
    for offer, sent, code in [
            ({"specs": [{**one, "signature": ""}]}, text, "connector_unconfirmed"),
            ({"specs": [one], "confirmed": True}, wrong, "signature_bad"),
            ({"specs": [{**one, "signature": "x"}], "confirmed": True}, text, "signature_bad"),
            ({"specs": [{**one, "size": len(text) - 1}], "confirmed": True}, text, "signature_bad"),
            ({"specs": [one, one], "confirmed": True}, text, "invalid"),
            ({"specs": []}, text, "invalid"), ({"specs": [one], "signed_by": "alice"}, text, "invalid")]:
        status, answer = _post(world, offer, sent)
        assert status in (400, 403) and answer["code"] == code, (offer, answer)
    status, answer = _post(world, {"specs": [one], "check": True}, text)
    assert status == 200 and answer["connectors"][0]["confirm"] == "" and _installed(world) == []
    status, answer = _post(world, {"specs": [one]}, text)
    assert status == 201 and answer["connectors"][0]["signed_by"]["name"] == "alice", answer
    assert _installed(world) == ["example.com/things"]
