"""Engines: docker and podman, the real ones, started for the tests with storage of their own; and OCI runtimes.

docker runs as root, and an ordinary user reaches it as one who is in its group; podman runs as root, and without
root as the ordinary user's own. Both are served on a unix socket, without networks.
"""

import contextlib
import glob
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


def _box():
    return images.busybox("ps", "dd", "tty", "hostname", "kill", "chmod", "nc", "wc", "umount", "cp", "mv")


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
        self.load(IMAGE, _box(), Cmd=["sh"], Env=["OF_IMAGE=yes"])

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

    @property
    def driver(self) -> str:
        """What --sandbox calls it."""
        return self.name

    @property
    def rootless(self) -> bool:
        """Whether it has no more rights than an ordinary user."""
        return self.name == "podman" and self.uid != 0

    def flags(self, name: str = IMAGE) -> list:
        """Of a launch in a container of an image."""
        return [*self.sandbox_flags, "--image", self.reference(name)]

    @property
    def sandbox_flags(self) -> list:
        """The same, without an image."""
        return [f"--sandbox={self.name}"]

    def reference(self, name: str = IMAGE) -> str:  # pylint: disable=no-self-use
        """What a launch calls that image."""
        return name

    @property
    def file_flags(self) -> list:
        """Of a launch whose devcontainer.json names IMAGE, which no registry has."""
        return self.flags()

    def kill(self, container: str) -> None:
        """Ends a container by hand."""
        self.run("kill", container)

    def stop(self, container: str) -> None:
        """Asks it to end."""
        self.run("stop", "--time", "20", container)

    # What its folders begin with in the launcher's runtime folder.
    left = "enter-"

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


class Runtime:
    """An OCI runtime: images are in a layout, containers in the folders of a world's launches."""

    driver = "oci"
    left = "oci-"

    def __init__(self, name: str, uid: int):
        self.name, self.uid = name, uid
        self.rootless = uid != 0
        self.program = self.find(name)
        self.folder = tempfile.mkdtemp(prefix="ale-", dir="/tmp")
        os.chmod(self.folder, 0o755)
        self.layout = images.Layout(f"{self.folder}/layout")
        self.folders = None  # of the launches
        self.load(IMAGE, _box(), Cmd=["sh"], Env=["OF_IMAGE=yes"])

    @staticmethod
    def find(name: str) -> str:
        """The program, also where an ordinary user of Debian does not look."""
        program = shutil.which(name, path="/usr/bin:/usr/sbin:/usr/local/sbin")
        assert program, f"{name} is not installed"
        return program

    @staticmethod
    def _tag(name: str) -> str:
        return name.replace("/", "-").replace(":", "-")

    def load(self, name: str, *layers, **run) -> None:
        """An image by that name."""
        self.layout.add(self._tag(name), [one.tar() for one in layers], **run)

    def reference(self, name: str = IMAGE) -> str:
        """What a launch calls that image."""
        return f"oci:{self.folder}/layout:{self._tag(name)}"

    @property
    def file_flags(self) -> list:
        """Of a launch whose devcontainer.json names IMAGE, which no registry has."""
        return self.flags()

    def flags(self, name: str = IMAGE) -> list:
        """Of a launch in a container of an image."""
        return [*self.sandbox_flags, "--image", self.reference(name)]

    @property
    def sandbox_flags(self) -> list:
        """The same, without an image."""
        return ["--sandbox=oci", f"--runtime={self.name}"]

    def image_id(self, name: str = IMAGE) -> str:
        """sha256:…"""
        with open(f"{self.folder}/layout/index.json", encoding="utf-8") as file:
            found, = [one["digest"] for one in json.load(file)["manifests"]
                      if one["annotations"]["org.opencontainers.image.ref.name"] == self._tag(name)]
        return found

    def states(self) -> dict:
        """Container → the folder with its state."""
        return {os.path.basename(path): os.path.dirname(path)
                for path in glob.glob(f"{self.folders}/oci-*/state/aileron-*")}

    def containers(self) -> list:
        """All that the runtime keeps a state of."""
        return list(self.states())

    def config(self, container: str) -> dict:
        """Of its bundle."""
        with open(os.path.join(self.states()[container], "../bundle/config.json"), encoding="utf-8") as file:
            return json.load(file)

    def run(self, container: str, *words) -> process.Result:
        """The runtime's own command line."""
        return process.run([self.program, "--root", self.states()[container], *words], env={"PATH": os.environ["PATH"]})

    def kill(self, container: str) -> None:
        """Ends a container by hand."""
        self.run(container, "kill", container, "KILL").ok()

    def stop(self, container: str) -> None:
        """Asks it to end."""
        self.run(container, "kill", container, "TERM").ok()

    def close(self) -> None:
        """Removes its images."""
        shutil.rmtree(self.folder, ignore_errors=True)


class Engines:
    """Those that a run of tests has asked for, each started once."""

    def __init__(self):
        self._started = {}

    def get(self, name: str, uid: int) -> Engine:
        """`uid` is whose it is; of docker, whose group its socket is."""
        key = (name, uid)
        if key not in self._started:
            self._started[key] = (Runtime if name in RUNTIMES else Engine)(name, uid)
        return self._started[key]

    def close(self) -> None:
        """Ends all of them."""
        for engine in self._started.values():
            engine.close()


# As tests name them: the engine, whose it is (of docker, whose group may speak to it), and who uses it.
KINDS = {"docker": ("docker", ORDINARY, 0), "docker-group": ("docker", ORDINARY, ORDINARY),
         "podman": ("podman", 0, 0), "podman-rootless": ("podman", ORDINARY, ORDINARY)}
RUNTIMES = ("crun", "runc")
OCI_KINDS = {"oci-crun": ("crun", 0, 0), "oci-crun-rootless": ("crun", ORDINARY, ORDINARY),
             "oci-runc": ("runc", 0, 0), "oci-runc-rootless": ("runc", ORDINARY, ORDINARY)}


def use(world, engine):
    """The world's launches go to the engine."""
    world.engine = engine
    world.engine_flags = engine.flags()
    if isinstance(engine, Runtime):
        engine.folders = os.path.join(world.runtime, "aileron")
        return world
    world.env["DOCKER_HOST" if engine.name == "docker" else "CONTAINER_HOST"] = engine.url
    return world
