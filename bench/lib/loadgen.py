"""The load generator and the origin: built when their sources are newer; the first is run and
listened to."""

import collections
import json
import subprocess
import sys

from lib import processes
from lib.world import REPOSITORY

_BUILT = REPOSITORY / "build" / "bench"
PROGRAM = _BUILT / "loadgen"
ORIGIN = _BUILT / "origin"
_LIBRARIES = {PROGRAM: ["-lssl", "-lcrypto", "-lnghttp2"], ORIGIN: ["-lssl", "-lcrypto"]}
_LONGEST_S = 180


def build() -> None:
    """Compiles both into build/bench/ unless they are up to date."""
    for program, libraries in _LIBRARIES.items():
        folder = REPOSITORY / "bench" / program.name
        sources = [path for path in folder.iterdir() if path.suffix in (".cc", ".h")]
        newest = max(source.stat().st_mtime for source in sources)
        if program.exists() and program.stat().st_mtime > newest:
            continue
        _BUILT.mkdir(parents=True, exist_ok=True)
        print(f"building {program.name}", file=sys.stderr)
        subprocess.run(["clang++-19", "-std=c++23", "-O2", "-Wall", "-Wextra", "-Werror",
                        "-pthread", "-o", str(program),
                        *sorted(str(s) for s in sources if s.suffix == ".cc"), *libraries],
                       check=True)


class _Run:
    """One process of the load generator, which waits for us at both ends of its window."""

    def __init__(self, command, keywords):
        self._command = [*command, "--wait-for", "stdin"]
        self._child = subprocess.Popen(self._command, stdin=subprocess.PIPE,
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                       **keywords)
        self._said = []

    def wait_for(self, what: str) -> None:
        """Reads until it says `what`."""
        for line in self._child.stderr:
            self._said.append(line)
            if line == f"{what}\n":
                return
        self._fail()

    def go_on(self) -> None:
        """Lets it go on from there."""
        print(file=self._child.stdin, flush=True)

    def report(self) -> dict:
        """What it prints in the end."""
        text, rest = self._child.communicate(timeout=_LONGEST_S)
        self._said.append(rest)
        try:
            return json.loads(text)
        except json.JSONDecodeError:
            self._fail()

    def end(self) -> None:
        """Ends the process, should it still run."""
        processes.end(self._child)

    def _fail(self):
        self.end()
        sys.exit(f"bench: {' '.join(self._command)} gave no report (exit status "
                 f"{self._child.returncode}):\n{''.join(self._said)}")


def _merged(reports) -> dict:
    """One report of several that ran at the same time: rates and counts are sums, the latencies
    are those of the first."""
    if len(reports) == 1:
        return reports[0]
    merged = dict(reports[0])
    for key in ("completed", "per_s", "mib_per_s", "handshakes", "reconnects", "errors",
                "connections", "client_cpu_s"):
        merged[key] = sum(report[key] for report in reports)
    kinds = collections.Counter()
    for report in reports:
        kinds.update(report["error_kinds"])
    merged["error_kinds"] = dict(kinds)
    return merged


def _pss(pids) -> float:
    total = 0.0
    for pid in pids:
        try:
            total += processes.pss(pid)
        except (FileNotFoundError, ProcessLookupError):
            continue
    return total


def run(commands, watched: int | None, **keywords) -> dict:
    """Runs all of `commands` at once, each of which ends in a call of the load generator; their
    report. The windows begin together, when the last one is ready.

    The processor time of the tree below the process `watched` is read where the windows begin and
    end ("cpu_s"), and its memory where they end ("pss_mib").
    """
    runs = [_Run(command, keywords) for command in commands]
    try:
        for one in runs:
            one.wait_for("begin")
        measured = {}
        if watched:
            measured["cpu_s"] = -processes.cpu_seconds(watched)
        for one in runs:
            one.go_on()
        for one in runs:
            one.wait_for("end")
        if watched:
            measured["cpu_s"] += processes.cpu_seconds(watched)
            measured["pss_mib"] = _pss(processes.tree(watched))
        for one in runs:
            one.go_on()
        return _merged([one.report() for one in runs]) | measured
    finally:
        for one in runs:
            one.end()
