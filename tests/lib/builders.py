"""Builders of images for the tests: a real one whose storage is the world's own, and stand-ins that say what they
were given."""

import json
import os
import pathlib
import shutil

from lib import images, process

# What each run of a builder was: its words, in lines of JSON. Then the real one, if there is any.
_WRAPPER = """#!/usr/bin/env python3
import json, os, sys
with open({log!r}, "a") as log:
    log.write(json.dumps(sys.argv[1:]) + "\\n")
os.execv({real!r}, [{name!r}] + sys.argv[1:])
"""


class Builder:
    """buildah, in a world: as root, without privileges of its own (chroot), without a registry."""

    def __init__(self, world, name: str = "buildah"):
        self.world, self.name = world, name
        self.folder = world._folder("builder")
        self.log = os.path.join(self.folder, "runs")
        storage = os.path.join(self.folder, "storage.conf")
        world.write(storage, f'[storage]\ndriver = "vfs"\ngraphroot = "{self.folder}/root"\nrunroot = "{self.folder}/run"\n')
        # No registry is asked: a name that is not here is an error at once.
        registries = world.write(f"{self.folder}/registries.conf", 'unqualified-search-registries = []\n'
                                 '[[registry]]\nprefix = "dev.example"\nlocation = "127.0.0.1:1"\ninsecure = true\n')
        self.temporary = os.path.join(self.folder, "tmp")
        os.mkdir(self.temporary)
        real = shutil.which(name)
        assert real, f"{name} is missing: ./dev setup test installs it"
        world.write(f"{self.folder}/bin/{name}", _WRAPPER.format(log=self.log, real=real, name=name), 0o755)
        world.env.update({"CONTAINERS_STORAGE_CONF": storage, "CONTAINERS_REGISTRIES_CONF": registries,
                          "BUILDAH_ISOLATION": "chroot", "TMPDIR": self.temporary,
                          "PATH": f"{self.folder}/bin:{world.env['PATH']}"})
        self.real = real

    def base(self, name: str, *layers, **run) -> None:
        """An image in the builder's storage, by the name that Dockerfiles have for it."""
        made = images.layout(self.world, name.replace("/", "-").replace(":", "-"), *layers, **run)
        process.run(["skopeo", "--insecure-policy", "copy", "--quiet", made, f"containers-storage:{name}"],
                    env=self.world.env).ok()

    def tarball(self, name: str, path: str) -> None:
        """The same of a root's tar."""
        made = process.run([self.real, "from", "scratch"], env=self.world.env).ok().out.strip()
        process.run([self.real, "add", made, path, "/"], env=self.world.env, timeout=120).ok()
        process.run([self.real, "config", "--env", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", made],
                    env=self.world.env).ok()
        process.run([self.real, "commit", "--quiet", "--rm", made, name], env=self.world.env, timeout=120).ok()

    def runs(self) -> list:
        """The words of each run so far, and forgets them."""
        if not os.path.exists(self.log):
            return []
        lines = pathlib.Path(self.log).read_text().splitlines()
        os.remove(self.log)
        return [json.loads(line) for line in lines]


def stand_in(world, name: str, script: str) -> dict:
    """The environment in which the only builder of that name is a script of the shell."""
    folder = os.path.join(world.root, f"stand-in-{name}")
    world.write(os.path.join(folder, name), f"#!/bin/sh\n{script}", 0o755)
    return {"PATH": f"{folder}:/nowhere"}
