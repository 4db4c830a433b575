"""Images out of registries: docker-registry with each way to log in, and registries that lie, stall and cut."""

import base64
import fcntl
import gzip
import hashlib
import json
import os
import random
import subprocess
import time

import pytest

from lib import binary, certificates, images, process, registry, sites
from lib.stock import Stock, cut_after, manifest_of

_FILES = {"etc/": b"", "etc/name": b"from afar\n"}
_USER, _PASSWORD = "puller", "pull-canary-7f31c9"


@pytest.fixture
def stock(world):
    """A plain registry in which the image 1 is."""
    layout = images.Layout(os.path.join(world.root, "stock"))
    layout.image = layout.add("1", [images.layer(_FILES), images.layer({"upper": b"x"})], Cmd=["/bin/sh"])
    made = Stock(layout)
    yield made
    made.close()


def _pull(world, reference, *flags, **keywords):
    return world.json("sandbox", "pull", "--plain-http", *flags, reference, **keywords)


def _refused(world, reference, *flags, **keywords):
    result = world.aileron("sandbox", "pull", "--plain-http", *flags, reference, **keywords)
    assert result.rc not in (0, 134, 139), result.describe()
    return result


def _folder(world, name: str) -> str:
    return os.path.join(world.cache, "aileron", "images", name)


def _kept(world) -> list:
    return os.listdir(_folder(world, "partial"))


def _part(world, stock, digest: str) -> str:
    """Where a part of a blob is kept."""
    repository = hashlib.sha256(f"{stock.domain}/{Stock.NAME}".encode()).hexdigest()[:16]
    return os.path.join(_folder(world, "partial"), f"{digest.replace(':', '-')}-{repository}")


def _settings(world, text: str) -> None:
    world.write(os.path.join(world.config, "aileron", "registries.yaml"), "version: 1\nregistries:\n" + text)


def _random(mebibytes: int, seed: int = 5) -> bytes:
    return images.layer({"big": random.Random(seed).randbytes(mebibytes << 20)})


@pytest.fixture
def basic(world):  # pylint: disable=unused-argument
    """docker-registry, which asks for a password."""
    made = registry.Registry("127.0.0.1", _USER, _PASSWORD)
    yield made
    made.close()


@pytest.fixture
def tokens(world):  # pylint: disable=unused-argument
    """docker-registry, which sends clients to a token server."""
    server = registry.TokenServer("127.0.0.1", _USER, _PASSWORD)
    server.realm = f"https://127.0.0.1:{server.port}/token"
    made = registry.Registry("127.0.0.1", _USER, _PASSWORD, server)
    made.tokens = server
    yield made
    made.close()
    server.close()


def _trusted(world, real) -> str:
    """The reference of a real registry's image, whose authority is trusted."""
    tokens = getattr(real, "tokens", None)
    server = f", token_server: '127.0.0.1:{tokens.port}'" if tokens else ""
    _settings(world, f"  127.0.0.1:{real.port}: {{ca: {certificates.shared().certificate}{server}}}\n")
    return f"127.0.0.1:{real.port}/{registry.IMAGE}:1"


def _log_in(world, name: str, password: str = _PASSWORD, mode: int = 0o600) -> None:
    pair = base64.b64encode(f"{_USER}:{password}".encode()).decode()
    world.env["DOCKER_CONFIG"] = os.path.join(world.root, "docker")
    world.write(os.path.join(world.root, "docker/config.json"), json.dumps({"auths": {name: {"auth": pair}}}), mode)


def _files_with(world, text: str) -> list:
    """The files of the user's in which a text stands."""
    found = []
    for folder, _, names in os.walk(world.root):
        for name in names:
            path = os.path.join(folder, name)
            if os.path.isfile(path) and not os.path.islink(path):
                with open(path, "rb") as file:
                    if text.encode() in file.read():
                        found.append(os.path.relpath(path, world.home))
    return found


