"""Stand-ins for services that the daemon itself asks: they speak the real protocol over TLS.

`HashicorpVault` answers the key/value engine's version 2 API as HashiCorp documents it; the product
itself is not in Debian.
"""

import base64
import os
import threading
import time
import urllib.parse

from lib import certificates, sites


class _Service(sites.Site):
    """A site that the world's daemon reaches at https://localhost:PORT."""

    def __init__(self, world, **options):
        super().__init__("localhost", "127.0.0.1", **options)
        self.url = f"{'https' if self.tls else 'http'}://localhost:{self.port}"
        self.ca = certificates.shared().certificate
        world.servers.append(self)


class HashicorpVault(_Service):
    """Secrets by (namespace, mount, path); `tokens` are those that may read everything."""

    def __init__(self, world, **options):
        super().__init__(world, **options)
        self.tokens, self.secrets, self.sealed = set(), {}, False
        self.routes = _AnyPath(self._answer)

    def _answer(self, request):
        name_space = request.headers.get("X-Vault-Namespace", "").strip("/")
        path = urllib.parse.unquote(urllib.parse.urlsplit(request.path).path)
        mount, _, name = path.removeprefix("/v1/").partition("/data/")
        if self.sealed:
            return request.answer_json({"errors": ["Vault is sealed"]}, 503)
        if request.headers.get("X-Vault-Token") not in self.tokens:
            return request.answer_json({"errors": ["permission denied"]}, 403)
        data = self.secrets.get((name_space, mount, name))
        if data is None:
            return request.answer_json({"errors": []}, 404)
        return request.answer_json({
            "request_id": "5d5ca6b8-d7cb-4b61-8d8a-6a8e1d1d7d2b", "lease_id": "", "renewable": False,
            "lease_duration": 0, "wrap_info": None, "warnings": None, "auth": None,
            "data": {"data": data, "metadata": {"version": 1, "destroyed": False,
                                                "created_time": "2026-01-01T00:00:00Z",
                                                "deletion_time": "", "custom_metadata": None}}})


class TokenServer(_Service):
    """An OAuth 2.0 token endpoint (RFC 6749) at `url`/token, which counts and rotates.

    A refresh token is good for one use; one that is used again ends the whole family, as RFC 9700
    (§4.14.2) advises.
    """

    def __init__(self, world, **options):
        super().__init__(world, **options)
        self.client, self.secret, self.lifetime, self.delay = "my-client", "client-s3cret", 3600, 0
        self.refresh, self.rotates, self.revoked, self.used = None, True, False, set()
        self.issued, self.forms, self.answer = [], [], None
        self.guard = threading.Lock()
        self.routes["/token"] = self._token

    def _token(self, request):
        form = dict(urllib.parse.parse_qsl(request.body.decode(), keep_blank_values=True))
        with self.guard:
            self.forms.append(form)
        time.sleep(self.delay)
        if self.answer:
            return self.answer(request)
        with self.guard:
            return self._grant(request, form)

    def _client_is_known(self, request, form) -> bool:
        header = request.headers.get("Authorization")
        if header is None:
            return (form.get("client_id"), form.get("client_secret")) == (self.client, self.secret)
        name, _, secret = base64.b64decode(header.removeprefix("Basic ")).decode().partition(":")
        unquote = urllib.parse.unquote_plus
        return (unquote(name), unquote(secret)) == (self.client, self.secret)

    def _grant(self, request, form):
        if not self._client_is_known(request, form):
            return request.answer_json({"error": "invalid_client"}, 401)
        answer = {"access_token": f"access-{len(self.issued)}-{os.urandom(6).hex()}",
                  "token_type": "Bearer", "expires_in": self.lifetime}
        if form.get("grant_type") == "refresh_token":
            token = form.get("refresh_token")
            if token in self.used:
                self.revoked = True
            if self.revoked or token != self.refresh:
                return request.answer_json({"error": "invalid_grant",
                                            "error_description": "the token was revoked"}, 400)
            if self.rotates:
                self.used.add(token)
                self.refresh = answer["refresh_token"] = f"refresh-{os.urandom(12).hex()}"
        elif form.get("grant_type") != "client_credentials":
            return request.answer_json({"error": "unsupported_grant_type"}, 400)
        self.issued.append(answer["access_token"])
        return request.answer_json(answer)


class _AnyPath(dict):
    """Routes that answer every path alike."""

    def __init__(self, handler):
        super().__init__()
        self.handler = handler

    def get(self, key, default=None):
        return self.handler
