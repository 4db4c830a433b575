"""Features out of registries and from the web: fetched once, pinned by digest, unpacked within bounds, asked about."""

import base64
import io
import json
import os
import re
import tarfile
import tempfile

import pytest

from lib import binary, builders, certificates, images, registry, sites
from lib.stock import Stock, cut_after

BASE = "dev.example/base:1"
REFERENCE = binary.REPOSITORY / "build/npm/node_modules/@devcontainers/cli/devcontainer.js"
_LAYER = "application/vnd.devcontainers.layer.v1+tar"


def _settings(world, text: str) -> None:
    world.write(os.path.join(world.config, "aileron", "registries.yaml"), "version: 1\nregistries:\n" + text)


@pytest.fixture
def real(world):
    """docker-registry, which the user has named as one without TLS."""
    made = registry.Open()
    _settings(world, f"  {made.domain}: {{plain_http: true}}\n")
    yield made
    made.close()


@pytest.fixture
def builder(world):
    """A real builder, and a base image in its storage."""
    one = builders.Builder(world)
    one.base(BASE, images.busybox("chmod", "cut", "echo"), Env=["PATH=/bin", "HOME=/root"])
    return one


def _source(world, name: str, install: str = "true", **members) -> str:
    """A feature's folder, as its author has it."""
    folder = f"{world.root}/sources/{name}"
    world.write(f"{folder}/devcontainer-feature.json", json.dumps({"id": name, "version": "1.2.3", "name": name, **members}))
    world.write(f"{folder}/install.sh", f"#!/bin/sh\nset -e\n{install}\n")
    return folder


def _publish(world, real) -> None:
    """All of them, by the reference implementation."""
    world.run("node", str(REFERENCE), "features", "publish", "-r", real.domain, "-n", "team/features",
              f"{world.root}/sources").ok()


def _config(world, **members) -> None:
    world.write(".devcontainer/devcontainer.json", json.dumps({"image": BASE, **members}))


def _built(world, *flags) -> dict:
    return json.loads(world.aileron("sandbox", "build", "--yes", "--json", *flags, timeout=120).ok().out)


def _tar(files: dict, mode: str = "w:gz") -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode=mode) as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(content), 0o755
            archive.addfile(info, io.BytesIO(content.encode()))
    return made.getvalue()


def test_a_published_feature_is_fetched_and_installed(world, real, builder):
    """What `devcontainer features publish` has pushed is not installed, or its needs are not."""
    _source(world, "tool", 'echo "$(id -un) $VERSION $OWN" >>/said; cat more >>/said',
            options={"version": {"type": "string", "default": "9"}}, dependsOn={f"{real.domain}/team/features/below:1": {}})
    world.write(f"{world.root}/sources/tool/more", "more\n")
    _source(world, "below", "echo below >>/said")
    _publish(world, real)
    _config(world, features={f"{real.domain}/team/features/tool:1": {"own": "x"}})
    asked = world.aileron("sandbox", "build")
    assert asked.rc == 77 and re.search(r"install\.sh of localhost:\d+/team/features/tool:1, fetched as sha256:[0-9a-f]{64}", asked.err), asked.describe()
    assert builder.runs() == [], "a feature has run before anybody agreed"
    built = _built(world)
    flags = ["--image", built["reference"]]
    assert world.launch("cat", "/said", flags=flags).ok().out == "below\nroot 9 x\nmore\n"
    # The registry is not asked for what is there; nor need it be.
    before = real.asked()
    assert _built(world) == {**built, "built": False} and real.asked() == before
    real.stop()
    assert os.listdir(f"{world.cache}/aileron/features/names")
    assert world.launch("cat", "/said", timeout=60).ok().out == "below\nroot 9 x\nmore\n"
    label = f"{real.domain}/team/features/tool:1"
    assert world.json("sandbox", "plan")["build"]["features"] == [f"{real.domain}/team/features/below:1", label]
    world.aileron("sandbox", "cache", "clear").ok()
    assert os.listdir(f"{world.cache}/aileron/features") == ["lock"]