@pytest.mark.parametrize("kind", ["basic", "tokens"])
def test_a_real_registry_gives_its_image_to_who_is_logged_in(world, kind, request):
    """docker-registry's image is not had with docker's login, or is had without."""
    real = request.getfixturevalue(kind)
    reference = _trusted(world, real)
    nobody = world.aileron("sandbox", "pull", reference)
    assert nobody.rc == 77 and f"docker login 127.0.0.1:{real.port}" in nobody.err, nobody.describe()
    _log_in(world, f"127.0.0.1:{real.port}", "wrong")
    wrong = world.aileron("sandbox", "pull", reference)
    assert wrong.rc == 77 and "login" in wrong.err, wrong.describe()
    _log_in(world, f"127.0.0.1:{real.port}")
    pulled = world.json("sandbox", "pull", reference)
    assert pulled["added"] and pulled["reference"] == reference
    assert not world.json("sandbox", "pull", reference)["added"]
    # By its digest no registry is asked.
    assert not world.json("sandbox", "pull", f"{reference.rsplit(':', 1)[0]}@{pulled['digest']}")["added"]
    assert world.aileron("sandbox", "pull", reference.replace(":1", ":none")).rc != 0
    assert _files_with(world, _PASSWORD) == []
    assert _files_with(world, base64.b64encode(f"{_USER}:{_PASSWORD}".encode()).decode()) == ["../docker/config.json"]


def test_an_unknown_authority_is_named_and_tls_is_never_left(world, basic):
    """Without the authority's file an image is taken, or the message does not say what to do."""
    result = world.aileron("sandbox", "pull", f"127.0.0.1:{basic.port}/{registry.IMAGE}:1")
    assert result.rc == 69 and "name its file with ca" in result.err, result.describe()
    plain = world.aileron("sandbox", "pull", "--plain-http", f"127.0.0.1:{basic.port}/{registry.IMAGE}:1")
    assert plain.rc != 0


def test_a_helper_keeps_the_login(world, tokens):
    """A credential helper is not asked, is asked for another name, or its answer is not used."""
    reference = _trusted(world, tokens)
    name = f"127.0.0.1:{tokens.port}"
    tools = os.path.join(world.root, "tools")
    world.write(os.path.join(tools, "docker-credential-mine"),
                f"#!/bin/sh\nread name\n[ \"$1 $name\" = 'get {name}' ] || exit 9\n"
                f"echo '{{\"Username\":\"{_USER}\",\"Secret\":\"{_PASSWORD}\"}}'\n", 0o755)
    world.write(os.path.join(world.root, "docker/config.json"), json.dumps({"credHelpers": {name: "mine"}}), 0o600)
    world.env["DOCKER_CONFIG"] = os.path.join(world.root, "docker")
    missing = world.aileron("sandbox", "pull", reference)
    assert missing.rc == 69 and "docker-credential-mine" in missing.err, missing.describe()
    assert world.json("sandbox", "pull", reference, env={"PATH": f"{tools}:{os.environ['PATH']}"})["added"]


def test_a_helper_that_an_agent_wrote_is_not_asked(world, tokens):
    """A program of the project's, whose PATH has it, runs on the host and is asked for the login."""
    reference = _trusted(world, tokens)
    mark = os.path.join(world.root, "started")
    os.chmod(world.root, 0o777)
    text = f"#!/bin/sh\n: >{mark}\necho '{{\"Username\":\"{_USER}\",\"Secret\":\"{_PASSWORD}\"}}'\n"
    world.write("venv/bin/docker-credential-pass", text, 0o755)
    world.write(".git/HEAD", "ref: refs/heads/main\n")
    sub = os.path.dirname(world.write("sub/x", ""))
    world.write(os.path.join(world.root, "docker/config.json"), json.dumps({"credsStore": "pass"}), 0o600)
    world.env["DOCKER_CONFIG"] = os.path.join(world.root, "docker")
    for folder in (world.workspace, sub):
        refused = world.aileron("sandbox", "pull", reference, env={"PATH": f"{world.workspace}/venv/bin"}, cwd=folder)
        assert refused.rc == 69 and "docker-credential-pass is not started" in refused.err, refused.describe()
    launched = world.launch("true", flags=["--image", reference, "--workspace", world.workspace], cwd="/",
                            env={"PATH": f"{world.workspace}/venv/bin"})
    assert launched.rc != 0 and "docker-credential-pass is not started" in launched.err, launched.describe()
    assert not os.path.exists(mark)
    outside = os.path.dirname(world.write(os.path.join(world.root, "opt/docker-credential-pass"), text, 0o755))
    assert world.json("sandbox", "pull", reference, env={"PATH": outside}, cwd=sub)["added"] and os.path.exists(mark)


