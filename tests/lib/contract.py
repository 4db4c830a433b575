"""The API's document as a judge: what the daemon answers must be what api/openapi.yaml says.

Status, content type and body of an answer are compared with the response that the document gives for the
route. It is read strictly: a member of an answer that the document does not name fails, so that it never
tells less than there is. What a route does not list may only be one of the refusals that any route may give.
"""

import dataclasses
import functools
import json
import re
import urllib.parse

import jsonschema
import yaml

from lib import binary

CONTROL, SANDBOX = "control", "sandbox"
# The routes, as keys of `routes`, that this process has had an answer of.
answered = set()
_METHODS = ("get", "put", "post", "delete", "patch", "head", "options")


@dataclasses.dataclass(frozen=True)
class Answer:
    """One answer of an API, already found to be as the document says."""

    status: int
    headers: list
    body: bytes

    def header(self, name: str) -> str:
        """The value of the header `name`; empty when there is none."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), "")

    @property
    def kind(self) -> str:
        """The content type without its parameters."""
        return self.header("Content-Type").split(";")[0].strip().lower()

    @property
    def value(self):
        """The body as JSON."""
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """The code of a refusal; empty for an answer that is none."""
        return self.value["code"] if self.kind == "application/problem+json" else ""

    def ok(self, status: int = 200):
        """The body as JSON, when the status is the wanted one."""
        assert self.status == status, f"{self.status} instead of {status}: {self.body[:2000]!r}"
        return self.value


@functools.cache
def document() -> dict:
    """api/openapi.yaml."""
    return yaml.safe_load((binary.REPOSITORY / "api" / "openapi.yaml").read_text(encoding="utf-8"))


@functools.cache
def routes() -> dict:
    """The document's operations by surface, method and path as it stands there."""
    found = {}
    for path, entry in document()["paths"].items():
        for method, operation in entry.items():
            if method in _METHODS:
                surface = SANDBOX if "sandbox" in operation["tags"] else CONTROL
                found[surface, method.upper(), path] = operation
    return found


def route(surface: str, method: str, target: str) -> tuple | None:
    """The key in `routes` that a request for `target` (below /v1) is for; None when there is none."""
    path = urllib.parse.urlsplit(target).path
    exact = (surface, method, path)
    if exact in routes():
        return exact
    for key in routes():
        pattern = re.sub(r"\\{\w+\\}", "[^/]+", re.escape(key[2]))
        if key[:2] == (surface, method) and re.fullmatch(pattern, path):
            return key
    return None


def check(surface: str, method: str, target: str, answer: Answer) -> Answer:
    """Fails when `answer` is not what the document says of that route."""
    where = f"{method} {target} on the {surface} API answered {answer.status} {answer.kind} {answer.body[:1500]!r}"
    if answer.status >= 400 and answer.header("Aileron-Code"):
        return answer  # the data plane's own refusal, on the way to the API
    known = route(surface, method, target)
    answered.add(known)
    responses = routes()[known]["responses"] if known else {}
    response = responses.get(str(answer.status)) or (responses.get("default") if answer.status >= 400 else None)
    if response is None:
        assert answer.status >= 400, f"the document has no such answer: {where}"
        _check_refusal(answer, where)
        return answer
    response = _resolve(response)
    content = response.get("content", {})
    assert answer.kind in content, f"the document says {sorted(content)}: {where}"
    if answer.kind.endswith("json"):
        _validate(answer.value, content[answer.kind]["schema"], where)
    if answer.kind == "application/problem+json":
        assert answer.value["status"] == answer.status, where
    for name in response.get("headers", {}):
        assert answer.header(name), f"the header {name} is missing: {where}"
    return answer


def _check_refusal(answer: Answer, where: str) -> None:
    """A refusal that its route does not list: a problem, whose code any route may give."""
    assert answer.kind == "application/problem+json", f"this is no problem document: {where}"
    _validate(answer.value, {"$ref": "#/components/schemas/Problem"}, where)
    assert answer.value["status"] == answer.status, where


def _resolve(node: dict) -> dict:
    while "$ref" in node:
        found = document()
        for part in node["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        node = found
    return node


@functools.cache
def _strict_document() -> dict:
    return _closed(document())


def _closed(node):
    """The same, with every described object closed to members that are not described."""
    if isinstance(node, list):
        return [_closed(one) for one in node]
    if not isinstance(node, dict):
        return node
    if "allOf" in node:
        node = _joined([_resolve(part) for part in node["allOf"]])
    made = {key: _closed(value) for key, value in node.items()}
    if isinstance(made.get("properties"), dict) and "additionalProperties" not in made:
        made["additionalProperties"] = False
    return made


def _joined(parts: list) -> dict:
    """One object with the members of all: closed one by one, none of them would take the others'."""
    return {"type": "object", "required": [name for part in parts for name in part.get("required", ())],
            "properties": {name: member for part in parts for name, member in part["properties"].items()}}


def _validate(value, schema: dict, where: str) -> None:
    root = {**_closed(schema), "components": _strict_document()["components"]}
    errors = list(jsonschema.Draft202012Validator(root, format_checker=jsonschema.FormatChecker()).iter_errors(value))
    said = "; ".join(f"{'/'.join(map(str, error.absolute_path)) or 'body'}: {error.message[:300]}" for error in errors)
    assert not errors, f"{said}: {where}"