def test_a_new_version_is_taken_when_it_is_asked_for(world, real, builder):
    """A tag that moved changes a build by itself, or --no-cache does not follow it, or nobody is asked again."""
    _source(world, "tool", "echo one >/said")
    _publish(world, real)
    _config(world, features={f"{real.domain}/team/features/tool:1": {}})
    first = _built(world)
    _source(world, "tool", "echo two >/said", version="1.2.4")
    _publish(world, real)
    assert _built(world) == {**first, "built": False}
    assert world.aileron("sandbox", "build", "--no-cache").rc == 77
    second = _built(world, "--no-cache")
    assert second["key"] != first["key"]
    assert world.launch("cat", "/said", flags=["--image", second["reference"]]).ok().out == "two\n"
    assert world.aileron("sandbox", "build", "--no-cache", timeout=120).rc == 0, "what was agreed to is asked about again"


def test_the_plan_fetches_nothing(world, real):
    """To look at a project makes this machine ask whom the project names."""
    _source(world, "tool")
    _publish(world, real)
    _config(world, features={f"{real.domain}/team/features/tool:1": {}})
    before = real.asked()
    assert "has not been fetched yet" in world.json("sandbox", "plan")["build"]["error"]
    assert real.asked() == before


SETS = {
    "by-name": (["b:1", "a:1", "c"], [], {}),
    "versions": (["a:1.2.3", "a:1.2", "b"], [], {}),
    "hard": (["a:1"], [], {"a": {"dependsOn": {"R/c:1": {"x": "1"}}}, "c": {"dependsOn": {"R/b:1": {}}}}),
    "soft": (["a:1", "b:1"], [], {"a": {"installsAfter": ["R/b", "R/c"]}}),
    "override": (["a:1", "b:1", "c:1"], ["R/c", "R/b"], {}),
    "former-soft": (["a:1", "z-old:1"], [], {"a": {"installsAfter": ["R/z"]}, "z": {"legacyIds": ["z-old"]}}),
    "former-soft-back": (["a:1", "z:1"], [], {"a": {"installsAfter": ["R/z-old"]}, "z": {"legacyIds": ["z-old"]}}),
    "former-both": (["z:1", "b:1", "z-old:1"], [], {"z": {"legacyIds": ["z-old"]}}),
    "former-override": (["b:1", "z-old:1"], ["R/z"], {"z": {"legacyIds": ["z-old"]}}),
    "options": (["a:1", "b:1"], [], {"b": {"dependsOn": {"R/a:1": {"v": "1"}}}}),
    "with-folders": (["b:1", "./local", "a:1"], [], {"b": {"installsAfter": ["R/a"]}}),
    "rounds": (["a:1", "b:1", "c:1", "d:1"], ["R/b"],
               {"a": {"installsAfter": ["R/d"]}, "b": {"installsAfter": ["R/c"]}, "c": {"dependsOn": {"R/d:1": {}}}}),
}


@pytest.mark.parametrize("case", SETS)
def test_the_order_is_that_of_the_reference(world, real, case):
    """A feature of a registry comes before what it needs, or elsewhere than where its author tried it."""
    wanted, first, members = SETS[case]
    spelled = lambda text: text.replace("R/", f"{real.domain}/team/features/")
    for name in "abcdz":
        more = json.loads(spelled(json.dumps(members.get(name, {}))))
        _source(world, name, options={"v": {"type": "string", "default": "0"}, "x": {"type": "string", "default": "0"}}, **more)
    _publish(world, real)
    world.write(".devcontainer/local/devcontainer-feature.json", '{"id": "local", "version": "1.0.0"}')
    world.write(".devcontainer/local/install.sh", "true\n")
    _config(world, features={one if one.startswith(".") else spelled(f"R/{one}"): {} for one in wanted},
            overrideFeatureInstallOrder=[spelled(one) for one in first])
    said = world.run("node", str(REFERENCE), "features", "resolve-dependencies", "--workspace-folder", world.workspace).ok().out
    theirs = [one["id"] for one in json.loads(said[re.search(r"(?m)^\{", said).start():])["installOrder"]]
    assert world.aileron("sandbox", "build").rc in (69, 77)  # fetches; nothing is agreed to
    # The reference names an artifact by its digest.
    ours = [one.rsplit(":", 1)[0] if one.count(":") == 2 else one for one in world.json("sandbox", "plan")["build"]["features"]]
    plain = [one.split("@")[0] if "@" in one else one.rsplit(":", 1)[0] if one.count(":") == 2 else one for one in theirs]
    assert ours == plain and len(plain) >= 2, theirs


