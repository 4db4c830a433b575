#!/usr/bin/python3
"""How fast requests go through aileron's interception, beside squid and mitmproxy.

Every row is measured through every peer in turn, round after round, in one session; the figures are
medians over the rounds. README.md says what each row means and how it is measured.
"""

import argparse
import json
import math
import os
import shutil
import sys
import tempfile

from lib import loadgen, machine, peers, results, samples, table, works
from lib.site import Site
from lib.world import binary

_TARGET_SQUID = 1.5  # times squid's requests a second, on the row below
_TARGET_ROW = "keepalive-16"
_DEFAULT_PEERS = ("direct", "aileron", "captured", "squid", "mitmproxy")


def _names(first: int) -> list:
    return [f"n{n}.bench.test" for n in range(first, first + works.NAMES)]


def _held_kib(peer, work, command) -> dict:
    """Memory of one tunnel: what 1,000 more of them add to a proxy that holds one."""
    peer.stop()
    peer.start([])
    report = peer.load([*command, "--connections", "1"], [])
    one = report["pss_mib"]
    report = peer.load([*command, "--connections", str(1 + work.held)], [])
    report["figure"] = (report["pss_mib"] - one) * 1024 / work.held
    return report


def _measure(peer, work, site: Site, duration: float, first_name: int) -> dict:
    command = work.command(site, duration, first_name)
    if work.held:
        report = _held_kib(peer, work, command)
    else:
        report = peer.load(command, _names(first_name) if work.never_seen else [])
        if report["completed"]:
            peer.check(report)
        report["figure"] = report[work.figure]
        if work.figure == "latency_us":
            report["figure"] = report["latency_us"]["p50"] if report["completed"] else math.nan
    if "cpu_s" in report and report["completed"]:
        report["cpu_us"] = report["cpu_s"] / report["completed"] * 1e6
    return report


def _applies(peer, work) -> bool:
    if work.held:
        return peer.name != "direct"
    return peer.intercepts or peer.name == "aileron" or work.reverse_too


def _progress(text: str) -> None:
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


def measure(wanted, chosen, rounds: int, duration: float) -> dict:
    """Row → peer → its reports, one for each round."""
    root = tempfile.mkdtemp(prefix="aileron-bench-proxy-")
    os.chmod(root, 0o755)
    found = {work.key: {name: [] for name in chosen} for work in wanted}
    started = []
    try:
        with Site(os.path.join(root, "site")) as site:
            every_name = [name for turn in range(rounds) for name in _names(turn * works.NAMES)]
            for name in chosen:
                peer = peers.ALL[name](site, os.path.join(root, name))
                peer.start(every_name)
                started.append(peer)
            for work in wanted:
                for turn in range(rounds):
                    # Each round begins with another peer, so that none is always the first.
                    for peer in started[turn % len(started):] + started[:turn % len(started)]:
                        if not _applies(peer, work):
                            continue
                        _progress(f"{work.key} {turn + 1}/{rounds} {peer.name}")
                        found[work.key][peer.name].append(
                            _measure(peer, work, site, duration, turn * works.NAMES))
    finally:
        _progress("")
        for peer in started:
            peer.stop()
        shutil.rmtree(root, ignore_errors=True)
    return found


def _median(reports, key: str) -> float:
    return samples.median([r[key] for r in reports if key in r and not math.isnan(r[key])])


def _latency(reports, which: str) -> float:
    return samples.median([r["latency_us"][which] for r in reports if r["completed"]])


def _against(reports, base: str) -> float:
    return samples.ratio(_median(reports["aileron"], "figure"),
                         _median(reports.get(base, []), "figure"))


def print_figures(wanted, chosen, found) -> None:
    """The table of the rows' figures, and aileron's against the peers'."""
    others = [name for name in chosen if name not in ("direct", "aileron", "captured")]
    compares = "aileron" in chosen
    head = ["work", *chosen, *([f"aileron / {name}" for name in others] if compares else [])]
    rows = []
    for work in wanted:
        reports = found[work.key]
        rows.append([work.title, *(table.number(_median(reports[n], "figure")) for n in chosen)])
        if compares:
            rows[-1] += [table.number(_against(reports, name), 2) for name in others]
    print("\n### Medians over the rounds\n")
    print(table.render(head, rows))


