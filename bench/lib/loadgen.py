"""The load generator: built when its sources are newer, run, and listened to."""

import json
import subprocess
import sys

from lib import processes
from lib.world import REPOSITORY

_SOURCES = REPOSITORY / "bench" / "loadgen"
PROGRAM = REPOSITORY / "build" / "bench" / "loadgen"
_LONGEST_S = 180


def build() -> None:
    """Compiles it into build/bench/ unless that is up to date."""
    sources = [path for path in _SOURCES.iterdir() if path.suffix in (".cc", ".h")]
    if PROGRAM.exists() and PROGRAM.stat().st_mtime > max(s.stat().st_mtime for s in sources):
        return
    PROGRAM.parent.mkdir(parents=True, exist_ok=True)
    print("building the load generator", file=sys.stderr)
    subprocess.run(["clang++-19", "-std=c++23", "-O2", "-Wall", "-Wextra", "-Werror", "-pthread",
                    "-o", str(PROGRAM), *sorted(str(s) for s in sources if s.suffix == ".cc"),
                    "-lssl", "-lcrypto"], check=True)


def _pss(pids) -> float:
    total = 0.0
    for pid in pids:
        try:
            total += processes.pss(pid)
        except (FileNotFoundError, ProcessLookupError):
            continue
    return total


def run(command, watched: int | None, **keywords) -> dict:
    """Runs `command`, which ends in a call of the load generator; its report.

    The processor time of the tree below the process `watched` is read where the window begins and
    ends ("cpu_s"), and its memory where it ends ("pss_mib").
    """
    report = {}
    command = [*command, "--wait-for", "stdin"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, **keywords) as child:
        said = []
        try:
            for line in child.stderr:
                said.append(line)
                if watched and line == "begin\n":
                    report["cpu_s"] = -processes.cpu_seconds(watched)
                if watched and line == "end\n":
                    report["cpu_s"] += processes.cpu_seconds(watched)
                    report["pss_mib"] = _pss(processes.tree(watched))
                if line in ("begin\n", "end\n"):
                    print(file=child.stdin, flush=True)
            text = child.stdout.read()
            child.wait(_LONGEST_S)
        finally:
            processes.end(child)
    try:
        report |= json.loads(text)
    except json.JSONDecodeError:
        sys.exit(f"bench: {' '.join(command)} gave no report (exit status "
                 f"{child.returncode}):\n{''.join(said)}")
    return report
