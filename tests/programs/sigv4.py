"""AWS Signature Version 4, the standard library alone: what a client signs and a service checks."""

import hashlib
import hmac
import urllib.parse

ALGORITHM = "AWS4-HMAC-SHA256"
EMPTY = hashlib.sha256(b"").hexdigest()


def key(secret: str, scope: str) -> bytes:
    """The signing key for DATE/REGION/SERVICE/aws4_request."""
    value = ("AWS4" + secret).encode()
    for part in scope.split("/"):
        value = hmac.new(value, part.encode(), hashlib.sha256).digest()
    return value


def _path(path: str, service: str) -> str:
    if service == "s3":
        return urllib.parse.quote(urllib.parse.unquote_to_bytes(path), safe="/-_.~")
    kept = []
    for part in path.split("/"):
        if part == "..":
            del kept[-1:]
        elif part not in ("", "."):
            kept.append(part)
    text = "/" + "/".join(kept) + ("/" if kept and path.endswith("/") else "")
    return urllib.parse.quote(text, safe="/-_.~")


def _query(query: str) -> str:
    pairs = []
    for part in filter(None, query.split("&")):
        name, _, value = part.partition("=")
        if name != "X-Amz-Signature":
            pairs.append(tuple(urllib.parse.quote(urllib.parse.unquote_to_bytes(one), safe="-_.~")
                               for one in (name, value)))
    return "&".join(f"{name}={value}" for name, value in sorted(pairs))


def signature(secret, scope, time, method, target, headers, names, payload) -> str:
    """The hex signature of a request; `headers` is a list of pairs, `names` those that are signed."""
    path, _, query = target.partition("?")
    lines = []
    for name in names:
        values = [" ".join(value.split()) for given, value in headers if given.lower() == name]
        lines.append(f"{name}:{','.join(values)}\n")
    canonical = "\n".join([method, _path(path, scope.split("/")[2]), _query(query), "".join(lines),
                           ";".join(names), payload])
    text = "\n".join([ALGORITHM, time, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    return hmac.new(key(secret, scope), text.encode(), hashlib.sha256).hexdigest()


def chunk_signature(secret, scope, time, previous, data) -> str:
    """The signature of one chunk, behind the one before it."""
    text = "\n".join([ALGORITHM + "-PAYLOAD", time, scope, previous, EMPTY,
                      hashlib.sha256(data).hexdigest()])
    return hmac.new(key(secret, scope), text.encode(), hashlib.sha256).hexdigest()


def trailer_signature(secret, scope, time, previous, trailer: str) -> str:
    """The signature of a trailer of "name:value\\n" lines."""
    text = "\n".join([ALGORITHM + "-TRAILER", time, scope, previous,
                      hashlib.sha256(trailer.encode()).hexdigest()])
    return hmac.new(key(secret, scope), text.encode(), hashlib.sha256).hexdigest()
