"""Stand-ins for three public APIs that are as strict as their documentation: GitHub's issues, Slack's chat and
Stripe's customers.

Each looks at the credential, method, path, query, headers and payload of every request. What the real one
would refuse is refused in its own words, and stands in `faults`; what it took stands in `calls`.
"""

import dataclasses
import json
import re
import threading
import urllib.parse


@dataclasses.dataclass(frozen=True)
class Call:
    """One request that was taken: its path as decoded segments, its query in order, its payload as values."""

    method: str
    segments: tuple
    query: list
    payload: object
    headers: dict


class _Always(dict):
    """Routes that lead to one function, whatever the path."""

    def __init__(self, handle):
        super().__init__()
        self._handle = handle

    def get(self, key, default=None):
        return self._handle


class PublicApi:
    """What the three have in common."""

    host = ""

    def __init__(self, world, token: str):
        self.token = token
        self.calls, self.faults = [], []
        self._lock = threading.Lock()
        self.site = world.site(self.host, allow=False)
        self.site.routes = _Always(self._take)

    def _take(self, request) -> None:
        parts = urllib.parse.urlsplit(request.path)
        segments = tuple(urllib.parse.unquote(one, errors="strict") for one in parts.path.split("/")[1:])
        query = urllib.parse.parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query),
                                       errors="strict")
        with self._lock:
            if request.headers.get("Authorization") != f"Bearer {self.token}":
                self.no_credential(request)
            else:
                self.serve(request, segments, query)

    def took(self, request, segments, query, payload=None) -> None:
        """Records a request that the real API would take."""
        self.calls.append(Call(request.command, segments, query, payload, dict(request.headers.items())))

    def wrong(self, request, what: str) -> None:
        """Records what the real API would refuse."""
        self.faults.append(f"{request.command} {request.path}: {what}")

    def no_credential(self, request) -> None:
        """Answers a request with no credential, or with another one."""
        raise NotImplementedError

    def serve(self, request, segments, query) -> None:
        """Answers a request with the credential."""
        raise NotImplementedError


def _members(payload: dict, allowed: dict) -> list:
    """What is wrong with a payload whose members have these types."""
    return [name for name, value in payload.items() if name not in allowed or not isinstance(value, allowed[name])]


