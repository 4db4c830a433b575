"""A receiver of webhooks: checks signatures as Standard Webhooks 1.0 says, and answers as it is told."""

import base64
import hashlib
import hmac
import json
import os
import time

from lib import certificates, sites

KEY = b"thirty-two bytes of a shared key"
SECRET = "whsec_" + base64.b64encode(KEY).decode()


class Message:
    """One message as it came."""

    def __init__(self, request):
        self.id, self.timestamp, self.signature = (
            request.headers.get(f"webhook-{name}", "") for name in ("id", "timestamp", "signature"))
        self.raw = request.body
        self.body = json.loads(request.body)

    def is_signed_with(self, key: bytes) -> bool:
        """Whether one of the signatures is of these very bytes."""
        signed = f"{self.id}.{self.timestamp}.".encode() + self.raw
        expected = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
        return expected in self.signature.split(" ")


class Receiver:
    """Keeps every message; `answers` (a status, or one and seconds to wait) are given in turn, then 204; with `said`."""

    def __init__(self, world, tls: bool = True, answers=(), said: bytes = b"", port: int = 0):
        self.messages, self.times, self.answers, self.said = [], [], list(answers), said
        self.site = sites.Site("localhost", tls=tls, listener=sites.listen(port=port))
        self.site.routes["/hook"] = self._take
        world.servers.append(self.site)
        self.url = f"{'https' if tls else 'http'}://localhost:{self.site.port}/hook"
        self.entry = {"url": self.url, "secret": "webhook/test"}
        if tls:
            self.entry["ca"] = certificates.shared().certificate

    def _take(self, request):
        self.messages.append(Message(request))
        status = self.answers.pop(0) if self.answers else 204
        status, wait = status if isinstance(status, tuple) else (status, None)
        headers = [("Retry-After", str(wait))] if wait is not None else []
        self.times.append(time.monotonic())
        request.answer(b"" if status == 204 else self.said, status, headers, kind="application/json")

    def of(self, kind: str) -> list:
        """The messages of one type, each once however often it came."""
        return list({one.id: one for one in list(self.messages) if one.body["type"] == kind}.values())


def tell(world, *entries, desktop: bool = False) -> None:
    """Writes the user's approvals file; JSON is YAML."""
    text = json.dumps({"version": 1, "desktop": desktop, "webhooks": list(entries)}, indent=1)
    world.write(os.path.join(world.config, "aileron", "approvals.yaml"), text, 0o600)
