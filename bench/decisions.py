#!/usr/bin/python3
"""What one decision costs: verdicts on hosts and on commands, an answer of the sandbox's DNS.

README.md says what each figure means. Nothing is compared here: no peer has either.
"""

import argparse
import json
import subprocess
import sys

from lib import machine, results, samples, table
from lib.world import REPOSITORY, World, binary

_AIM_VERDICT_US = 1.0
_SOURCES = REPOSITORY / "bench" / "decisions"
_BUILT = REPOSITORY / "build" / "bench"
_LIBRARIES = REPOSITORY / "build" / "release"
_NAMES = 1000
_OUTSTANDING = (1, 16)


def _compile(name: str, *more) -> str:
    """Builds decisions/NAME.cc as the release is built."""
    _BUILT.mkdir(parents=True, exist_ok=True)
    subprocess.run(["clang++-19", "-std=c++23", "-O2", "-Wall", "-Wextra", "-Werror",
                    "-Wno-missing-field-initializers", "-o", str(_BUILT / name),
                    str(_SOURCES / f"{name}.cc"), *more], check=True)
    return str(_BUILT / name)


def _compile_with(name: str, rooms: tuple, *libraries) -> str:
    """The same for one that asks rooms of the release."""
    needed = [_LIBRARIES / f"lib{each}.a" for each in (*rooms, "base", "fmt_once")]
    if not all(path.exists() for path in needed):
        sys.exit(f"bench: the release's libraries are missing; run ./dev build release {' '.join(rooms)}")
    return _compile(name, f"-I{REPOSITORY / 'src'}", "-include",
                    str(REPOSITORY / "src/base/precompiled.h"), *map(str, needed), *libraries)


def build() -> dict:
    """The programs."""
    policy = (("policy", "command"), "-lyaml-cpp", "-lre2")
    return {"verdict": _compile_with("verdict", *policy),
            "request": _compile_with("request", *policy),
            "command": _compile_with("command", ("command",), "-lre2"),
            "questions": _compile("questions")}


def ask(world: World, program: str, outstanding: int, seconds: float) -> dict:
    """One session that asks its resolver."""
    command = [world.aileron, "launch", "--tty=never", f"--mount={program}:/tmp/questions:ro", "--",
               "/tmp/questions", str(seconds), str(_NAMES), str(outstanding)]
    done = subprocess.run(command, **world.user(), check=False, text=True, capture_output=True,
                          stdin=subprocess.DEVNULL, timeout=seconds + 60)
    if done.returncode:
        sys.exit(f"bench: the questions failed:\n{done.stderr}")
    return json.loads(done.stdout)


def measure(rounds: int, seconds: float) -> dict:
    """The reports of all rounds."""
    programs = build()
    found = {"verdict": [], "request": [], "command": [], "dns": {outstanding: [] for outstanding in _OUTSTANDING}}
    with World() as world:
        for _ in range(rounds):
            for name in ("verdict", "request", "command"):
                found[name].append(json.loads(subprocess.check_output([programs[name]])))
            for outstanding in _OUTSTANDING:
                found["dns"][outstanding].append(ask(world, programs["questions"], outstanding, seconds))
    return found


def print_all(result: dict, rounds: int) -> None:
    """Everything, as Markdown."""
    print("## ./dev bench decisions\n")
    print(machine.describe(result["machine"], result["versions"]))
    found = result["found"]
    middle = lambda reports, key: samples.median([report[key] for report in reports])
    for kind, title, aimed in (("verdict", "the network policy", ""), ("request", "requests, 10,000 rules", ""),
                               ("command", "commands", "git status")):
        cost = {name: middle([r[name] for r in found[kind]], "median_ns") / 1000
                for name in found[kind][0]}
        print(f"\n### A verdict of {title}, {rounds} rounds\n")
        print(table.render(["rules", "median µs"],
                           [[name, table.number(value, 3)] for name, value in cost.items()]))
        worst = max(value for name, value in cost.items() if name.startswith(aimed))
        print(f"\nAim: under {_AIM_VERDICT_US:g} µs" + (f" for {aimed}" if aimed else "") + ": "
              + table.verdict(worst, _AIM_VERDICT_US, smaller_is_better=True) + ".")
    print(f"\n### Answers of the sandbox's DNS, {_NAMES:,} names, {rounds} rounds\n")
    print(table.render(["questions at a time", "answers/s", "p50 µs", "p99 µs"],
                       [[str(count), *(table.number(middle(reports, key))
                                       for key in ("per_s", "p50_us", "p99_us"))]
                        for count, reports in found["dns"].items()]))


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5, help="rounds (5)")
    parser.add_argument("--duration", type=float, default=2, help="seconds of questions (2)")
    results.add_flags(parser)
    options = parser.parse_args()
    result = {"machine": machine.facts(),
              "versions": machine.versions(aileron=[str(binary()), "version"])}
    result["found"] = measure(options.rounds, options.duration)
    results.conclude("decisions", options, result, lambda: print_all(result, options.rounds))


if __name__ == "__main__":
    main()
