"""RESULTS.md: one section for each benchmark, replaced as a whole by a run with --write.

    section = "<!-- NAME -->" LF text LF "<!-- end of NAME -->"
"""

import contextlib
import io
import json
import pathlib

from lib import machine

_FILE = pathlib.Path(__file__).resolve().parent.parent / "RESULTS.md"
_INTRODUCTION = """# Results

Written by `./dev bench launch|pull|engines|proxy|authority|decisions|commands --write`; do not edit. `README.md` says
what each figure means, how it is measured and how to measure again. A figure holds for the machine
named above its tables, and comparisons hold within one table only.
"""


def _marks(name: str) -> tuple:
    return f"<!-- {name} -->\n", f"<!-- end of {name} -->\n"


def replaced(document: str, name: str, text: str) -> str:
    """`document` with `text` as the section `name`, at the end when there was none."""
    begin, end = _marks(name)
    section = f"{begin}\n{text.strip()}\n\n{end}"
    before, found, rest = document.partition(begin)
    if not found:
        return f"{document.rstrip()}\n\n{section}"
    return before + section + rest.partition(end)[2]


def add_flags(parser, figures: str = "the figures") -> None:
    """The flags that every benchmark has."""
    parser.add_argument("--write", action="store_true", help="keep the tables in RESULTS.md")
    parser.add_argument("--json", action="store_true", help=f"print {figures} as JSON")


def conclude(name: str, options, result: dict, print_all) -> None:
    """Shows what was measured, as JSON or as the section `name`; result["machine"] is told that it is over."""
    machine.finish(result["machine"])
    if options.json:
        print(json.dumps(result, indent=1))
        return
    publish(name, options.write, print_all)


def publish(name: str, write: bool, print_all) -> None:
    """Shows what `print_all` prints, and keeps it as the section `name` when `write` says so."""
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        print_all()
    print(output.getvalue(), end="")
    if write:
        document = _FILE.read_text(encoding="utf-8") if _FILE.exists() else _INTRODUCTION
        _FILE.write_text(replaced(document, name, output.getvalue()), encoding="utf-8")
        print(f"\nwritten to bench/{_FILE.name}")