class _Shelf:
    """A feature in a registry of the test's own."""

    def __init__(self, world, layer: bytes, kind: str = "application/vnd.devcontainers", layer_kind: str = _LAYER, **more):
        self.layout = images.Layout(tempfile.mkdtemp(dir=world.root) + "/shelf")
        self.layer = self._blob(layer)
        manifest = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
                    "config": {"mediaType": kind, "digest": self._blob(b"{}"), "size": 2},
                    "layers": [{"mediaType": layer_kind, "digest": self.layer, "size": len(layer), **more}]}
        data = json.dumps(manifest).encode()
        self.manifest = self._blob(data)
        self.layout.manifests.append({"mediaType": manifest["mediaType"], "digest": self.manifest, "size": len(data),
                                      "annotations": {"org.opencontainers.image.ref.name": "1"}})
        self.stock = Stock(self.layout)
        _settings(world, f"  {self.stock.domain}: {{plain_http: true}}\n")

    def _blob(self, data: bytes) -> str:
        name = images.digest(data)
        os.makedirs(os.path.dirname(self.layout.path(name)), exist_ok=True)
        with open(self.layout.path(name), "wb") as file:
            file.write(data)
        return name


_GOOD = {"./devcontainer-feature.json": '{"id": "app"}', "./install.sh": "true\n"}


@pytest.fixture
def shelf(world):
    """Makes one, and names it in the project's file."""
    made = []

    def make(layer: bytes, **more) -> _Shelf:
        one = _Shelf(world, layer, **more)
        made.append(one)
        _config(world, features={f"127.0.0.1:{one.stock.port}/team/app:1": {}})
        return one

    yield make
    for one in made:
        one.stock.close()


def _refused(world, *texts, rc=None):
    result = world.aileron("sandbox", "build", "--yes", timeout=180)
    assert result.rc not in (0, 134, 139) and (rc is None or result.rc == rc), result.describe()
    for text in texts:
        assert text in result.err, result.describe()
    assert not os.listdir(f"{world.cache}/aileron/features/names")
    assert not os.path.exists(f"{world.cache}/aileron/features/content/new")
    return result


@pytest.mark.parametrize("what", ["layer", "manifest"])
def test_a_registry_that_lies_is_caught(world, shelf, builder, what):
    """A feature is not what its digest says, and is installed."""
    one = shelf(_tar(_GOOD, "w"))
    name = {"layer": one.layer, "manifest": one.manifest}[what]
    data, kind = one.stock.find(name)
    lie = data.replace(b"true\n", b"evil\n") if what == "layer" else data.replace(b'"size": 2', b'"size": 3')
    assert lie != data
    one.stock.spoilt[name] = lambda request: request.answer(lie, kind=kind)
    if what == "manifest":
        _config(world, features={f"127.0.0.1:{one.stock.port}/team/app@{one.manifest}": {}})
    _refused(world, name.split(":")[1])
    assert builder.runs() == []
    del one.stock.spoilt[name]
    _built(world)


def test_a_registry_that_cuts_is_gone_on_with(world, shelf, builder):
    """A connection that breaks ends the build."""
    one = shelf(_tar({**_GOOD, "./big": os.urandom(1 << 20).hex()}))
    cut_after(one.stock, one.layer, 300_000, times=2)
    _built(world)


