"""The checks of the house: what a reviewer would say twice.

Each check yields lines "place: what is wrong and what to do". Nothing is changed.
"""

import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src"
LINES_MAX = 600
INCLUDE = re.compile(r'^#include "([a-z]+)/', re.MULTILINE)
LIBRARIES = {  # a library's header → the rooms that may know it
    "openssl": {"crypto", "net"},
    "sodium": {"crypto"},
    "sqlite3": {"store"},
    "ares": {"net"},
    "CLI": {"modes"},
    "seccomp": {"os", "proxy", "mediation"},
    "re2": {"command"},
    "archive": {"image"},
    "zlib": {"image"},
    "zstd": {"image"},
}


def tracked(*patterns):
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", *patterns], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return [ROOT / line for line in listed.stdout.splitlines() if (ROOT / line).is_file()]


def rooms():
    sees = {}
    for line in (SOURCE / "layers.txt").read_text().splitlines():
        if match := re.match(r"([a-z]+):(.*)", line):
            sees[match[1]] = set(match[2].split())
    return sees


def check_layers():
    sees = rooms()
    order = list(sees)
    for room, others in sees.items():
        for other in others:
            if order.index(other) >= order.index(room):
                yield f"src/layers.txt: {room} sees {other}, which stands above it"
    for path in tracked("src/*.cc", "src/*.h"):
        room = path.relative_to(SOURCE).parts[0]
        if room not in sees:
            if room != "main.cc":
                yield f"{path.relative_to(ROOT)}: the room {room} is not in src/layers.txt"
            continue
        text = path.read_text()
        for other in set(INCLUDE.findall(text)) & set(sees):
            if other != room and other not in sees[room]:
                yield f"{path.relative_to(ROOT)}: {room} may not include {other} (src/layers.txt)"
        if path.name.endswith("_test.cc"):
            continue
        for library, allowed in LIBRARIES.items():
            if room not in allowed and re.search(rf"^#include <{library}[/.]", text, re.MULTILINE):
                yield f"{path.relative_to(ROOT)}: only {', '.join(sorted(allowed))} may include <{library}>"


def check_sizes():
    for path in tracked("src/*", "tests/*", "fuzz/*.cc", "bench/*", "tools/*", "dev"):
        if path.suffix in {".json", ".lock", ".pem", ".yaml"} or "corpus" in path.parts:
            continue
        lines = len(path.read_text(errors="replace").splitlines())
        if lines > LINES_MAX:
            yield f"{path.relative_to(ROOT)}: {lines} lines; a second noun usually lives in a file over {LINES_MAX}"


def check_tests():
    """A source has a test beside it, or a test of its room includes its header, or it says which
    scenario holds it."""
    for path in tracked("src/*.cc"):
        if path.name.endswith("_test.cc") or path.name == "main.cc":
            continue
        if path.with_name(path.stem + "_test.cc").exists():
            continue
        header = f'#include "{path.parent.name}/{path.stem}.h"'
        if any(header in test.read_text() for test in path.parent.glob("*_test.*")):
            continue
        named = re.search(r"^// Tested by (\S+?)\.?$", path.read_text(), re.MULTILINE)
        if not named:
            yield f'{path.relative_to(ROOT)}: no {path.stem}_test.cc beside it, and no line "// Tested by PATH"'
        elif not (ROOT / named[1]).exists():
            yield f"{path.relative_to(ROOT)}: says it is tested by {named[1]}, which does not exist"


def check_leftovers():
    for path in tracked("src/*", "dev", "tools/*", "bench/*", "fuzz/*.cc"):
        if path == pathlib.Path(__file__).resolve():
            continue
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
            if re.search(r"\b(TODO|FIXME|XXX|HACK)\b(?!\(.+\))", line):
                yield f"{path.relative_to(ROOT)}:{number}: left over without a reason: {line.strip()}"


def check_documents():
    """Paths that the documents name exist."""
    for name in ["README.md", "ARCHITECTURE.md", "SECURITY.md", "SPECIFICATION.md", "CONTRIBUTING.md"]:
        document = ROOT / name
        if not document.exists():
            yield f"{name}: is missing"
            continue
        for path in set(re.findall(r"`((?:src|tests|docs|api|schema|fuzz|bench|tools|cmake)/[\w./-]+)`", document.read_text())):
            if not (ROOT / path).exists():
                yield f"{name}: names {path}, which does not exist"


def check_specification():
    """Every file of scenarios holds some promise."""
    text = (ROOT / "SPECIFICATION.md").read_text()
    for path in tracked("tests/*/test_*.py"):
        name = str(path.relative_to(ROOT))
        if f"`{name}`" not in text:
            yield f"{name}: SPECIFICATION.md names no promise that it holds"


def check_api():
    """The daemon's routes are those of the contract."""
    contract, path = set(), None
    for line in (ROOT / "api" / "openapi.yaml").read_text().splitlines():
        if match := re.match(r"  (/\S*):", line):
            path = match[1]
        elif match := re.match(r"    (get|put|post|delete|patch|head):", line):
            contract.add((match[1].upper(), f"/v1{path}"))
        elif line and not line[0].isspace():
            path = None
    routes = set()
    for source in tracked("src/daemon/routes_*.cc"):
        routes |= set(re.findall(r'router\.Add\(\s*"([A-Z]+)",\s*"([^"?]+)', source.read_text()))
    for method, route in sorted(routes - contract):
        yield f"api/openapi.yaml: lacks {method} {route}, which the daemon serves"
    for method, route in sorted(contract - routes):
        yield f"api/openapi.yaml: has {method} {route}, which the daemon does not serve"


def check_format():
    files = [str(p) for p in tracked("src/*.cc", "src/*.h", "fuzz/*.cc", "bench/*.cc")]
    result = subprocess.run(["clang-format-19", "--dry-run", *files], cwd=ROOT, capture_output=True, text=True)
    badly = sorted({line.split(":")[0] for line in result.stderr.splitlines() if "clang-format-violations" in line})
    for path in badly:
        yield f"{pathlib.Path(path).relative_to(ROOT)}: not formatted; run ./dev fmt"


def main():
    problems = []
    for check in [check_layers, check_sizes, check_tests, check_leftovers, check_documents, check_specification,
                  check_api, check_format]:
        problems += check()
    for problem in problems:
        print(problem)
    if not problems:
        print("tidy: the house is in order")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
