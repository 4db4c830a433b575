"""Images of the test's own: OCI layouts written by hand, and what skopeo makes of them."""

import contextlib
import gzip
import hashlib
import io
import json
import os
import platform
import re
import tarfile

from lib import process

_ARCHITECTURE = {"x86_64": "amd64", "aarch64": "arm64"}[platform.machine()]
_TYPES = "application/vnd.oci.image."
BUSYBOX = "/bin/busybox"  # linked statically


def digest(data: bytes) -> str:
    """The digest of a blob."""
    return "sha256:" + hashlib.sha256(data).hexdigest()


class Layer:
    """One layer, as a tar. Owners are root's, as in images from elsewhere."""

    def __init__(self):
        self._bytes = io.BytesIO()
        self._tar = tarfile.open(fileobj=self._bytes, mode="w", format=tarfile.PAX_FORMAT)

    def _add(self, name: str, kind, mode: int, content: bytes = b"", **more) -> "Layer":
        info = tarfile.TarInfo(name)
        info.type, info.mode, info.size, info.mtime = kind, mode, len(content), 1_600_000_000
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


def layer(files: dict, modes: dict | None = None) -> bytes:
    """A tar of files by name; a name that ends with "/" is a folder, a value that is a text a link."""
    made = Layer()
    for name, content in files.items():
        mode = (modes or {}).get(name, 0o755)
        if name.endswith("/"):
            made.folder(name.rstrip("/"), mode)
        elif isinstance(content, str):
            made.link(name, content)
        else:
            made.file(name, content, mode)
    return made.tar()


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


class Layout:
    """An OCI layout in a folder, with images by name."""

    def __init__(self, folder: str):
        self.folder = folder
        self.manifests = []
        os.makedirs(os.path.join(folder, "blobs/sha256"))
        self._write("oci-layout", b'{"imageLayoutVersion":"1.0.0"}')

    def _write(self, name: str, data: bytes) -> None:
        with open(os.path.join(self.folder, name), "wb") as file:
            file.write(data)

    def path(self, blob: str) -> str:
        """Where a blob is, by its digest."""
        return os.path.join(self.folder, "blobs", blob.replace(":", "/"))

    def blob(self, data: bytes, kind: str) -> dict:
        """Adds a blob; its descriptor."""
        self._write("blobs/" + digest(data).replace(":", "/"), data)
        return {"mediaType": kind, "digest": digest(data), "size": len(data)}

    def add(self, name: str, layers: list, **run) -> dict:
        """Adds an image of tars, each compressed by gzip, under a name. Its manifest's descriptor, with the
        descriptors of the layers as "layers"."""
        config = {"os": "linux", "architecture": _ARCHITECTURE, "config": run,
                  "rootfs": {"type": "layers", "diff_ids": [digest(one) for one in layers]},
                  # Builders want one for each layer.
                  "history": [{"created_by": "a test"} for _ in layers]}
        packed = [self.blob(gzip.compress(one, 1, mtime=0), _TYPES + "layer.v1.tar+gzip") for one in layers]
        manifest = {"schemaVersion": 2, "mediaType": _TYPES + "manifest.v1+json",
                    "config": self.blob(json.dumps(config).encode(), _TYPES + "config.v1+json"), "layers": packed}
        descriptor = self.blob(json.dumps(manifest).encode(), _TYPES + "manifest.v1+json")
        descriptor["annotations"] = {"org.opencontainers.image.ref.name": name}
        self.manifests = [one for one in self.manifests
                          if one["annotations"] != descriptor["annotations"]] + [descriptor]
        self._write("index.json", json.dumps({"schemaVersion": 2, "manifests": self.manifests}).encode())
        return {**descriptor, "layers": packed}


def layout(world, name: str, *layers: Layer, **run) -> str:
    """A layout of one image below the world's folder; its reference. `run`: Env, Cmd, …"""
    made = Layout(os.path.join(world.root, "images", name))
    made.add(name, [one.tar() for one in layers], **run)
    return f"oci:{made.folder}"


@contextlib.contextmanager
def changed(path: str):
    """One byte in the middle of a file is another meanwhile."""
    with open(path, "r+b") as file:
        middle = os.path.getsize(path) // 2
        file.seek(middle)
        byte = file.read(1)
        file.seek(middle)
        file.write(bytes([byte[0] ^ 0xff]))
        file.flush()
        yield
        file.seek(middle)
        file.write(byte)


def copy(source: str, target: str, *options: str) -> None:
    """skopeo copy, without any registry."""
    process.run(["skopeo", "--insecure-policy", "copy", "--quiet", *options, source, target]).ok()
