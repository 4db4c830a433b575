"""A container registry: Debian's docker-registry over TLS, with one image in it.

It asks for a password itself (`Basic`), or sends clients to a token server (`TokenServer`), as Docker
Hub and most others do. docker-registry checks the tokens' signatures.
"""

import base64
import crypt  # pylint: disable=deprecated-module
import gzip
import hashlib
import http.client
import io
import json
import os
import shutil
import socket
import ssl
import subprocess
import tarfile
import tempfile
import time
import urllib.parse

from lib import certificates, process, sites

IMAGE = "team/app"
_CONFIG = """
version: 0.1
log: {{level: warn, accesslog: {{disabled: false}}}}
storage: {{filesystem: {{rootdirectory: {root}/images}}}}
http:
  addr: 127.0.0.1:{port}
  secret: of-the-tests
  tls: {{certificate: {certificate}, key: {key}}}
auth:
  {auth}
"""


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _plain(signature: bytes) -> bytes:
    """r and s of an ECDSA signature on P-256, 32 bytes each, out of its DER (RFC 7518 §3.4)."""
    at, numbers = 2, b""
    for _ in range(2):
        size = signature[at + 1]
        numbers += signature[at + 2:at + 2 + size].lstrip(b"\0").rjust(32, b"\0")
        at += 2 + size
    return numbers


class TokenServer(sites.Site):
    """Gives tokens for pulls to `user` with `password`, and none to anybody else."""

    def __init__(self, host: str, user: str, password: str):
        super().__init__(host)
        self.user, self.password = user, password
        self.certificate, self.key = certificates.shared().issue(host)
        self.realm = f"https://{host}/token"  # as clients are sent to it
        self.routes["/token"] = self._answer

    def _answer(self, request):
        wanted = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
        if request.headers.get("Authorization") != f"Basic {wanted}":
            return request.answer_json({"errors": [{"code": "UNAUTHORIZED"}]}, 401)
        query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(request.path).query))
        return request.answer_json({"token": self._token(query.get("service", ""), query.get("scope", ""))})

    def _token(self, service: str, scope: str) -> str:
        with open(self.certificate, encoding="ascii") as file:
            pem = file.read().split("-----END CERTIFICATE-----")[0].split("-----BEGIN CERTIFICATE-----")[1]
        access = []
        if scope.count(":") == 2:
            kind, name, actions = scope.split(":")
            access = [{"type": kind, "name": name, "actions": [one for one in actions.split(",") if one == "pull"]}]
        now = int(time.time())
        head = {"typ": "JWT", "alg": "ES256", "x5c": ["".join(pem.split())]}
        body = {"iss": self.host, "sub": self.user, "aud": service, "exp": now + 300, "nbf": now - 60, "iat": now,
                "jti": os.urandom(8).hex(), "access": access}
        signed = ".".join(_base64url(json.dumps(part).encode()) for part in (head, body))
        signature = subprocess.run(["openssl", "dgst", "-sha256", "-sign", self.key], input=signed.encode(),
                                   capture_output=True, check=True).stdout
        return f"{signed}.{_base64url(_plain(signature))}"