def print_costs(wanted, chosen, found) -> None:
    """The table of latency and processor time for each request."""
    rows = []
    for work in wanted:
        if work.held or work.on_events:
            continue
        reports = found[work.key]
        cells = lambda measured, digits=0, of=reports: [
            table.number(measured(of[name]), digits) for name in chosen]
        rows.append([f"{work.title.rpartition(',')[0]}: p50 µs",
                     *cells(lambda r: _latency(r, "p50"))])
        rows.append(["… p99 µs", *cells(lambda r: _latency(r, "p99"))])
        # With more connections, requests wait for each other, and the difference says nothing.
        if work.key == "keepalive-1" and reports.get("direct"):
            base = _latency(reports["direct"], "p50")
            rows.append(["… p50 added to direct, µs",
                         *cells(lambda r, base=base: _latency(r, "p50") - base)])
        rows.append(["… processor time of the proxy, µs a request",
                     *cells(lambda r: _median(r, "cpu_us"), 1)])
    if rows:
        print("\n### Latency and cost of a request\n")
        print(table.render(["work", *chosen], rows))


def print_spread(wanted, chosen, found) -> None:
    """The lowest and the highest round, which tell how noisy the machine was, and all errors."""
    rows = []
    for work in wanted:
        line = [work.title]
        for name in chosen:
            figures = [r["figure"] for r in found[work.key][name]]
            line.append(f"{table.number(min(figures))} to {table.number(max(figures))}"
                        if figures else "–")
        rows.append(line)
    print("\n### Lowest and highest round\n")
    print(table.render(["work", *chosen], rows))


def _errors(found) -> list:
    """A line for each run in which a request failed."""
    return [f"{key} through {name}: {report['error_kinds']}" for key, peer in found.items()
            for name, reports in peer.items() for report in reports if report["errors"]]


def print_verdict(found) -> None:
    """The errors, and the target of the row that has one, which no failed request may feed."""
    wrong = _errors(found)
    print("\n" + "\n".join(f"errors: {line}" for line in wrong) if wrong else
          "\nNo request failed: every answer had status 200 and its whole body, and every "
          "certificate was verified and issued by the peer named.")
    reports = found.get(_TARGET_ROW, {})
    if not reports.get("aileron") or not reports.get("squid"):
        return
    said = "not counted, requests failed" if wrong else table.verdict(
        _against(reports, "squid"), _TARGET_SQUID, smaller_is_better=False)
    print(f"\nTarget: at least {_TARGET_SQUID:g} × squid with 16 connections: {said}.")


def print_all(options, result, wanted, chosen) -> None:
    """Everything, as Markdown."""
    print("## ./dev bench proxy\n")
    print(machine.describe(result["machine"], result["versions"]))
    print(f"{options.rounds} interleaved rounds of {options.duration:g} s each, "
          "after 1 s that does not count.")
    print_figures(wanted, chosen, result["works"])
    print_costs(wanted, chosen, result["works"])
    print_spread(wanted, chosen, result["works"])
    print_verdict(result["works"])


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5, help="rounds over all peers (5)")
    parser.add_argument("--duration", type=float, default=3, help="seconds of one run (3)")
    parser.add_argument("--peers", default="", help=f"of {', '.join(peers.ALL)}, with commas")
    parser.add_argument("--works", default="", help=f"of {', '.join(works.ALL)}, with commas")
    parser.add_argument("--all", action="store_true", help="every row, and nginx as a peer too")
    parser.add_argument("--write", action="store_true", help="keep the tables in RESULTS.md")
    parser.add_argument("--json", action="store_true", help="print every run's report as JSON")
    options = parser.parse_args()
    chosen = [name for name in options.peers.split(",") if name]
    chosen = chosen or list(peers.ALL if options.all else _DEFAULT_PEERS)
    rows = [key for key in options.works.split(",") if key]
    rows = rows or [work.key for work in works.ALL.values() if work.by_default or options.all]
    for unknown in [n for n in chosen if n not in peers.ALL] + [k for k in rows
                                                                if k not in works.ALL]:
        parser.error(f"there is no {unknown}")
    wanted = [works.ALL[key] for key in rows]
    loadgen.build()
    known = machine.facts()
    programs = machine.versions(
        aileron=[str(binary()), "version"], nginx=["/usr/sbin/nginx", "-v"],
        squid=["/usr/sbin/squid", "-v"], mitmproxy=["mitmdump", "--version"],
        openssl=["openssl", "version"])
    found = measure(wanted, chosen, options.rounds, options.duration)
    machine.finish(known)
    result = {"machine": known, "versions": programs, "works": found}
    if options.json:
        print(json.dumps(result, indent=1))
        return
    results.publish("proxy", options.write, lambda: print_all(options, result, wanted, chosen))


if __name__ == "__main__":
    main()