def test_what_is_no_feature_is_named(world, shelf, builder):
    """Something else of a registry is unpacked."""
    shelf(_tar(_GOOD), kind="application/vnd.oci.image.config.v1+json")
    _refused(world, "it is no feature")
    shelf(_tar(_GOOD), layer_kind="application/vnd.oci.image.layer.v1.tar+gzip")
    _refused(world, "a feature has one layer")
    shelf(b"no tar")
    _refused(world, "team/app", rc=78)
    for files, text in (({"./install.sh": ""}, "has no devcontainer-feature.json"),
                        ({"./devcontainer-feature.json": '{"id": "app"}'}, "has no install.sh")):
        shelf(_tar(files))
        result = world.aileron("sandbox", "build", "--yes")
        assert result.rc == 78 and text in result.err, result.describe()


def test_it_stays_in_its_folder_and_within_bounds(world, shelf, builder):
    """A feature's archive writes elsewhere, or fills the disk."""
    canary = f"{world.root}/canary"
    for hostile in ({"../../../canary": "x"}, {canary: "x"}, {"./a/../../../../canary": "x"}):
        shelf(_tar({**_GOOD, **hostile}))
        world.aileron("sandbox", "build", "--yes", timeout=120)
        assert not os.path.exists(canary)
    # The twin: the same archive is written elsewhere by who follows it.
    with tarfile.open(fileobj=io.BytesIO(_tar({"../canary": "x"}))) as archive:
        inside = f"{world.root}/inside"
        os.mkdir(inside)
        archive.extractall(inside)  # nosec: that is what it shows
    assert os.path.exists(canary)
    bomb = io.BytesIO()
    with tarfile.open(fileobj=bomb, mode="w:gz") as archive:
        info = tarfile.TarInfo("zeros")
        info.size = 2 << 30
        archive.addfile(info, _Zeros())
    shelf(bomb.getvalue())
    assert world.aileron("sandbox", "build", "--yes", timeout=180).rc == 78
    assert not os.path.exists(f"{world.cache}/aileron/features/content/new")
    # A link to a file of this machine is a link in the image, and no copy of the file.
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        for name, content in _GOOD.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content.encode()))
        link = tarfile.TarInfo("devcontainer-feature.json")
        link.type, link.linkname = tarfile.SYMTYPE, f"{world.root}/secret"
        archive.addfile(link)
    world.write(f"{world.root}/secret", "canary-of-the-home")
    shelf(made.getvalue())
    result = world.aileron("sandbox", "build", "--yes")
    assert result.rc == 78 and "canary-of-the-home" not in result.err, result.describe()


class _Zeros:
    """A file of zeros without an end."""

    def read(self, size: int) -> bytes:
        """The next ones."""
        return bytes(size)


def test_a_folder_that_an_agent_writes_has_nobody_asked(world, real, builder):
    """What an agent writes into a folder of the project goes out in the name of a feature."""
    world.write(".devcontainer/tool/devcontainer-feature.json",
                json.dumps({"id": "tool", "dependsOn": {f"{real.domain}/team/stolen-words:1": {}}}))
    world.write(".devcontainer/tool/install.sh", "true\n")
    _config(world, features={"./tool": {}})
    before = real.asked()
    result = world.aileron("sandbox", "build", "--yes")
    assert result.rc == 77 and "name the same in features of devcontainer.json" in result.err, result.describe()
    assert real.asked() == before
    # The twin: named by the file it is asked for.
    _config(world, features={"./tool": {}, f"{real.domain}/team/stolen-words:1": {}})
    assert world.aileron("sandbox", "build", "--yes").rc == 78 and "stolen-words" in real.asked()


def test_without_tls_only_who_is_named_is_asked(world, real, builder):
    """A feature is fetched without TLS from a registry that the user has not named."""
    _source(world, "tool")
    _publish(world, real)
    _settings(world, "  other.example: {plain_http: true}\n")
    _config(world, features={f"{real.domain}/team/features/tool:1": {}})
    before = real.asked()
    _refused(world, rc=69)
    assert real.asked() == before


