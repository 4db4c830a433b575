#!/usr/bin/python3
"""How long a launch in a container takes, beside the engine's own command.

docker and podman are started with storage of their own; each round runs /bin/true in the same image by the
engine's command and by a launch. README.md says what the figure means.
"""

import argparse
import io
import os
import shlex
import shutil
import subprocess
import tarfile
import time

from lib import machine, processes, results, samples, table
from lib.layout import Layout
from lib.world import World, binary

_TARGET = 1.15  # times the engine's own run --rm
_IMAGE = "localhost/bench/debian:1"
_WARM_UP = 3
_CONTAINERS = """[containers]
default_ulimits = ["nofile=4096:4096", "nproc=4096:4096"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
"""
# What /bin/true of this machine's Debian needs.
_FILES = ["/bin/true", "/lib64/ld-linux-x86-64.so.2", "/lib/x86_64-linux-gnu/libc.so.6"]


def make_image(folder: str) -> str:
    """An archive that both engines load."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w") as tar:
        for path in _FILES:
            tar.add(os.path.realpath(path), arcname=path.lstrip("/"))
    Layout(f"{folder}/layout").add("1", [raw.getvalue()])
    archive = f"{folder}/image.tar"
    subprocess.run(["skopeo", "--insecure-policy", "copy", "--quiet", f"oci:{folder}/layout:1",
                    f"docker-archive:{archive}:{_IMAGE}"], check=True)
    return archive


class Engine:
    """One of them, on a socket in `folder`."""

    def __init__(self, name: str, folder: str, archive: str):
        self.name, self.folder = name, folder
        os.makedirs(f"{folder}/run")
        self.url = f"unix://{folder}/run/sock"
        # With CONTAINER_HOST podman itself would be a client of its service.
        self.env = {"PATH": os.environ["PATH"], "HOME": folder, "DOCKER_HOST": self.url}
        if name == "docker":
            server = ["dockerd", "--data-root", f"{folder}/data", "--exec-root", f"{folder}/run/exec", "--pidfile",
                      f"{folder}/run/pid", "--host", self.url, "--storage-driver", "overlay2", "--iptables=false",
                      "--ip-forward=false", "--bridge=none"]
            ready = ["docker", "version"]
        else:
            self.env["CONTAINERS_CONF"] = self._write("containers.conf", _CONTAINERS)
            self.env["CONTAINERS_STORAGE_CONF"] = self._write(
                "storage.conf", f'[storage]\ndriver = "overlay"\ngraphroot = "{folder}/data"\nrunroot = "{folder}/run/storage"\n')
            server = ["podman", "system", "service", "--time", "0", self.url]
            ready = ["podman", "--remote", "--url", self.url, "version"]
        with open(f"{folder}/log", "wb") as log:
            self._process = subprocess.Popen(server, env=self.env, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        processes.await_true(lambda: subprocess.run(ready, env=self.env, check=False, capture_output=True).returncode == 0,
                             f"{name} has not started")
        subprocess.run([name, "load", "--input", archive], env=self.env, check=True, capture_output=True)

    def _write(self, name: str, text: str) -> str:
        path = f"{self.folder}/{name}"
        with open(path, "w", encoding="ascii") as file:
            file.write(text)
        return path

    def none_left(self) -> None:
        """Waits until it has no container."""
        processes.await_true(lambda: not subprocess.run([self.name, "ps", "--all", "--quiet"], env=self.env, check=True,
                                                        capture_output=True).stdout, f"{self.name} keeps a container")

    def close(self) -> None:
        """Stops it."""
        processes.end(self._process)


def commands(world: World, engine: Engine) -> dict:
    """What is compared."""
    image = ["--network", "none", "--read-only", _IMAGE, "/bin/true"]
    own = {f"{engine.name} run --rm": [engine.name, "run", "--rm", *image]}
    if engine.name == "podman":
        own["podman --remote run --rm"] = ["podman", "--remote", "--url", engine.url, "run", "--rm", *image]
    return {**own, f"aileron, {engine.name}": [world.aileron, "launch", f"--sandbox={engine.name}", "--image", _IMAGE,
                                               "--", "/bin/true"]}


def measure(world: World, engine: Engine, rounds: int) -> dict:
    """Name → milliseconds of each round. Containers of the round before are gone."""
    compared = commands(world, engine)
    times = {name: [] for name in compared}
    for turn in range(-_WARM_UP, rounds):
        for name, command in compared.items():
            engine.none_left()
            ours = {**world.env, "DOCKER_HOST": engine.url, "CONTAINER_HOST": engine.url}
            begin = time.perf_counter()
            done = subprocess.run(command, env=ours if name.startswith("aileron") else engine.env, cwd=world.workspace, check=False, stdin=subprocess.DEVNULL,
                                  stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
            took = (time.perf_counter() - begin) * 1e3
            if done.returncode:
                raise SystemExit(f"bench: {shlex.join(command)} failed:\n{done.stderr}")
            if turn >= 0:
                times[name].append(took)
    return times


def print_all(result: dict) -> None:
    """Everything, as Markdown."""
    print("## ./dev bench engines\n")
    print(machine.describe(result["machine"], result["versions"]))
    print("\nThe commands, each to its end:\n")
    for name, command in result["commands"].items():
        print(f"- {name}: `{shlex.join(command)}`")
    for engine, times in result["times_ms"].items():
        own = samples.median(times[f"{engine} run --rm"])
        rows = [[name, *(table.number(value, 0) for value in (min(values), samples.median(values), max(values))),
                 table.number(samples.ratio(samples.median(values), own), 2)] for name, values in times.items()]
        count = len(next(iter(times.values())))
        print(f"\n### /bin/true in a container of {engine}, {count} interleaved rounds, ms\n")
        print(table.render(["command", "least", "median", "most", f"median / {engine} run"], rows))
        factor = samples.ratio(samples.median(times[f"aileron, {engine}"]), own)
        print(f"\nTarget: at most {_TARGET:g} × {engine} run --rm: "
              + table.verdict(factor, _TARGET, smaller_is_better=True) + ".")


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=30, help="rounds (30)")
    results.add_flags(parser)
    options = parser.parse_args()
    if os.geteuid():
        raise SystemExit("bench: dockerd needs root; run ./dev bench engines as root")
    result = {"machine": machine.facts(), "commands": {}, "times_ms": {},
              "versions": machine.versions(aileron=[str(binary()), "version"], podman=["podman", "--version"],
                                           docker=["dockerd", "--version"], runc=["runc", "--version"])}
    with World(0) as world:
        archive = make_image(world.root)
        for name in ("docker", "podman"):
            engine = Engine(name, os.path.join(world.root, name), archive)
            try:
                result["commands"] |= commands(world, engine)
                result["times_ms"][name] = measure(world, engine, options.rounds)
            finally:
                engine.close()
                for mounted in reversed([line.split()[1] for line in open("/proc/mounts", encoding="utf-8")]):
                    if mounted.startswith(engine.folder + "/"):
                        subprocess.run(["umount", "--lazy", mounted], check=False)
                shutil.rmtree(engine.folder, ignore_errors=True)
    for name in ("docker", "podman"):
        result["commands"][f"aileron, {name}"][0] = "aileron"
    result["commands"]["podman --remote run --rm"][3] = "unix://SOCKET"
    results.conclude("engines", options, result, lambda: print_all(result))


if __name__ == "__main__":
    main()