class Registry:
    """One image, IMAGE:1; without a token server, `user` and `password` are asked for here."""

    def __init__(self, host: str, user: str, password: str, tokens: TokenServer | None = None):
        for program in ("docker-registry", "skopeo"):
            assert shutil.which(program), f"{program} is missing: run ./dev setup"
        self.host, self.address = host, "127.0.0.1"
        self.root = tempfile.mkdtemp(prefix="alr-", dir="/tmp")
        self.port = sites.free_port()
        self.certificate, self.key = certificates.shared().issue(host)
        self._process = None
        self._serve("silly: {realm: filling, service: filling}")
        self._fill()
        if tokens:
            self._serve(f"token: {{realm: '{tokens.realm}', service: {host}, issuer: {tokens.host}, "
                        f"rootcertbundle: {certificates.shared().certificate}}}")
        else:
            self._write("users", f"{user}:{_bcrypt(password)}\n")
            self._serve(f"htpasswd: {{realm: {host}, path: {self.root}/users}}")

    def _write(self, name: str, text: str) -> str:
        path = os.path.join(self.root, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def _serve(self, auth: str) -> None:
        self._stop()
        config = self._write("config.yml", _CONFIG.format(root=self.root, port=self.port, auth=auth,
                                                          certificate=self.certificate, key=self.key))
        with open(os.path.join(self.root, "log"), "wb") as log:
            self._process = subprocess.Popen(
                ["docker-registry", "serve", config], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env={"PATH": os.environ["PATH"], "HOME": self.root, "OTEL_TRACES_EXPORTER": "none"})
        process.eventually(self._answers, "the registry is up")

    def _answers(self) -> bool:
        assert self._process.poll() is None, self.log()
        with socket.socket() as probe:
            return probe.connect_ex((self.address, self.port)) == 0

    def _fill(self) -> None:
        """Pushes a small image, with the header that the filling registry takes for a login."""
        layout = os.path.join(self.root, "layout")
        manifest = _layout(layout)
        headers = {"Authorization": "Bearer filling"}
        for digest in (manifest["config"]["digest"], manifest["layers"][0]["digest"]):
            with open(os.path.join(layout, digest.removeprefix("sha256:")), "rb") as file:
                blob = file.read()
            place = self._send("POST", f"/v2/{IMAGE}/blobs/uploads/", headers)
            where = urllib.parse.urlsplit(place.headers["Location"])
            self._send("PUT", f"{where.path}?{where.query}&digest={digest}", headers, blob, "application/octet-stream")
        self._send("PUT", f"/v2/{IMAGE}/manifests/1", headers, json.dumps(manifest).encode(), manifest["mediaType"])

    def _send(self, method: str, target: str, headers: dict, body: bytes = b"", kind: str = ""):
        context = ssl.create_default_context(cafile=certificates.shared().certificate)
        context.check_hostname = False
        connection = http.client.HTTPSConnection(self.address, self.port, context=context, timeout=30)
        connection.request(method, target, body, {**headers, **({"Content-Type": kind} if kind else {})})
        answer = connection.getresponse()
        text = answer.read()
        assert answer.status < 300, (answer.status, text)
        connection.close()
        return answer

    def log(self) -> str:
        """What the registry wrote."""
        with open(os.path.join(self.root, "log"), encoding="utf-8", errors="replace") as file:
            return file.read()

    def _stop(self) -> None:
        if self._process:
            self._process.terminate()
            self._process.wait(10)

    def close(self) -> None:
        """Stops the registry and removes its folder."""
        self._stop()
        shutil.rmtree(self.root, ignore_errors=True)


_OPEN = """
version: 0.1
log: {{level: warn, accesslog: {{disabled: false}}}}
storage: {{filesystem: {{rootdirectory: {root}/images}}}}
http: {{addr: "127.0.0.1:{port}", secret: of-the-tests}}
"""


class Open:
    """docker-registry without TLS and logins, empty at first; named localhost, where the reference's client takes it."""

    def __init__(self):
        assert shutil.which("docker-registry"), "docker-registry is missing: run ./dev setup"
        self.root = tempfile.mkdtemp(prefix="alr-", dir="/tmp")
        self.port = sites.free_port()
        config = os.path.join(self.root, "config.yml")
        with open(config, "w", encoding="utf-8") as file:
            file.write(_OPEN.format(root=self.root, port=self.port))
        self.log = open(os.path.join(self.root, "log"), "w+b")  # pylint: disable=consider-using-with
        self._process = subprocess.Popen(
            ["docker-registry", "serve", config], stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log,
            env={"PATH": os.environ["PATH"], "HOME": self.root, "OTEL_TRACES_EXPORTER": "none"})
        process.eventually(self._answers, "the registry is up")

    @property
    def domain(self) -> str:
        """What references begin with."""
        return f"localhost:{self.port}"

    def _answers(self) -> bool:
        assert self._process.poll() is None, self.asked()
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def asked(self) -> str:
        """What the registry wrote: a line for each request."""
        with open(self.log.name, encoding="utf-8", errors="replace") as file:
            return file.read()

    def stop(self) -> None:
        """It is gone; what it has stays."""
        self._process.terminate()
        self._process.wait(10)

    def close(self) -> None:
        """Stops the registry and removes its folder."""
        if self._process.poll() is None:
            self.stop()
        self.log.close()
        shutil.rmtree(self.root, ignore_errors=True)


def _bcrypt(password: str) -> str:
    """A line's hash of htpasswd -B, which docker-registry knows alone."""
    return crypt.crypt(password, crypt.mksalt(crypt.METHOD_BLOWFISH, rounds=16))


def _layout(folder: str) -> dict:
    """Writes a config and a layer as files named by their digests; returns the manifest."""
    os.makedirs(folder)
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w") as archive:
        entry = tarfile.TarInfo("hello")
        entry.size = 6
        archive.addfile(entry, io.BytesIO(b"hello\n"))
    layer = gzip.compress(raw.getvalue(), mtime=0)
    config = json.dumps({"architecture": "amd64", "os": "linux", "config": {}, "history": [{"created_by": "test"}],
                         "rootfs": {"type": "layers",
                                    "diff_ids": ["sha256:" + hashlib.sha256(raw.getvalue()).hexdigest()]}}).encode()
    parts = []
    for blob, kind in ((config, "config.v1+json"), (layer, "layer.v1.tar+gzip")):
        digest = hashlib.sha256(blob).hexdigest()
        with open(os.path.join(folder, digest), "wb") as file:
            file.write(blob)
        parts.append({"mediaType": f"application/vnd.oci.image.{kind}", "digest": f"sha256:{digest}", "size": len(blob)})
    return {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "config": parts[0],
            "layers": parts[1:]}