def test_the_vault_gets_a_token_and_keeps_the_credential(world, tokens):
    """A bound credential does not serve for a pull, or comes out of the daemon."""
    reference = _trusted(world, tokens)
    world.unlock().secret("password/registry", _PASSWORD)
    world.bind({"name": "registry", "host": "127.0.0.1", "port": tokens.tokens.port, "scheme": "basic",
                "username": _USER, "credential": "password/registry"})
    traced = os.path.join(world.root, "trace")
    world.run("strace", "-f", "-s", "100000", "-e", "trace=read,write,writev,recvfrom,recvmsg,sendto,sendmsg", "-o", traced, binary.path(), "sandbox", "pull",
              reference).ok()
    with open(traced, encoding="latin-1") as file:
        spoken = file.read()
    canary = base64.b64encode(f"{_USER}:{_PASSWORD}".encode()).decode()
    assert "registry-tokens" in spoken and canary not in spoken and _PASSWORD not in spoken
    used = [one for one in world.json("audit", "list") if one.get("credential") == "password/registry"]
    assert used, "the use of the credential is not in the record"


def test_a_bound_credential_that_cannot_be_opened_says_why(world, tokens):
    """With a locked vault a pull says that a login is wanted, and not that the vault is locked."""
    reference = _trusted(world, tokens)
    world.unlock().secret("password/registry", _PASSWORD)
    world.bind({"name": "registry", "host": "127.0.0.1", "port": tokens.tokens.port, "scheme": "basic",
                "username": _USER, "credential": "password/registry"})
    world.aileron("vault", "lock").ok()
    result = world.aileron("sandbox", "pull", reference)
    assert result.rc == 69 and "vault unlock" in result.err, result.describe()


def test_a_login_file_that_others_read_is_refused(world, tokens):
    """A login is taken from a file that everybody can read."""
    reference = _trusted(world, tokens)
    _log_in(world, f"127.0.0.1:{tokens.port}", mode=0o644)
    result = world.aileron("sandbox", "pull", reference)
    assert result.rc == 77 and "chmod 600" in result.err, result.describe()


def test_an_image_of_a_registry_runs(world):
    """launch does not take a registry's reference, or asks the registry again for what is there."""
    layout = images.Layout(os.path.join(world.root, "stock"))
    layout.add("1", [images.busybox().tar()])
    stock = Stock(layout)
    _settings(world, f"  {stock.domain}: {{plain_http: true}}\n")
    flags = ["--image", stock.reference()]
    assert "root:x:0:0" in world.launch("cat", "/etc/passwd", flags=flags).ok().out
    asked = len(stock.seen())
    assert asked == 3
    stock.close()
    assert world.launch("true", flags=flags).rc == 0


def test_a_tag_that_moved_is_pulled_and_what_is_there_is_not_read_again(world, stock):
    """A moved tag is not followed, or a layer is fetched twice."""
    first = _pull(world, stock.reference())
    assert first["added"] and first["layers"] == 2
    stock.layout.add("1", [images.layer(_FILES), images.layer({"newer": b"y"})])
    stock.requests.clear()
    again = _pull(world, stock.reference())
    assert again["added"] and again["digest"] != first["digest"]
    lower = stock.layout.image["layers"][0]["digest"]
    assert len(stock.paths()) == 3 and f"blobs/{lower}" not in stock.paths()
    assert _kept(world) == [] and os.listdir(_folder(world, "tmp")) == []


