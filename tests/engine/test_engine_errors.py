"""What goes wrong with an engine is said, with what to do, and nothing is left of it."""

import contextlib
import json
import os
import socket
import threading
import time

import pytest

from lib import engines, process, stock

# One process has all of them, and so each engine is started once.
pytestmark = pytest.mark.xdist_group("engines")


def _launch(world, *flags, name: str = "docker", **more):
    return world.launch("true", flags=[f"--sandbox={name}", *flags], **more)


@pytest.mark.parametrize("name, variable, hint", [("docker", "DOCKER_HOST", "systemctl start docker"),
                                                  ("podman", "CONTAINER_HOST", "podman system service")])
def test_an_engine_that_is_not_there_is_named_with_what_starts_it(any_world, name, variable, hint):
    """Without an engine a launch goes on without one, or does not say what to do."""
    result = _launch(any_world, "--image", "x", name=name, env={variable: f"unix://{any_world.root}/none"})
    assert result.rc == 69 and variable in result.err and hint in result.err, result.describe()


@pytest.mark.parametrize("url", ["ssh://root@host.test", "tcp://127.0.0.1:1"])
def test_an_engine_elsewhere_is_refused(world, url):
    """A launch tries an engine whose descriptors cannot be had."""
    result = _launch(world, "--image", "x", env={"DOCKER_HOST": url})
    assert result.rc == 69 and url in result.err and "unix socket of this machine" in result.err, result.describe()


def test_a_context_of_docker_is_followed(docked):
    """The engine that docker's own client would use is not the one that is used."""
    import hashlib  # pylint: disable=import-outside-toplevel
    folder = os.path.join(docked.root, "docker")
    meta = {"Name": "mine", "Endpoints": {"docker": {"Host": docked.engine.url}}}
    docked.write(os.path.join(folder, "contexts/meta", hashlib.sha256(b"mine").hexdigest(), "meta.json"), json.dumps(meta))
    docked.write(os.path.join(folder, "config.json"), json.dumps({"currentContext": "mine"}))
    env = {"DOCKER_HOST": None, "DOCKER_CONFIG": folder}
    assert docked.launch("true", flags=docked.engine_flags, env=env).rc == 0
    result = docked.launch("true", flags=docked.engine_flags, env={**env, "DOCKER_CONTEXT": "other"})
    assert result.rc == 69 and 'context "other"' in result.err, result.describe()


@pytest.mark.parametrize("image, hint", [("oci:layout", "docker load"), ("", "--image")])
def test_what_is_no_image_of_an_engine_is_refused(docked, image, hint):
    """A file, or nothing, is taken for an image's name."""
    result = _launch(docked, *(["--image", image] if image else []))
    assert result.rc != 0 and hint in result.err, result.describe()


def test_an_image_that_is_nowhere_is_said_so(engined):
    """A launch of an image that neither the engine nor its registry has says nothing of it, or leaves something."""
    result = _launch(engined, "--image", "127.0.0.1:1/no/such:1", name=engined.engine.name)
    assert result.rc == 125 and "127.0.0.1:1/no/such:1" in result.err, result.describe()
    assert not engined.engine.containers()


def test_an_image_is_pulled_by_the_engine(docked):
    """The engine has no such image, and the launch gives up although its registry has."""
    from lib import images  # pylint: disable=import-outside-toplevel
    layout = images.Layout(os.path.join(docked.root, "stock"))
    layout.add("1", [images.busybox().tar()], Cmd=["sh"])
    registry = stock.Stock(layout)
    docked.servers.append(registry)
    result = docked.launch("sh", "-c", "echo pulled", flags=["--sandbox=docker", "--image", registry.reference("1")])
    assert result.rc == 0 and result.out == "pulled\n" and "pulls it" in result.err, result.describe()
    assert any("blobs/" in path for path in registry.paths())
    seen = len(registry.paths())
    assert docked.launch("true", flags=["--sandbox=docker", "--image", registry.reference("1")]).rc == 0
    assert len(registry.paths()) == seen, "an image that the engine has is asked for again"


