"""Images of the test's own: OCI layouts written by hand, and what skopeo makes of them."""

import contextlib
import gzip
import hashlib
import io
import json
import os
import platform
import tarfile

from lib import process

_ARCHITECTURE = {"x86_64": "amd64", "aarch64": "arm64"}[platform.machine()]
_TYPES = "application/vnd.oci.image."


def digest(data: bytes) -> str:
    """The digest of a blob."""
    return "sha256:" + hashlib.sha256(data).hexdigest()


def layer(files: dict, modes: dict | None = None) -> bytes:
    """A tar of files by name; a name that ends with "/" is a folder, a value that is a text a link. `modes` are
    those that are not 0755."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(name.rstrip("/"))
            entry.mtime = 1_600_000_000
            entry.mode = (modes or {}).get(name, 0o755)
            if name.endswith("/"):
                entry.type = tarfile.DIRTYPE
            elif isinstance(content, str):
                entry.type, entry.linkname = tarfile.SYMTYPE, content
            else:
                entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content) if entry.size else None)
    return out.getvalue()


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
                  "rootfs": {"type": "layers", "diff_ids": [digest(one) for one in layers]}}
        packed = [self.blob(gzip.compress(one, 1, mtime=0), _TYPES + "layer.v1.tar+gzip") for one in layers]
        manifest = {"schemaVersion": 2, "mediaType": _TYPES + "manifest.v1+json",
                    "config": self.blob(json.dumps(config).encode(), _TYPES + "config.v1+json"), "layers": packed}
        descriptor = self.blob(json.dumps(manifest).encode(), _TYPES + "manifest.v1+json")
        descriptor["annotations"] = {"org.opencontainers.image.ref.name": name}
        self.manifests = [one for one in self.manifests
                          if one["annotations"] != descriptor["annotations"]] + [descriptor]
        self._write("index.json", json.dumps({"schemaVersion": 2, "manifests": self.manifests}).encode())
        return {**descriptor, "layers": packed}


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
