"""A stand-in for S3 and STS that checks every signature itself and keeps what was uploaded."""

import hashlib
import hmac
import sys
import urllib.parse

from lib import binary

sys.path.insert(0, str(binary.REPOSITORY / "tests" / "programs"))
import sigv4  # noqa: E402  (the programs' folder is no package)


class Wrong(Exception):
    """A signature that does not hold."""


class Cloud:
    """`attach` makes a Site answer as AWS does; `objects` maps paths to what was put there."""

    def __init__(self, identity: str, secret: str, token: str = ""):
        self.identity, self.secret, self.token = identity, secret, token
        self.objects = {}
        self.problems = []
        self.checked = []

    def attach(self, site) -> None:
        """Answers every path of `site`."""
        cloud = self

        class _Everything(dict):
            def get(self, _path, _default=None):
                return cloud.answer

        site.routes = _Everything()

    def answer(self, request) -> None:
        """One request, refused unless its signature is right."""
        try:
            data = self._check(request)
        except (Wrong, KeyError, ValueError) as problem:
            self.problems.append(repr(problem))
            request.answer(f"<Error><Code>SignatureDoesNotMatch</Code><Message>{problem}</Message></Error>", 403,
                           kind="application/xml")
            return
        path = urllib.parse.unquote(request.path.partition("?")[0])
        if request.command == "PUT":
            self.objects[path] = data
            request.answer("", headers=[("ETag", f'"{hashlib.md5(data).hexdigest()}"')])
        elif request.command == "POST":
            request.answer("<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">"
                           "<GetCallerIdentityResult><Arn>arn:aws:iam::123456789012:user/real</Arn>"
                           "<UserId>U</UserId><Account>123456789012</Account></GetCallerIdentityResult>"
                           "</GetCallerIdentityResponse>", kind="text/xml")
        elif "list-type" in request.query:
            keys = "".join(f"<Contents><Key>{key.lstrip('/')}</Key><Size>{len(value)}</Size>"
                           "<LastModified>2026-01-01T00:00:00.000Z</LastModified></Contents>"
                           for key, value in sorted(self.objects.items()))
            request.answer(f"<ListBucketResult>{keys}</ListBucketResult>", kind="application/xml")
        elif path in self.objects:
            data = self.objects[path]
            request.answer(data, headers=[("ETag", f'"{hashlib.md5(data).hexdigest()}"'),
                                          ("Last-Modified", "Thu, 01 Jan 2026 00:00:00 GMT")])
        else:
            request.answer("<Error><Code>NoSuchKey</Code></Error>", 404, kind="application/xml")

    def _check(self, request) -> bytes:
        """The decoded body of a request whose signature holds."""
        headers = list(request.headers.items())
        lower = {name.lower(): value for name, value in headers}
        if "Authorization" in request.headers:
            algorithm, _, rest = lower["authorization"].partition(" ")
            parts = dict(part.strip().split("=", 1) for part in rest.split(","))
            credential, names, given = parts["Credential"], parts["SignedHeaders"], parts["Signature"]
            stamp, token = lower["x-amz-date"], lower.get("x-amz-security-token", "")
            payload = lower.get("x-amz-content-sha256") or hashlib.sha256(request.body).hexdigest()
        else:
            query = dict(urllib.parse.parse_qsl(request.path.partition("?")[2]))
            algorithm, credential = query["X-Amz-Algorithm"], query["X-Amz-Credential"]
            names, given, stamp = (query[f"X-Amz-{name}"] for name in ("SignedHeaders", "Signature", "Date"))
            token, payload = query.get("X-Amz-Security-Token", ""), "UNSIGNED-PAYLOAD"
        identity, _, scope = credential.partition("/")
        names = names.split(";")
        if algorithm != sigv4.ALGORITHM or identity != self.identity or token != self.token:
            raise Wrong(f"signed by {identity} with token {token!r}")
        required = {"host"} | ({name for name in lower if name.startswith("x-amz-")}
                               if "Authorization" in request.headers else set())
        if not required <= set(names):
            raise Wrong(f"not signed: {required - set(names)}")
        expected = sigv4.signature(self.secret, scope, stamp, request.command, request.path, headers, names, payload)
        if not hmac.compare_digest(expected, given):
            raise Wrong("the signature of the request")
        self.checked.append((request.command, scope.split("/")[2], payload))
        if payload.startswith("STREAMING-"):
            return self._chunks(request.body, scope, stamp, given, payload)
        if payload not in ("UNSIGNED-PAYLOAD", hashlib.sha256(request.body).hexdigest()):
            raise Wrong("the hash of the payload")
        return request.body

    def _chunks(self, body, scope, stamp, previous, payload) -> bytes:
        """The data of an upload in chunks."""
        data, signed = b"", payload.startswith("STREAMING-AWS4")
        while True:
            header, _, body = body.partition(b"\r\n")
            size, _, given = header.partition(b";chunk-signature=")
            piece = body[:int(size, 16)]
            if signed:
                previous = sigv4.chunk_signature(self.secret, scope, stamp, previous, piece)
                if previous != given.decode():
                    raise Wrong("the signature of a chunk")
            if not piece:
                break
            data, body = data + piece, body[len(piece) + 2:]
        trailer, _, rest = body.partition(b"\r\nx-amz-trailer-signature:")
        if payload == "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER":
            expected = sigv4.trailer_signature(self.secret, scope, stamp, previous, trailer.decode() + "\n")
            if rest.decode() != expected + "\r\n\r\n":
                raise Wrong("the signature of the trailer")
        elif not body.endswith(b"\r\n"):
            raise Wrong("the end of the chunks")
        return data