def test_plain_http_is_spoken_only_where_it_is_named(world, stock):
    """A registry is asked without TLS though nobody said so."""
    result = world.aileron("sandbox", "pull", stock.reference())
    assert result.rc == 69 and not stock.seen(), result.describe()
    _settings(world, f"  {stock.domain}: {{plain_http: true}}\n")
    assert world.json("sandbox", "pull", stock.reference())["added"]


def test_a_mirror_is_asked_first_and_the_registry_for_what_it_lacks(world, stock):
    """A mirror is not asked, its failure ends the pull, or its prefix is lost."""
    # One mirror that nobody answers, one that has nothing, one behind a prefix.
    empty = Stock(images.Layout(os.path.join(world.root, "empty")))
    gone = sites.free_port()
    _settings(world, f"  registry.example: {{mirrors: ['http://127.0.0.1:{gone}', "
                     f"'http://127.0.0.1:{empty.port}', 'http://{stock.domain}/hub']}}\n")
    assert world.json("sandbox", "pull", f"registry.example/{Stock.NAME}:1")["added"]
    assert [one.target for one in empty.seen()][:1] == ["/v2/team/app/manifests/1"]
    assert all(one.target.startswith("/v2/hub/team/app/") for one in stock.seen()) and stock.seen()
    empty.close()


def test_a_layer_that_is_cut_goes_on_where_it_was(world, stock):
    """A connection that breaks ends the pull, or what had come is fetched again."""
    image = stock.layout.add("big", [_random(4)])
    layer = image["layers"][0]
    cut_after(stock, layer["digest"], 1 << 20, times=3)
    assert _pull(world, stock.reference("big"))["added"]
    begins = [one.header("Range") for one in stock.seen() if one.target.endswith(layer["digest"])]
    assert begins[0] == [] and all(begins[1:]), begins
    counts = [int(one[0][6:-1]) for one in begins[1:]]
    assert len(counts) == 3 and counts == sorted(counts) and counts[0] > 0
    assert _kept(world) == []


def test_a_registry_without_ranges_serves_too(world, stock):
    """Where the whole blob comes again, its beginning is unpacked twice."""
    image = stock.layout.add("big", [_random(4)])
    name = image["layers"][0]["digest"]
    cut_after(stock, name, 1 << 20)
    cut = stock.spoilt[name]

    def without_ranges(request):
        del request.headers["Range"]
        cut(request)

    stock.spoilt[name] = without_ranges
    assert _pull(world, stock.reference("big"))["added"]


def _hold(stock: Stock, name: str, size: int):
    """Spoils a blob: `size` bytes come, and then nothing any more."""
    def answer(request):
        data, kind = stock.find(name)
        request.send_response(200)
        request.send_header("Content-Type", kind)
        request.send_header("Content-Length", str(len(data)))
        request.end_headers()
        request.wfile.write(data[:size])
        time.sleep(100)

    stock.spoilt[name] = answer