def test_a_registry_that_is_silent_to_us_does_not_hold_the_engine_up(docked):
    """A pull waits long, and without a word, for a registry that answers the engine and not us; or it is counted twice."""
    from lib import images  # pylint: disable=import-outside-toplevel
    layout = images.Layout(os.path.join(docked.root, "stock"))
    layout.add("1", [images.busybox().tar()], Cmd=["sh"])
    registry = stock.Stock(layout)
    docked.servers.append(registry)
    docked.write(os.path.join(docked.config, "aileron/registries.yaml"),
                 f"version: 1\nregistries:\n  {registry.domain}: {{plain_http: true}}\n")
    ended = threading.Event()
    asked = []

    def answer(request):
        asked.append(request.command)
        if len(asked) == 1:
            ended.wait(60)
        registry.serve_blob(request, "1")
    registry.spoilt["1"] = answer
    before = time.monotonic()
    result = docked.launch("sh", "-c", "echo pulled", flags=["--sandbox=docker", "--image", registry.reference("1")])
    took = time.monotonic() - before
    ended.set()
    assert result.out == "pulled\n" and took < 20, (took, result.describe())
    assert f"asking {registry.domain} whether it wants a login" in result.err and asked[0] == "HEAD", result.describe()


class _Liar:
    """A socket on which every request gets the same bytes, or none."""

    def __init__(self, path: str, answer: bytes):
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        os.chmod(path, 0o666)
        self.listener.listen(8)
        self.answer = answer
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with connection, contextlib.suppress(BrokenPipeError, ConnectionResetError):
                while connection.recv(65536):
                    connection.sendall(self.answer)
                    if not self.answer:
                        break

    def close(self) -> None:
        """Ends it."""
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


def _http(body: str, status: str = "200 OK", headers: str = "") -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{headers}\r\n{body}".encode()


@pytest.mark.parametrize("answer", [
    b"", b"garbage\r\n\r\n", _http("[]"), _http('{"Id":"../../x","Config":{}}'), _http("x" * (70 << 20)),
    _http('{"message":"\\u001b[2Jno"}', "500 Oops"), _http('{"Id":"aa","Id":"bb","Config":{}}')],
    ids=["closes", "garbage", "list", "path", "huge", "escape", "twice"])
def test_an_engine_that_lies_is_not_followed(world, answer):
    """What is no answer of an engine is taken for one, or goes to the terminal as it is."""
    path = os.path.join(world.root, "liar")
    world.servers.append(_Liar(path, answer))
    result = _launch(world, "--image", "x", env={"DOCKER_HOST": f"unix://{path}"})
    assert result.rc in (69, 125) and "aileron: " in result.err and "\x1b" not in result.err, result.describe()


@pytest.mark.parametrize("known", ["[]", '{"Id":"sha256:' + "ab" * 32 + '","Config":{}}'], ids=["no-image", "no-archive"])
def test_an_export_that_is_none_spoils_nothing(world, known):
    """What a lying engine exports gets into the store, or is told without saying whose it is."""
    path = os.path.join(world.root, "liar")
    world.servers.append(_Liar(path, _http(known)))
    result = world.launch("true", flags=["--image", "docker-daemon:x/y:1"], env={"DOCKER_HOST": f"unix://{path}"})
    assert result.rc == 125 and "aileron: " in result.err, result.describe()
    assert world.json("sandbox", "cache", "list") == []
    assert os.listdir(os.path.join(world.cache, "aileron/images/partial")) == []


def test_somebody_elses_engine_is_not_used(worlds):
    """A launch goes to the engine of another user, who would see all of it."""
    world = worlds(uid=0)
    path = os.path.join(world.root, "other")
    child = world.start("setpriv", "--reuid", str(engines.ORDINARY), "--regid", str(engines.ORDINARY), "--clear-groups",
                        "python3", "-c", "import socket,sys,time\ns=socket.socket(socket.AF_UNIX)\ns.bind(sys.argv[1])\n"
                        "s.listen(4)\ntime.sleep(600)", path, cwd="/")
    os.chmod(world.root, 0o777)
    process.eventually(lambda: os.path.exists(path), "it listens")
    result = _launch(world, "--image", "x", env={"DOCKER_HOST": f"unix://{path}"})
    assert result.rc == 69 and str(engines.ORDINARY) in result.err and child.poll() is None, result.describe()


def test_doctor_tells_of_engines(engined):
    """`aileron doctor` does not say which engines there are."""
    found = {one["name"]: one for one in engined.json("doctor")}
    mine = found[f"{engined.engine.name} engine"]
    assert mine["state"] == "ok" and engined.engine.socket in mine["detail"], mine
    assert ("rootless" in mine["detail"]) == (engined.engine.name == "podman" and engined.uid != 0)


def test_more_folders_than_can_be_shown_are_refused(boxed):
    """With hundreds of mounts the launcher ends by a bug of its own."""
    data = os.path.dirname(boxed.write(os.path.join(boxed.root, "data", "x"), "x"))
    mounts = [flag for number in range(260) for flag in ("--mount", f"{data}:/tmp/m{number}:ro")]
    result = boxed.launch("true", flags=[*boxed.engine_flags, *mounts])
    assert result.rc == 125 and "folders of the host" in result.err, result.describe()