def test_a_tarball_is_fetched_and_pinned(world, builder):
    """A feature that is a tarball is not installed, or another one by the same URL is without a question."""
    site = sites.Site("127.0.0.1")
    bodies = {"/devcontainer-feature-app.tgz": _tar({**_GOOD, "./install.sh": "#!/bin/sh\necho one >/said\n"})}
    for path in bodies:
        site.routes[path] = lambda request, path=path: request.answer(bodies[path])
    domain = f"127.0.0.1:{site.port}"
    _settings(world, f"  {domain}: {{ca: {certificates.shared().certificate}}}\n")
    _config(world, features={f"https://{domain}/devcontainer-feature-app.tgz": {}})
    built = _built(world)
    assert world.launch("cat", "/said", flags=["--image", built["reference"]]).ok().out == "one\n"
    asked = len(site.seen())
    bodies["/devcontainer-feature-app.tgz"] = _tar({**_GOOD, "./install.sh": "#!/bin/sh\necho two >/said\n"})
    assert _built(world) == {**built, "built": False} and len(site.seen()) == asked
    assert world.aileron("sandbox", "build", "--no-cache").rc == 77
    assert _built(world, "--no-cache")["key"] != built["key"]
    site.routes["/devcontainer-feature-none.tgz"] = lambda request: request.answer("none", 404)
    _config(world, features={f"https://{domain}/devcontainer-feature-none.tgz": {}})
    result = world.aileron("sandbox", "build", "--yes")
    assert result.rc == 78 and "is not there" in result.err, result.describe()
    site.close()


def test_a_login_is_used(world, builder):
    """A feature of a registry that wants a login is not had with docker's, or is had without."""
    user, password = "puller", "pull-canary-41c2"
    locked = registry.Registry("127.0.0.1", user, password)
    _settings(world, f"  127.0.0.1:{locked.port}: {{ca: {certificates.shared().certificate}}}\n")
    _config(world, features={f"127.0.0.1:{locked.port}/{registry.IMAGE}:1": {}})
    assert world.aileron("sandbox", "build", "--yes").rc == 77
    pair = base64.b64encode(f"{user}:{password}".encode()).decode()
    world.write(f"{world.root}/docker/config.json", json.dumps({"auths": {f"127.0.0.1:{locked.port}": {"auth": pair}}}), 0o600)
    world.env["DOCKER_CONFIG"] = f"{world.root}/docker"
    result = world.aileron("sandbox", "build", "--yes")
    assert result.rc == 78 and "it is no feature" in result.err, result.describe()
    locked.close()


def test_a_lock_is_what_the_reference_writes_and_holds(world, real, builder):
    """--lock writes another file than the reference, or a tag that moved changes what is locked."""
    _source(world, "base", "true")
    _source(world, "tool", "echo one >/said", dependsOn={f"{real.domain}/team/features/base:1": {}})
    _publish(world, real)
    _config(world, features={f"{real.domain}/team/features/tool:1": {}})
    first = _built(world, "--lock")
    lock = world.read(".devcontainer/devcontainer-lock.json")
    theirs = world.run("node", str(REFERENCE), "upgrade", "--dry-run", "--workspace-folder", world.workspace).ok().out
    assert json.loads(lock) == json.loads(theirs[theirs.index("{"):]), theirs
    _source(world, "tool", "echo two >/said", version="1.2.4")
    _publish(world, real)
    for name in os.listdir(f"{world.cache}/aileron/features/names"):
        os.unlink(f"{world.cache}/aileron/features/names/{name}")
    # Nobody is asked what the tag means, also not by --no-cache.
    assert _built(world) == {**first, "built": False}
    assert _built(world, "--no-cache")["key"] == first["key"]
    assert world.read(".devcontainer/devcontainer-lock.json") == lock
    again = _built(world, "--lock")
    assert again["key"] != first["key"] and world.read(".devcontainer/devcontainer-lock.json") != lock
    assert world.launch("cat", "/said", flags=["--image", again["reference"]]).ok().out == "two\n"