def test_a_killed_pull_is_gone_on_with_by_the_next_one(world, stock):
    """After kill -9 all is fetched again, or what was kept spoils the image."""
    image = stock.layout.add("big", [_random(6)])
    name = image["layers"][0]["digest"]
    _hold(stock, name, 4 << 20)
    child = world.start(binary.path(), "sandbox", "pull", "--plain-http", stock.reference("big"),
                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    kept = _part(world, stock, name)
    process.eventually(lambda: os.path.exists(kept) and os.path.getsize(kept) == 4 << 20, "a part has come")
    process.end(child.pid)
    child.wait()
    del stock.spoilt[name]
    stock.requests.clear()
    assert _pull(world, stock.reference("big"))["added"]
    asked = [one for one in stock.seen() if one.target.endswith(name)]
    assert [one.header("Range") for one in asked] == [[f"bytes={4 << 20}-"]]
    assert _kept(world) == []


def test_a_part_that_was_damaged_meanwhile_is_fetched_anew(world, stock):
    """What a power cut left of a layer makes every later pull fail."""
    image = stock.layout.add("big", [_random(2)])
    layer = image["layers"][0]
    assert world.aileron("sandbox", "cache", "list").rc == 0  # makes the folders
    world.write(_part(world, stock, layer["digest"]), b"\0" * 500_000)
    assert _pull(world, stock.reference("big"))["added"]
    ranges = [one.header("Range") for one in stock.seen() if one.target.endswith(layer["digest"])]
    assert ranges == [["bytes=500000-"], []]


def test_collection_takes_parts_that_nobody_goes_on_with(world, stock):
    """Parts of blobs stay for ever, or go while a pull may still go on with them."""
    image = stock.layout.add("big", [_random(2)])
    kept = _part(world, stock, image["layers"][0]["digest"])
    world.aileron("sandbox", "cache", "list").ok()  # makes the folders
    world.write(kept, b"x" * 1000)
    world.aileron("sandbox", "cache", "gc").ok()
    assert _kept(world)
    with open(kept, "rb") as part:
        fcntl.flock(part, fcntl.LOCK_EX)
        world.aileron("sandbox", "cache", "clear").ok()
        assert _kept(world)
    week = time.time() - 8 * 24 * 3600
    os.utime(kept, (week, week))
    world.aileron("sandbox", "cache", "gc").ok()
    assert _kept(world) == []


@pytest.mark.parametrize("what", ["manifest", "config", "layer"])
def test_a_registry_that_lies_is_caught(world, stock, what):
    """A document or layer with another digest is believed, or spoils the store."""
    image = stock.layout.image
    manifest = manifest_of(stock.layout, image)
    name = {"manifest": image["digest"], "config": manifest["config"]["digest"],
            "layer": image["layers"][1]["digest"]}[what]
    data, kind = stock.find(name)
    lie = data + b" " if what != "layer" else data[:-1] + bytes([data[-1] ^ 1])
    stock.spoilt[name] = lambda request: request.answer(lie, kind=kind)
    reference = f"{stock.domain}/{Stock.NAME}@{image['digest']}"
    result = _refused(world, reference)
    assert name.split(":")[1] in result.err, result.describe()
    assert world.json("sandbox", "cache", "list") == [] and not os.path.exists(_part(world, stock, name))
    del stock.spoilt[name]
    assert _pull(world, reference)["added"]


def test_a_registry_that_sends_too_much_is_left(world, stock):
    """An endless blob or manifest fills disk or memory."""
    layer = stock.layout.image["layers"][0]
    sent = [0]

    def endless(request):
        request.send_response(200)
        request.send_header("Transfer-Encoding", "chunked")
        request.end_headers()
        while sent[0] < 1 << 28:
            request.chunk(bytes(1 << 16))
            sent[0] += 1 << 16

    for name in (layer["digest"], "1"):
        sent[0] = 0
        stock.spoilt = {name: endless}
        said = _refused(world, stock.reference()).err
        assert ("more than" if name == "1" else layer["digest"]) in said
        assert sent[0] < 1 << 26
    assert all(os.path.getsize(os.path.join(_folder(world, "partial"), name)) < 10_000 for name in _kept(world))


def test_a_redirect_takes_no_login_along_and_no_step_down(world, tokens):
    """A login goes where a registry leads, or an https registry leads to http."""
    elsewhere = sites.Site("127.0.0.1", tls=False)
    layout = images.Layout(os.path.join(world.root, "stock"))
    layout.image = layout.add("1", [images.layer(_FILES)])
    stock = Stock(layout, tls=True)
    canary = Stock(layout)
    name = layout.image["layers"][0]["digest"]
    _settings(world, f"  {stock.domain}: {{ca: {certificates.shared().certificate}}}\n"
                     f"  {canary.domain}: {{plain_http: true}}\n")
    for one in (stock, canary):
        _log_in(world, one.domain)
        guarded = one.spoilt

        def ask(request, one=one):
            wanted = "Basic " + base64.b64encode(f"{_USER}:{_PASSWORD}".encode()).decode()
            if request.headers.get("Authorization") != wanted:
                return request.answer("", 401, [("WWW-Authenticate", 'Basic realm="x"')])
            return one.serve_blob(request, "1")

        guarded["1"] = ask
        guarded[name] = lambda request: request.answer("", 307, [("Location", f"http://127.0.0.1:{elsewhere.port}/b")])
        data = one.find(name)[0]
        elsewhere.routes["/b"] = lambda request, data=data: request.answer(data)
        result = world.aileron("sandbox", "pull", one.reference())
        if one is stock:
            assert result.rc != 0 and "not https" in result.err and not elsewhere.seen(), result.describe()
        else:
            assert result.rc == 0, result.describe()
            assert [seen.header("Authorization") for seen in elsewhere.seen()] == [[]]
    # The login went to the registry itself, so it would have been seen.
    assert any(seen.header("Authorization") for seen in canary.seen())
    for one in (stock, canary, elsewhere):
        one.close()


def test_a_token_is_asked_for_pulling_this_and_no_more(world, stock):
    """The scope that a registry names is asked for as it stands, or a realm without TLS gets a login."""
    asked = []

    def token(request):
        asked.append(request.query)
        request.answer_json({"token": "t-1"})

    stock.routes["/token"] = token
    serve = lambda name: lambda request: (
        stock.serve_blob(request, name) if request.headers.get("Authorization") == "Bearer t-1" else
        request.answer("", 401, [("WWW-Authenticate", f'Bearer realm="http://{stock.domain}/token",service="a b",'
                                                      'scope="repository:other/secret:pull,push,delete"')]))
    for name in ["1", *(one["digest"] for one in stock.layout.image["layers"])]:
        stock.spoilt[name] = serve(name)
    assert _pull(world, stock.reference())["added"]
    assert asked == [{"service": "a b", "scope": "repository:team/app:pull"}]


def _asks(stock, challenge: str):
    """Spoils the tag so that who asks has to say who he is; what was said, as it comes."""
    said = []

    def ask(request):
        if "Authorization" in request.headers:
            said.append(request.headers["Authorization"])
            return stock.serve_blob(request, "1")
        return request.answer("", 401, [("WWW-Authenticate", challenge)])

    stock.spoilt["1"] = ask
    return said


def _token_server():
    """A token server that gives everybody the same; and what it was asked, and by whom."""
    server = sites.Site("127.0.0.1", tls=False)
    server.routes["/token"] = lambda request: request.answer_json({"token": "precious"})
    return server


def test_a_realm_with_a_query_of_its_own_is_refused(world, stock):
    """A registry has a token asked for that can do more, and gets it."""
    server = _token_server()
    for query, refused in (("?scope=repository:acme/private:pull,push", True), ("", False)):
        said = _asks(stock, f'Bearer realm="http://127.0.0.1:{server.port}/token{query}",service="s"')
        result = world.aileron("sandbox", "pull", "--plain-http", stock.reference())
        assert (result.rc == 77 and not said and not server.seen()) == refused, result.describe()
    assert said == ["Bearer precious"]
    server.close()


def test_the_vault_is_asked_for_the_registrys_own_token_server_alone(world, stock):
    """Any registry has the vault fetch a token of another one's server, and is told it."""
    server = _token_server()
    world.unlock().secret("password/other", _PASSWORD)
    world.bind({"name": "other", "host": "127.0.0.1", "port": server.port, "scheme": "basic", "username": _USER,
                "credential": "password/other"})
    _asks(stock, f'Bearer realm="http://127.0.0.1:{server.port}/token",service="s"')
    world.aileron("sandbox", "pull", "--plain-http", stock.reference())
    assert [one.header("Authorization") for one in server.seen()] == [[]]
    # The user's own word for it is another thing: the canary.
    _settings(world, f"  {stock.domain}: {{plain_http: true, token_server: '127.0.0.1:{server.port}'}}\n")
    world.aileron("sandbox", "pull", stock.reference()).ok()
    assert server.seen()[-1].header("Authorization")
    server.close()


def test_a_mirror_gets_its_own_login_and_not_the_registrys(world, stock):
    """Whoever mirrors a registry gets the login that is kept for it."""
    _settings(world, f"  registry.example: {{mirrors: ['http://{stock.domain}']}}\n")
    said = _asks(stock, 'Basic realm="x"')
    _log_in(world, "registry.example")
    assert world.aileron("sandbox", "pull", f"registry.example/{Stock.NAME}:1").rc != 0 and said == []
    _log_in(world, stock.domain)
    world.aileron("sandbox", "pull", f"registry.example/{Stock.NAME}:1").ok()
    assert len(said) == 1


def test_a_large_layer_that_is_wrong_ends_the_pull(world, stock):
    """What is unpacked no further is still waited for: the pull hangs."""
    image = stock.layout.add("big", [_random(6)])
    data, _ = stock.find(image["layers"][0]["digest"])
    stock.spoilt[image["layers"][0]["digest"]] = lambda request: request.answer(b"junk" * (len(data) // 4) + data[:len(data) % 4])
    result = world.aileron("sandbox", "pull", "--plain-http", stock.reference("big"), timeout=20)
    assert result.rc not in (0, 134, 139) and _kept(world) == [], result.describe()


def test_one_registrys_bytes_do_not_stand_in_for_anothers(world, stock):
    """A registry that serves something else under a known digest spoils that layer's next pull from another one."""
    image = stock.layout.image
    digest = image["layers"][0]["digest"]
    liar = Stock(stock.layout)
    linked = images.Layer().hard_link("a", "nothing").tar()
    size = image["layers"][0]["size"]
    liar.spoilt[digest] = lambda request: request.answer(gzip.compress(linked).ljust(size, b"\0"))
    assert world.aileron("sandbox", "pull", "--plain-http", liar.reference()).rc != 0
    assert not os.path.exists(_part(world, stock, digest))
    assert _pull(world, stock.reference())["added"]
    liar.close()


def test_who_is_busy_is_asked_again(world, stock):
    """A registry that is busy for a moment ends the pull."""
    left = [2]

    def busy(request):
        left[0] -= 1
        if left[0] >= 0:
            return request.answer("", 429 if left[0] else 503, [("Retry-After", "0")])
        return stock.serve_blob(request, "1")

    stock.spoilt["1"] = busy
    assert _pull(world, stock.reference())["added"]
    stock.spoilt["1"] = lambda request: request.answer_json(
        {"errors": [{"code": "TOOMANYREQUESTS", "message": "slow \x1b[31mdown"}]}, 400)
    said = _refused(world, stock.reference())
    assert said.rc == 69 and "TOOMANYREQUESTS" in said.err and "\x1b" not in said.err, said.describe()


def test_two_pulls_of_one_image_fetch_it_once(world, stock):
    """Two launches that pull at once fetch everything twice, or one of them fails."""
    image = stock.layout.add("big", [_random(8), _random(8, 6)])
    line = [binary.path(), "sandbox", "pull", "--plain-http", stock.reference("big")]
    pulls = [world.start(*line, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) for _ in range(3)]
    for one in pulls:
        assert one.wait(120) == 0, one.stderr.read()
        one.stderr.close()
    for layer in image["layers"]:
        assert len([path for path in stock.paths() if path.endswith(layer["digest"])]) == 1


def test_the_settings_are_read_strictly(world, stock):
    """A mistake in registries.yaml is passed over."""
    _settings(world, f"  {stock.domain}: {{plain: true}}\n")
    result = world.aileron("sandbox", "pull", stock.reference())
    assert result.rc == 78 and "registries.yaml:3:" in result.err, result.describe()
