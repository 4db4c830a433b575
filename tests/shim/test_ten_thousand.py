"""Ten thousand operations, imported from a document, with commands for all of them."""

import json
import re

import pytest

from lib import control
from lib.inside import Inside

HOST = "big.test"
_AREAS, _EACH, _TOOLS = 200, 50, 50
_ANSWERS = {"200": {"description": "it"}}


def _operation(area: int, number: int) -> dict:
    """One operation of the document: most read, every tenth one writes."""
    parameters = [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}},
                  {"name": "page", "in": "query", "schema": {"type": "integer"}}]
    entry = {"operationId": f"area{area}-thing{number}", "tags": [f"area{area}"], "parameters": parameters,
             "summary": f"Inspect the {_word(area)} of the {_word(number)} kind", "responses": _ANSWERS}
    if number % 10:
        return {"get": entry}
    schema = {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}}
    return {"post": {**entry, "summary": f"Replace the {_word(area)} of the {_word(number)} kind",
                     "requestBody": {"content": {"application/json": {"schema": schema}}}}}


def _word(number: int) -> str:
    """A word of its own for each number."""
    return "".join("bdfgklmnpr"[int(digit)] + "aeiou"[int(digit) % 5] for digit in f"{number:03}")


def _document() -> str:
    paths = {f"/area{area}/thing{number}/{{id}}": _operation(area, number)
             for area in range(_AREAS) for number in range(_EACH)}
    paths["/upload"] = {"post": {"operationId": "upload-scan", "summary": "Upload a scan", "requestBody": {
        "required": True, "content": {"multipart/form-data": {"schema": {"type": "object", "properties": {
            "scan": {"type": "string", "format": "binary"}}}}}}, "responses": _ANSWERS}}
    return json.dumps({"openapi": "3.1.0", "info": {"title": "Everything", "version": "7"}, "paths": paths,
                       "servers": [{"url": f"https://{HOST}"}]})


@pytest.fixture
def big(ordinary):
    """A world with that document's connector, whose operations are spread over fifty commands, and its site."""
    ordinary.big = ordinary.site(HOST, allow=False)
    document = ordinary.write("big.json", _document())
    imported = ordinary.aileron("connector", "import", "openapi", document, "--name", "big.test/all", "-o",
                                ordinary.workspace + "/big.yaml").ok()
    ordinary.report = imported.out + imported.err
    text = ordinary.read("big.yaml")
    tools = "".join(f"  - name: tool{number}\n    summary: Areas of {number}\n    operations: [{_areas(number)}]\n"
                    for number in range(_TOOLS))
    ordinary.write("big.yaml", re.sub(r"(?s)^tools:\n.*?(?=^operations:)", f"tools:\n{tools}", text, flags=re.MULTILINE))
    ordinary.aileron("connector", "add", ordinary.workspace + "/big.yaml", "--yes").ok()
    return ordinary


def _areas(tool: int) -> str:
    return ", ".join(f"area{area}" for area in range(_AREAS) if area % _TOOLS == tool)


def test_ten_thousand_operations_are_as_usable_as_ten(big):
    """With ten thousand operations a launch fails, a search floods the agent, or an operation cannot be called."""
    installed, = big.json("connector", "list")
    assert installed["operations"] == _AREAS * _EACH and len(installed["tools"]) == _TOOLS
    assert installed["asking"] == _AREAS * _EACH // 10
    assert "/upload" in big.report and "multipart" in big.report, "what was left out is not reported"
    assert len(big.report) < 2000
    inside = Inside(big)
    commands = inside.run("ls /run/aileron/bin").ok().out.split()
    assert {f"tool{number}" for number in range(_TOOLS)} <= set(commands)
    assert inside.run("aileron tools").ok().out.count("\n") <= _TOOLS + 1
    for words in (f"inspect {_word(137)} {_word(21)}", "inspect", "replace kind", "nothing of the like"):
        found = inside.run(f"aileron tools search {words}").ok()
        assert found.out.count("\n") <= 21 and len(found.out) < 2000, found.describe()
    first = inside.run(f"aileron tools search inspect {_word(137)} {_word(21)}").ok().out
    assert "area137-thing21" in first.splitlines()[1], first
    call = inside.run("tool37 area137 area137-thing21 --id 'a b' --page 2")
    assert call.rc == 0 and big.big.seen()[0].target == "/area137/thing21/a%20b?page=2", call.describe()
    assert "--page" in inside.run("tool37 area137 area137-thing21 --help").ok().out
    assert inside.run("tool37 area137 area137-thing22x").rc == 64
    assert inside.run("tool36 area137 area137-thing21 --id x").rc == 64, "an operation of another command"
    waits = inside.run("tool37 area137 area137-thing20 --id 1 --name n --no-wait")
    assert waits.rc == 75, waits.describe()
    control.approve(big, waits.out.strip())
    inside.run(f"aileron wait {waits.out.strip()}").ok()
    assert json.loads(big.big.seen("/area137/thing20/1")[0].body) == {"name": "n"}
    assert len(inside.ask("GET", "/tools").ok()["tools"]) == _TOOLS
    inside.end()


def test_a_part_of_a_large_document_is_chosen(ordinary):
    """--include takes in what was not named, or leaves out what was."""
    document = ordinary.write("big.json", _document())
    out = ordinary.workspace + "/part.yaml"
    ordinary.aileron("connector", "import", "openapi", document, "--name", "big.test/part", "--include", "area7",
                     "--include", "/area9/thing3/{id}", "-o", out).ok()
    ordinary.aileron("connector", "add", out, "--yes").ok()
    assert ordinary.json("connector", "list")[0]["operations"] == _EACH + 1


def _import(world, paths: dict) -> str:
    """What an import of a document with these paths prints beside the spec."""
    document = {"openapi": "3.1.0", "info": {"title": "Small", "version": "1"}, "servers": [{"url": f"https://{HOST}"}],
                "paths": paths}
    return world.aileron("connector", "import", "openapi", world.write("small.json", json.dumps(document)), "--name",
                         "big.test/small", "-o", world.workspace + "/small.yaml").ok().err


def test_the_report_of_an_import_can_be_read(ordinary):
    """What was left out is printed in one line with its line ends written out, or something is said of nothing."""
    good = {"/x": {"get": {"operationId": "x", "summary": "X", "responses": _ANSWERS}}}
    cookie = {"name": "c", "in": "cookie", "required": True, "schema": {"type": "string"}}
    other = {"/y": {"get": {"operationId": "y", "parameters": [cookie], "responses": _ANSWERS}}}
    report = _import(ordinary, {**good, **other})
    assert "\\x0a" not in report and report.endswith("\n"), report
    lines = report.splitlines()
    assert [line for line in lines if line.endswith("GET /y")], report
    assert [line for line in lines if line.endswith("cookie")], report
    assert _import(ordinary, good) == ""