def test_what_is_not_as_it_is_locked_is_refused(world, builder):
    """A feature of another digest than the lock's is built, or a lock leads elsewhere."""
    site = sites.Site("127.0.0.1")
    path = "/devcontainer-feature-app.tgz"
    bodies = [_tar({**_GOOD, "./install.sh": "#!/bin/sh\necho one >/said\n"})]
    site.routes[path] = lambda request: request.answer(bodies[0])
    domain = f"127.0.0.1:{site.port}"
    _settings(world, f"  {domain}: {{ca: {certificates.shared().certificate}}}\n")
    _config(world, features={f"https://{domain}{path}": {}})
    _built(world, "--lock")
    name = ".devcontainer/devcontainer-lock.json"
    lock = world.read(name)
    bodies[0] = _tar({**_GOOD, "./install.sh": "#!/bin/sh\necho evil >/said\n"})
    for flags in (["--no-cache"], []):
        if not flags:
            world.write(name, re.sub("[0-9a-f]{64}", "0" * 64, lock))
        result = world.aileron("sandbox", "build", "--yes", *flags)
        assert result.rc == 78 and "--lock" in result.err, result.describe()
    for wrong, what in (("{", "devcontainer-lock.json"), (lock.replace(f'"https://{domain}{path}",', '"https://evil/x.tgz",'), "resolved")):
        world.write(name, wrong)
        result = world.aileron("sandbox", "build", "--yes")
        assert result.rc == 78 and what in result.err and "--lock" in result.err, result.describe()
        launched = world.launch("true")
        assert launched.rc == 78 and what in launched.err, launched.describe()
    # No link of an agent's is read or written through.
    os.unlink(f"{world.workspace}/{name}")
    outside = world.write(f"{world.root}/outside", "mine")
    os.symlink(outside, f"{world.workspace}/{name}")
    assert world.aileron("sandbox", "build", "--yes").rc == 78
    mine = world.write(f"{name}.new", "mine")
    _built(world, "--lock")
    assert world.read(mine) == "mine"
    os.unlink(mine)
    assert world.read(outside) == "mine" and not os.path.islink(f"{world.workspace}/{name}")
    site.close()


def test_nobody_is_asked_for_what_a_lock_names_before_a_person_agreed(world, builder):
    """A lock that somebody put there sends what he chose to a registry with the next launch, or takes an older version."""
    site = sites.Site("127.0.0.1")
    domain = f"127.0.0.1:{site.port}"
    _settings(world, f"  {domain}: {{ca: {certificates.shared().certificate}}}\n")
    world.write(".devcontainer.json", json.dumps({"image": BASE, "features": {f"{domain}/a/b:1": {}}}))
    digest = "sha256:" + "5ec2e7" * 10 + "0000"
    lock = json.dumps({"features": {f"{domain}/a/b:1": {"version": "1.0.0", "resolved": f"{domain}/a/b@{digest}", "integrity": digest}}})
    # Of the agent's hand there is none.
    planted = world.shell(f"echo '{lock}' > .devcontainer-lock.json; mkdir -p sub; true", flags=["--no-devcontainer"])
    assert not os.path.exists(f"{world.workspace}/.devcontainer-lock.json"), planted.describe()
    world.write(".devcontainer-lock.json", lock)
    for flags in ([], ["--unattended"]):
        result = world.launch("true", flags=flags)
        assert result.rc == 125 and ".devcontainer-lock.json" in result.err and "sandbox build" in result.err, result.describe()
    for words in (["build"], ["warm"]):
        result = world.aileron("sandbox", *words)
        assert result.rc == 77 and "nothing that it names is fetched" in result.err, result.describe()
    assert site.requests == [], site.requests
    # The canary: with a person's word it goes out.
    assert world.aileron("sandbox", "build", "--yes").rc != 0
    assert any(digest in seen.target for seen in site.requests), site.requests
    assert {"lock"} == {one["state"] for one in world.json("policy", "trusted") if one["path"].endswith("#lock")}
    site.close()
