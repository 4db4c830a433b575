#!/usr/bin/python3
"""How long it takes until an image of a registry on this machine is there, beside podman.

docker-registry serves it on loopback without TLS; each round pulls it into an empty store. README.md says
what the figure means.
"""

import argparse
import io
import os
import shutil
import socket
import subprocess
import tarfile
import time

from lib import machine, processes, results, samples, table
from lib.layout import Layout
from lib.world import World, binary

_TARGET_PODMAN = 0.8  # times podman pull
_MIB = 1 << 20
_LAYERS_MIB = [250, 120, 70, 40, 20]
_FROM = "/usr"  # whose files the layers hold
_NAME = "bench/image:1"
_CONFIG = """
version: 0.1
log: {{level: error, accesslog: {{disabled: true}}}}
storage: {{filesystem: {{rootdirectory: {root}}}}}
http: {{addr: 127.0.0.1:{port}, secret: bench}}
"""


def _files():
    """Regular files of this machine, always in the same order."""
    for folder, folders, names in os.walk(_FROM):
        folders.sort()
        for name in sorted(names):
            path = os.path.join(folder, name)
            if os.path.isfile(path) and not os.path.islink(path):
                yield path


def make_image(folder: str) -> dict:
    """An OCI layout of layers as large as _LAYERS_MIB says, each compressed as docker does; its figures."""
    layers, files, counts = [], _files(), 0
    for megabytes in _LAYERS_MIB:
        raw, size = io.BytesIO(), 0
        with tarfile.open(fileobj=raw, mode="w", format=tarfile.PAX_FORMAT) as tar:
            for path in files:
                tar.add(path, arcname=path.lstrip("/"))
                size += os.path.getsize(path)
                counts += 1
                if size > megabytes * _MIB:
                    break
        layers.append(raw.getvalue())
    layout = Layout(folder)
    sizes = layout.add("1", layers)
    return {"files": counts, "unpacked": sum(map(len, layers)), "packed": sum(sizes)}


class Registry:
    """docker-registry on loopback, with the image of a layout."""

    def __init__(self, folder: str, layout: str):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        config = os.path.join(folder, "registry.yml")
        with open(config, "w", encoding="ascii") as file:
            file.write(_CONFIG.format(root=os.path.join(folder, "registry"), port=self.port))
        self._process = subprocess.Popen(["docker-registry", "serve", config], stdin=subprocess.DEVNULL,
                                         stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                         env={"PATH": os.environ["PATH"], "OTEL_TRACES_EXPORTER": "none"})
        processes.await_true(self._answers, "docker-registry has not started")
        subprocess.run(["skopeo", "--insecure-policy", "copy", "--quiet", "--dest-tls-verify=false",
                        f"oci:{layout}:1", f"docker://{self.reference}"], check=True)

    @property
    def reference(self) -> str:
        """Of its image."""
        return f"127.0.0.1:{self.port}/{_NAME}"

    def _answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def close(self) -> None:
        """Stops it."""
        processes.end(self._process)


def contestants(world: World, registry: Registry, folder: str) -> dict:
    """Name → how it pulls, and how its store becomes empty again."""
    podman = ["podman", "--root", os.path.join(folder, "storage"), "--runroot", os.path.join(folder, "run"),
              "--storage-driver", "overlay"]
    return {
        "podman": {"pull": [*podman, "pull", "--quiet", "--tls-verify=false", registry.reference],
                   "clear": [*podman, "rmi", "--all", "--force"]},
        "aileron": {"pull": [world.aileron, "sandbox", "pull", "--plain-http", registry.reference],
                    "clear": [world.aileron, "sandbox", "cache", "clear"]},
    }


def _run(command, env) -> float:
    """Seconds that it took."""
    os.sync()
    begin = time.perf_counter()
    done = subprocess.run(command, env=env, check=False, capture_output=True, text=True)
    took = time.perf_counter() - begin
    if done.returncode:
        raise SystemExit(f"bench: {' '.join(command)} failed:\n{done.stderr}")
    return took


def measure(world: World, compared: dict, rounds: int) -> dict:
    """Name → seconds of each round."""
    env = {**world.env, "PATH": os.environ["PATH"]}
    times = {name: [] for name in compared}
    for turn in range(-1, rounds):
        for name, command in compared.items():
            took = _run(command["pull"], env)
            _run(command["clear"], env)
            if turn >= 0:
                times[name].append(took)
    return times


def print_all(result: dict) -> None:
    """Everything, as Markdown."""
    print("## ./dev bench pull\n")
    print(machine.describe(result["machine"], result["versions"]))
    image, times = result["image"], result["times_s"]
    print(f"\nAn image of {image['files']:,} files in {len(_LAYERS_MIB)} layers, {image['unpacked'] // _MIB} MiB, "
          f"{image['packed'] // _MIB} MiB packed, out of docker-registry on loopback into an empty store.")
    middle = {name: samples.median(values) for name, values in times.items()}
    rows = [[name, table.number(min(values), 2), table.number(middle[name], 2), table.number(max(values), 2),
             table.number(samples.ratio(middle[name], middle["podman"]), 2)] for name, values in times.items()]
    print(f"\n### Pulled and unpacked, {len(times['podman'])} interleaved rounds, s\n")
    print(table.render(["command", "least", "median", "most", "median / podman"], rows))
    factor = samples.ratio(middle["aileron"], middle["podman"])
    print(f"\nTarget: at most {_TARGET_PODMAN:g} × podman: "
          + table.verdict(factor, _TARGET_PODMAN, smaller_is_better=True) + ".")


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7, help="rounds (7)")
    results.add_flags(parser)
    options = parser.parse_args()
    if os.geteuid():
        raise SystemExit("bench: podman's overlay storage needs root here; run ./dev bench pull as root")
    result = {"machine": machine.facts(),
              "versions": machine.versions(aileron=[str(binary()), "version"], podman=["podman", "--version"])}
    with World(0) as world:
        folder = os.path.join(world.root, "pull")
        os.makedirs(folder)
        result["image"] = make_image(os.path.join(folder, "layout"))
        registry = Registry(folder, os.path.join(folder, "layout"))
        try:
            result["times_s"] = measure(world, contestants(world, registry, folder), options.rounds)
        finally:
            registry.close()
            shutil.rmtree(folder, ignore_errors=True)
    results.conclude("pull", options, result, lambda: print_all(result))


if __name__ == "__main__":
    main()
