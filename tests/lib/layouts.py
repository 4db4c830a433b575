"""Images of the scenarios' own making: OCI layouts of layers that a test writes entry by entry."""

import hashlib
import io
import json
import os
import re
import tarfile

from lib import process

BUSYBOX = "/bin/busybox"  # linked statically


class Layer:
    """One layer, as a tar. Owners are root's, as in images from elsewhere."""

    def __init__(self):
        self._bytes = io.BytesIO()
        self._tar = tarfile.open(fileobj=self._bytes, mode="w", format=tarfile.PAX_FORMAT)

    def _add(self, name: str, kind, mode: int, content: bytes = b"", **more) -> "Layer":
        info = tarfile.TarInfo(name)
        info.type, info.mode, info.size = kind, mode, len(content)
        for key, value in more.items():
            setattr(info, key, value)
        self._tar.addfile(info, io.BytesIO(content))
        return self

    def file(self, name: str, content, mode: int = 0o644) -> "Layer":
        """A file."""
        return self._add(name, tarfile.REGTYPE, mode, content if isinstance(content, bytes) else content.encode())

    def folder(self, name: str, mode: int = 0o755) -> "Layer":
        """A folder."""
        return self._add(name, tarfile.DIRTYPE, mode)

    def link(self, name: str, target: str) -> "Layer":
        """A symbolic link."""
        return self._add(name, tarfile.SYMTYPE, 0o777, linkname=target)

    def hard_link(self, name: str, target: str) -> "Layer":
        """A hard link to an entry of this layer."""
        return self._add(name, tarfile.LNKTYPE, 0o644, linkname=target)

    def fifo(self, name: str) -> "Layer":
        """A named pipe."""
        return self._add(name, tarfile.FIFOTYPE, 0o644)

    def whiteout(self, name: str) -> "Layer":
        """What a lower layer has is gone."""
        folder, _, base = name.rpartition("/")
        return self.file(f"{folder}/.wh.{base}" if folder else f".wh.{base}", b"")

    def opaque(self, folder: str) -> "Layer":
        """Nothing of what lower layers have in the folder is there."""
        return self.file(f"{folder}/.wh..wh..opq", b"")

    def tar(self) -> bytes:
        """The bytes."""
        self._tar.close()
        return self._bytes.getvalue()


def busybox(*applets: str) -> Layer:
    """A layer with a shell and the usual small programs."""
    layer = Layer().folder("bin").folder("etc")
    with open(BUSYBOX, "rb") as file:
        layer.file("bin/busybox", file.read(), 0o755)
    for applet in ("sh", "ls", "cat", "touch", "id", "env", "pwd", "readlink", "stat", "test", "mkdir", "rm", "grep",
                   "mount", "wget", "find", "true", "sleep", "head", *applets):
        layer.link(f"bin/{applet}", "busybox")
    return layer.file("etc/passwd", "root:x:0:0:root:/root:/bin/sh\nnode:x:1000:1000::/home/node:/bin/sh\n")


def add_program(layer: Layer, path: str) -> Layer:
    """A program of this machine, with the libraries that it is linked to, at the same paths."""
    listed = process.run(["ldd", path]).ok().out
    for name in [path, *re.findall(r"(?:=> |^\s)(/\S+) \(", listed, re.MULTILINE)]:
        with open(name, "rb") as file:
            layer.file(name.lstrip("/"), file.read(), 0o755)
    return layer


def layout(world, name: str, *layers: Layer, **config) -> str:
    """An OCI layout of one image below the world's folder; its reference. `config`: Env, Cmd, …"""
    folder = os.path.join(world.root, "images", name)

    def blob(content: bytes, kind: str) -> dict:
        digest = hashlib.sha256(content).hexdigest()
        world.write(os.path.join(folder, "blobs", "sha256", digest), content)
        return {"mediaType": kind, "digest": f"sha256:{digest}", "size": len(content)}
    tars = [layer.tar() for layer in layers]
    image = {"architecture": "amd64", "os": "linux", "config": config,
             "rootfs": {"type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(tar).hexdigest()}" for tar in tars]}}
    manifest = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
                "config": blob(json.dumps(image).encode(), "application/vnd.oci.image.config.v1+json"),
                "layers": [blob(tar, "application/vnd.oci.image.layer.v1.tar") for tar in tars]}
    index = {"schemaVersion": 2, "manifests": [blob(json.dumps(manifest).encode(),
                                                    "application/vnd.oci.image.manifest.v1+json")]}
    world.write(os.path.join(folder, "oci-layout"), json.dumps({"imageLayoutVersion": "1.0.0"}))
    world.write(os.path.join(folder, "index.json"), json.dumps(index))
    return f"oci:{folder}"
