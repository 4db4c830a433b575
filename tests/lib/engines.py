"""Engines: docker and podman, the real ones, started for the tests with storage of their own.

docker runs as root, and an ordinary user reaches it as one who is in its group; podman runs as root, and without
root as the ordinary user's own. Both are served on a unix socket, without networks.
"""

import contextlib
import json
import os
import shutil
import subprocess
import tempfile

from lib import images, leaks, process
from lib.world import ORDINARY

# What Debian's podman takes for granted, and a machine without systemd has not.
_CONTAINERS = """[containers]
default_ulimits = ["nofile=4096:4096", "nproc=4096:4096"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
"""
# As docker takes what is on this machine: the tests' own authority is not the machine's.
_REGISTRIES = 'unqualified-search-registries = []\n[[registry]]\nlocation = "127.0.0.1"\ninsecure = true\n'
IMAGE = "localhost/tests/box:1"


class Engine:
    """One engine, and its own command line for comparison."""

    def __init__(self, name: str, uid: int):
        self.name, self.uid = name, uid
        self.folder = tempfile.mkdtemp(prefix="ale-", dir="/tmp")
        os.chmod(self.folder, 0o755)
        self.socket = f"{self.folder}/run/sock"
        self.url = f"unix://{self.socket}"
        for folder in ("run", "home", "data"):
            os.mkdir(f"{self.folder}/{folder}", 0o700 if name == "podman" else 0o755)
            os.chown(f"{self.folder}/{folder}", uid, uid)
        self.env = {"HOME": f"{self.folder}/home", "PATH": os.environ["PATH"], "XDG_RUNTIME_DIR": f"{self.folder}/run"}
        self.server = self._serve()
        process.eventually(lambda: self.run(*self._ready(), check=False).rc == 0, f"{name} answers", 60)
        self.load(IMAGE, images.busybox("ps", "dd", "tty", "hostname", "kill", "chmod", "nc", "wc",
                                        "umount", "cp", "mv"), Cmd=["sh"], Env=["OF_IMAGE=yes"])

    def _write(self, name: str, text: str) -> str:
        path = f"{self.folder}/{name}"
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, 0o644)
        return path

    def _start(self, *argv) -> subprocess.Popen:
        log = open(f"{self.folder}/log", "ab")  # pylint: disable=consider-using-with
        options = {} if self.uid == os.geteuid() or self.name == "docker" else {
            "user": self.uid, "group": self.uid, "extra_groups": []}
        with log:
            return subprocess.Popen(argv, env=self.env, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                    cwd=f"{self.folder}/home", start_new_session=True, **options)

    def _serve(self) -> subprocess.Popen:
        if self.name == "docker":
            self.env["DOCKER_HOST"] = self.url
            # Without rules of its own for the machine's network, and the socket for one group.
            return self._start("dockerd", "--data-root", f"{self.folder}/data", "--exec-root", f"{self.folder}/run/exec",
                               "--pidfile", f"{self.folder}/run/pid", "--host", self.url, "--group", str(self.uid),
                               "--storage-driver", "overlay2", "--iptables=false", "--ip-forward=false",
                               "--bridge=none", "--insecure-registry", "127.0.0.0/8")
        driver = "overlay" if self.uid == 0 else "vfs"
        self.env["CONTAINERS_CONF"] = self._write("containers.conf", _CONTAINERS)
        self.env["CONTAINERS_REGISTRIES_CONF"] = self._write("registries.conf", _REGISTRIES)
        self.env["CONTAINERS_STORAGE_CONF"] = self._write(
            "storage.conf", f'[storage]\ndriver = "{driver}"\ngraphroot = "{self.folder}/data/root"\n'
            f'rootless_storage_path = "{self.folder}/data/root"\nrunroot = "{self.folder}/run/storage"\n')
        return self._start("podman", "system", "service", "--time", "0", self.url)

    def _ready(self) -> list:
        return ["version"] if self.name == "docker" else ["--remote", "--url", self.url, "version"]

    def run(self, *words, check: bool = True) -> process.Result:
        """The engine's own command line."""
        options = {} if self.uid == os.geteuid() or self.name == "docker" else {
            "user": self.uid, "group": self.uid, "extra_groups": []}
        result = process.run([self.name, *words], env=self.env, cwd=f"{self.folder}/home", timeout=120, **options)
        return result.ok() if check else result

    def load(self, name: str, *layers, **run) -> None:
        """An image by that name."""
        with tempfile.TemporaryDirectory(prefix="images-", dir=self.folder) as folder:
            os.chmod(folder, 0o755)
            made = images.Layout(f"{folder}/layout")
            made.add("it", [one.tar() for one in layers], **run)
            images.copy(f"oci:{folder}/layout:it", f"docker-archive:{folder}/it.tar:{name}")
            os.chmod(f"{folder}/it.tar", 0o644)
            self.run("load", "--input", f"{folder}/it.tar")

    def containers(self) -> list:
        """The ids of all containers, those that have ended too."""
        return self.run("ps", "--all", "--quiet", "--no-trunc").out.split()

    def inspect(self, container: str) -> dict:
        """All that whoever may speak to the engine sees of a container."""
        return json.loads(self.run("inspect", container).out)[0]

    def image_id(self, name: str = IMAGE) -> str:
        """sha256:…"""
        return "sha256:" + self.run("image", "inspect", "--format", "{{.Id}}", name).out.strip().removeprefix("sha256:")

    def close(self) -> None:
        """Ends it, with all that it has started."""
        known = {one.pid for one in process.descendants()}
        below = [one.pid for one in process.descendants(self.server.pid)]
        self.server.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.server.wait(20)
        pause = f"{self.folder}/run/libpod/tmp/pause.pid"
        if os.path.exists(pause):
            with open(pause, encoding="ascii") as file:
                below.append(int(file.read()))
        for pid in [*below, self.server.pid]:
            if pid in known:
                process.end(pid)
        for line in reversed(leaks.mounts(self.folder)):
            process.run(["umount", "--lazy", line.split()[4]])
        shutil.rmtree(self.folder, ignore_errors=True)


class Engines:
    """Those that a run of tests has asked for, each started once."""

    def __init__(self):
        self._started = {}

    def get(self, name: str, uid: int) -> Engine:
        """`uid` is whose it is; of docker, whose group its socket is."""
        key = (name, uid)
        if key not in self._started:
            self._started[key] = Engine(name, uid)
        return self._started[key]

    def close(self) -> None:
        """Ends all of them."""
        for engine in self._started.values():
            engine.close()


# As tests name them: the engine, whose it is (of docker, whose group may speak to it), and who uses it.
KINDS = {"docker": ("docker", ORDINARY, 0), "docker-group": ("docker", ORDINARY, ORDINARY),
         "podman": ("podman", 0, 0), "podman-rootless": ("podman", ORDINARY, ORDINARY)}


def use(world, engine: Engine):
    """The world's launches go to the engine."""
    world.engine = engine
    world.env["DOCKER_HOST" if engine.name == "docker" else "CONTAINER_HOST"] = engine.url
    world.engine_flags = [f"--sandbox={engine.name}", "--image", IMAGE]
    return world
