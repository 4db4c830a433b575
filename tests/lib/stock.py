"""A registry of the test's own, for what a real one does not do: it lies, stalls, cuts, redirects.

It serves an OCI layout (lib/images.py) by the distribution protocol. The real one is lib/registry.py.
"""

import json
import os
import re

from lib import images, sites

_MANIFEST = "application/vnd.oci.image.manifest.v1+json"


class Stock(sites.Site):
    """One repository, NAME, and the same behind the prefix "hub/"; `spoilt` maps a digest or a tag to a function that answers in its place."""

    NAME = "team/app"

    def __init__(self, layout: images.Layout, tls: bool = False, names=("127.0.0.1", "localhost")):
        super().__init__(*names, tls=tls)
        self.layout = layout
        self.spoilt = {}
        self.routes = _Routes(self)

    @property
    def domain(self) -> str:
        """What references begin with."""
        return f"127.0.0.1:{self.port}"

    def reference(self, tag: str = "1") -> str:
        """Of an image in it."""
        return f"{self.domain}/{self.NAME}:{tag}"

    def paths(self) -> list:
        """What was asked for, in order, without what stands before it."""
        return [one.target.split(f"/v2/{self.NAME}/", 1)[-1] for one in self.seen()]

    def find(self, name: str):
        """A blob's or manifest's bytes, and its type."""
        if not name.startswith("sha256:"):
            tagged = [one for one in self.layout.manifests
                      if one["annotations"]["org.opencontainers.image.ref.name"] == name]
            if not tagged:
                return None, None
            name = tagged[0]["digest"]
        if not os.path.exists(self.layout.path(name)):
            return None, None
        with open(self.layout.path(name), "rb") as file:
            data = file.read()
        kind = _MANIFEST if name in [one["digest"] for one in self.layout.manifests] else "application/octet-stream"
        return data, kind

    def serve_blob(self, request, name: str) -> None:
        """The usual answer, with ranges."""
        data, kind = self.find(name)
        if data is None:
            request.answer_json({"errors": [{"code": "MANIFEST_UNKNOWN", "message": "manifest unknown"}]}, 404)
            return
        wanted = re.fullmatch(r"bytes=(\d+)-", request.headers.get("Range", ""))
        if wanted:
            begin = int(wanted.group(1))
            request.answer(data[begin:], 206, [("Content-Range", f"bytes {begin}-{len(data) - 1}/{len(data)}")], kind)
        else:
            request.answer(data, 200, kind=kind)


class _Routes(dict):
    """Every path leads to the stock."""

    def __init__(self, stock: Stock):
        super().__init__()
        self._stock = stock

    def get(self, key, default=None):
        if key in self:
            return self[key]
        found = re.fullmatch(rf"/v2/(?:hub/)?{Stock.NAME}/(?:manifests|blobs)/([^/]+)", key)
        if not found:
            return lambda request: request.answer_json({}, 404)
        name = found.group(1)
        if name in self._stock.spoilt:
            return self._stock.spoilt[name]
        return lambda request: self._stock.serve_blob(request, name)


def cut_after(stock: Stock, name: str, size: int, times: int = 1):
    """Spoils a blob: its first `times` answers end after `size` more bytes, and the connection with them."""
    left = [times]

    def answer(request):
        if left[0] == 0:
            return stock.serve_blob(request, name)
        left[0] -= 1
        data, kind = stock.find(name)
        begin = int(request.headers.get("Range", "bytes=0-")[6:-1])
        request.send_response(206 if begin else 200)
        request.send_header("Content-Type", kind)
        if begin:
            request.send_header("Content-Range", f"bytes {begin}-{len(data) - 1}/{len(data)}")
        request.send_header("Content-Length", str(len(data) - begin))
        request.end_headers()
        request.wfile.write(data[begin:begin + size])
        request.close_connection = True
        return None

    stock.spoilt[name] = answer


def manifest_of(layout: images.Layout, descriptor: dict) -> dict:
    """An image's manifest."""
    with open(layout.path(descriptor["digest"]), encoding="utf-8") as file:
        return json.load(file)