class GitHub(PublicApi):
    """https://docs.github.com/en/rest/issues, version 2022-11-28."""

    host = "api.github.com"
    _LISTED = {"state", "labels", "assignee", "since", "sort", "direction", "per_page", "page", "creator", "milestone"}
    _ISSUE = {"title": (str, int), "body": str, "state": str, "state_reason": str, "labels": list, "assignees": list,
              "milestone": (int, type(None))}
    _ROUTES = [  # method, the path after /repos/OWNER/REPO, query parameters, members of the body
        ("GET", r"issues", _LISTED, None), ("POST", r"issues", set(), {**_ISSUE, "state": ()}),
        ("GET", r"issues/\d+", set(), None), ("PATCH", r"issues/\d+", set(), _ISSUE),
        ("GET", r"issues/\d+/comments", {"since", "per_page", "page"}, None),
        ("POST", r"issues/\d+/comments", set(), {"body": str}),
        ("GET", r"issues/comments/\d+", set(), None), ("DELETE", r"issues/comments/\d+", set(), None)]

    def __init__(self, world, token: str):
        super().__init__(world, token)
        self.issues = [{"number": number, "title": f"issue {number}"} for number in range(1, 6)]

    def no_credential(self, request):
        request.answer_json({"message": "Bad credentials", "documentation_url": "https://docs.github.com/rest"}, 401)

    def serve(self, request, segments, query):
        rest = "/".join(segments[3:])
        found = [one for one in self._ROUTES if request.command == one[0] and re.fullmatch(one[1], rest)]
        if segments[:1] != ("repos",) or not found:
            self.wrong(request, "no such path")
            request.answer_json({"message": "Not Found"}, 404)
            return
        _, pattern, parameters, members = found[0]
        if "application/vnd.github+json" not in request.headers.get_all("Accept", []):
            self.wrong(request, "Accept")
        if request.headers.get("X-GitHub-Api-Version") != "2022-11-28":
            self.wrong(request, "X-GitHub-Api-Version")
        if not {name for name, _ in query} <= parameters or len({name for name, _ in query}) != len(query):
            self.wrong(request, "query")
        payload = None
        if members is None:
            if request.body or request.headers.get("Content-Type"):
                self.wrong(request, "a body where there is none")
        else:
            payload = json.loads(request.body)
            bad = _members(payload, members)
            if bad or request.headers.get("Content-Type", "").split(";")[0] != "application/json":
                self.wrong(request, f"body {bad}")
                request.answer_json({"message": "Validation Failed", "errors": [{"field": one} for one in bad]}, 422)
                return
        self.took(request, segments, query, payload)
        self._reply(request, pattern, dict(query), payload)

    def _reply(self, request, pattern, query, payload):
        if request.command == "DELETE":
            request.send_response(204)
            request.end_headers()
        elif request.command == "POST":
            request.answer_json({"id": 42, "number": 1348, "state": "open", **payload}, 201)
        elif request.command == "PATCH":
            request.answer_json({"number": 1347, **payload})
        elif pattern == "issues":
            self._page(request, int(query.get("per_page", "30")), int(query.get("page", "1")))
        else:
            request.answer_json([{"id": 42, "body": "Me too"}] if pattern.endswith("comments") else {"number": 1347})

    def _page(self, request, size: int, number: int):
        rows = self.issues[size * (number - 1):size * number]
        url = f"https://{self.host}{request.path.split('?')[0]}?per_page={size}&page="
        last = -(-len(self.issues) // size)
        links = [f'<{url}{number + 1}>; rel="next"', f'<{url}{last}>; rel="last"'] if number < last else []
        links += [f'<{url}{number - 1}>; rel="prev"', f'<{url}1>; rel="first"'] if number > 1 else []
        request.answer(json.dumps(rows), headers=[("Link", ", ".join(links))] if links else [],
                       kind="application/json; charset=utf-8")


class Slack(PublicApi):
    """https://docs.slack.dev/reference/methods: an error is told with 200 and `ok: false`."""

    host = "slack.com"
    _METHODS = {  # whether it changes something, what it needs, what else it takes
        "conversations.list": (False, set(), {"cursor", "exclude_archived", "limit", "types"}),
        "conversations.info": (False, {"channel"}, {"include_num_members", "include_locale"}),
        "conversations.history": (False, {"channel"}, {"cursor", "oldest", "latest", "inclusive", "limit"}),
        "chat.getPermalink": (False, {"channel", "message_ts"}, set()),
        "chat.postMessage": (True, {"channel"}, {"text", "thread_ts", "reply_broadcast", "blocks", "unfurl_links",
                                                 "unfurl_media"}),
        "chat.update": (True, {"channel", "ts"}, {"text"}),
        "chat.delete": (True, {"channel", "ts"}, set())}
    CHANNEL = "C1234567890"

    def no_credential(self, request):
        known = request.headers.get("Authorization")
        request.answer_json({"ok": False, "error": "invalid_auth" if known else "not_authed"})

    def serve(self, request, segments, query):
        name = segments[1] if len(segments) == 2 and segments[0] == "api" else ""
        if name not in self._METHODS:
            self.wrong(request, "no such method")
            request.answer_json({"ok": False, "error": "unknown_method"})
            return
        changes, needed, other = self._METHODS[name]
        given = dict(query)
        if changes:
            if request.command != "POST" or query:
                self.wrong(request, "an argument outside of the body")
            if not request.headers.get("Content-Type", "").startswith("application/json"):
                self.wrong(request, "Content-Type")
            given = json.loads(request.body)
        elif request.command != "GET" or request.body:
            self.wrong(request, "a body of what only reads")
        if not needed <= set(given) or not set(given) <= needed | other:
            self.wrong(request, f"arguments {sorted(given)}")
        if given.get("channel", self.CHANNEL) != self.CHANNEL:
            request.answer_json({"ok": False, "error": "channel_not_found"})
            return
        self.took(request, segments, query, given if changes else None)
        request.answer_json({"ok": True, "channel": given.get("channel"), "ts": given.get("ts", "1503435956.000247"),
                             "text": given.get("text")})


class Stripe(PublicApi):
    """https://docs.stripe.com/api/customers: forms with nested names, and idempotency keys."""

    host = "api.stripe.com"
    _TOP = {"name", "email", "phone", "description", "address", "metadata", "preferred_locales", "payment_method"}
    _LISTED = {"email", "limit", "starting_after", "ending_before", "created[gte]", "expand[]"}

    def __init__(self, world, token: str):
        super().__init__(world, token)
        self.keys = {}

    def no_credential(self, request):
        request.answer_json({"error": {"type": "invalid_request_error", "message": "Invalid API Key provided"}}, 401)

    def serve(self, request, segments, query):
        if segments[:2] != ("v1", "customers") or len(segments) > 3 or (len(segments) == 3 and not segments[2]):
            self._refuse(request, 404, "Unrecognized request URL")
            return
        customer = segments[2] if len(segments) == 3 else None
        if request.command == "POST":
            self._change(request, segments, customer)
            return
        read = {None: self._LISTED, "search": {"query", "limit", "page"}}
        allowed = {"GET": read.get(customer, {"expand[]"}), "DELETE": set()}
        if request.command not in allowed or (request.command == "DELETE" and not customer):
            self._refuse(request, 404, "Unrecognized request URL")
            return
        unknown = {name for name, _ in query} - allowed[request.command]
        if unknown or request.body:
            self._refuse(request, 400, f"Received unknown parameter: {unknown or 'a body'}")
            return
        self.took(request, segments, query)
        if request.command == "DELETE":
            request.answer_json({"id": customer, "object": "customer", "deleted": True})
        elif customer in (None, "search"):
            kind = "list" if customer is None else "search_result"
            request.answer_json({"object": kind, "data": [], "has_more": False})
        else:
            request.answer_json({"id": customer, "object": "customer"})

    def _change(self, request, segments, customer):
        if request.headers.get("Content-Type") != "application/x-www-form-urlencoded":
            self._refuse(request, 400, "Content-Type")
            return
        payload = nested(urllib.parse.parse_qsl(request.body.decode("ascii"), keep_blank_values=True, strict_parsing=True,
                                                errors="strict"))
        unknown = set(payload) - self._TOP
        if unknown:
            self._refuse(request, 400, f"Received unknown parameters: {unknown}")
            return
        key = request.headers.get("Idempotency-Key", "")
        if not 0 < len(key) <= 255:
            self._refuse(request, 400, "Idempotency-Key")
            return
        if self.keys.setdefault(key, (segments, payload)) != (segments, payload):
            self._refuse(request, 400, "Keys for idempotent requests can only be used with the same parameters")
            return
        self.took(request, segments, [], payload)
        told = {name: value for name, value in payload.items() if name != "payment_method"}
        request.answer_json({"id": customer or "cus_new", "object": "customer", **told})

    def _refuse(self, request, status: int, message: str):
        self.wrong(request, message)
        request.answer_json({"error": {"type": "invalid_request_error", "message": message}}, status)


def nested(pairs: list) -> dict:
    """A form's pairs as Stripe reads them: `a[b]=1` is a member of `a`, `a[]=1` another one of a list."""
    made = {}
    for name, value in pairs:
        first, *inner = re.fullmatch(r"([^\[\]]+)((?:\[.*\])?)", name).groups()
        keys = [first, *re.findall(r"\[((?:[^\[\]]|\[[^\[\]]*\])*)\]", inner[0])]
        place = made
        for key, following in zip(keys, [*keys[1:], None]):
            if following is None:
                assert key not in place, f"{name} twice"
                place[key] = value
            elif following == "":
                place.setdefault(key, []).append(value)
                break
            else:
                place = place.setdefault(key, {})
    return made
