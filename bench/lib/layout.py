"""The smallest OCI layout with one image."""

import gzip
import hashlib
import json
import os


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


class Layout:
    """A folder that `oci:FOLDER:NAME` names."""

    def __init__(self, folder: str):
        self.folder = folder
        os.makedirs(os.path.join(folder, "blobs/sha256"))
        self._write("oci-layout", b'{"imageLayoutVersion":"1.0.0"}')

    def _write(self, name: str, data: bytes) -> None:
        with open(os.path.join(self.folder, name), "wb") as file:
            file.write(data)

    def _blob(self, data: bytes, kind: str) -> dict:
        digest = _digest(data)
        self._write(f"blobs/sha256/{digest}", data)
        return {"mediaType": f"application/vnd.oci.image.{kind}", "digest": f"sha256:{digest}", "size": len(data)}

    def add(self, name: str, layers: list) -> list:
        """Adds the image; the sizes of its packed layers."""
        packed = [self._blob(gzip.compress(layer, 6, mtime=0), "layer.v1.tar+gzip") for layer in layers]
        config = {"os": "linux", "architecture": "amd64", "config": {},
                  "rootfs": {"type": "layers", "diff_ids": ["sha256:" + _digest(layer) for layer in layers]}}
        manifest = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "layers": packed,
                    "config": self._blob(json.dumps(config).encode(), "config.v1+json")}
        descriptor = self._blob(json.dumps(manifest).encode(), "manifest.v1+json")
        descriptor["annotations"] = {"org.opencontainers.image.ref.name": name}
        self._write("index.json", json.dumps({"schemaVersion": 2, "manifests": [descriptor]}).encode())
        return [one["size"] for one in packed]
