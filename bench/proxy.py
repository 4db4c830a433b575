#!/usr/bin/python3
"""How fast requests go through aileron's interception, beside other proxies.

Every row is measured through every peer in turn, round after round, in one session; the figures are
medians over the rounds. README.md says what each row means and how it is measured.
"""

import argparse
import math
import os
import shutil
import sys
import tempfile

from lib import figures, loadgen, machine, peers, results, works
from lib.site import Site
from lib.world import binary

_DEFAULT_PEERS = ("direct", "nginx", "haproxy", "aileron", "squid", "mitmproxy")


def _names(first: int) -> list:
    return [f"n{n}.bench.test" for n in range(first, first + works.NAMES)]


def _held_kib(peer, work, command) -> dict:
    """Memory of one tunnel: what 1,000 more of them add to a proxy that holds one."""
    peer.stop()
    peer.start([])
    report = peer.load(work, [*command, "--connections", "1"], [])
    one = report["pss_mib"]
    report = peer.load(work, [*command, "--connections", str(1 + work.held)], [])
    report["figure"] = (report["pss_mib"] - one) * 1024 / work.held
    return report


def _measure(peer, work, site: Site, seconds: float, first_name: int) -> dict:
    command = work.command(site, seconds, first_name)
    if work.held:
        return _held_kib(peer, work, command)
    report = peer.load(work, command, _names(first_name) if work.never_seen else [])
    if report["completed"]:
        peer.check(report)
    if work.figure == "p50":
        report["figure"] = report["latency_us"]["p50"] if report["completed"] else math.nan
    else:
        report["figure"] = report[work.figure]
    if "cpu_s" in report and report["completed"]:
        report["cpu_us"] = report["cpu_s"] / report["completed"] * 1e6
    return report


def _progress(text: str) -> None:
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


def measure(wanted, chosen, rounds: int, seconds: float) -> dict:
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
                        if not peer.can(work):
                            continue
                        _progress(f"{work.key} {turn + 1}/{rounds} {peer.name}")
                        found[work.key][peer.name].append(
                            _measure(peer, work, site, seconds, turn * works.NAMES))
    finally:
        _progress("")
        for peer in started:
            peer.stop()
        shutil.rmtree(root, ignore_errors=True)
    return found


def print_all(options, result, wanted, chosen) -> None:
    """Everything, as Markdown."""
    found = result["works"]
    print("## ./dev bench proxy\n")
    print(machine.describe(result["machine"], result["versions"]))
    print(f"{options.rounds} interleaved rounds of {options.seconds:g} s each, "
          "after 1 s that does not count.")
    if "aileron" in chosen:
        print("\n### Targets\n")
        print(figures.judged(wanted, found))
    for title, table in (("Medians over the rounds", figures.medians),
                         ("Cost", figures.costs), ("Latency", figures.latencies),
                         ("Noise", figures.spread)):
        print(f"\n### {title}\n")
        print(table(wanted, chosen, found))
    print("\n" + figures.errors(found))


def _listed(parser, text: str, known, otherwise) -> list:
    """The words of an option's list, all of which must be known."""
    words = [word for word in text.split(",") if word] or list(otherwise)
    for word in words:
        if word not in known:
            parser.error(f"there is no {word}; there are {', '.join(known)}")
    return words


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3, help="rounds over all peers (3)")
    parser.add_argument("--seconds", type=float, default=3, help="of one run (3)")
    parser.add_argument("--peers", default="", help=f"of {', '.join(peers.ALL)}, with commas")
    parser.add_argument("--only", default="", help=f"rows of {', '.join(works.ALL)}, with commas")
    results.add_flags(parser, "every run's report")
    options = parser.parse_args()
    chosen = _listed(parser, options.peers, peers.ALL, _DEFAULT_PEERS)
    wanted = [works.ALL[key] for key in _listed(parser, options.only, works.ALL, works.ALL)]
    loadgen.build()
    known = machine.facts()
    programs = machine.versions(
        aileron=[str(binary()), "version"], nginx=["/usr/sbin/nginx", "-v"],
        haproxy=["/usr/sbin/haproxy", "-v"], squid=["/usr/sbin/squid", "-v"],
        mitmproxy=["mitmdump", "--version"], openssl=["openssl", "version"])
    found = measure(wanted, chosen, options.rounds, options.seconds)
    result = {"machine": known, "versions": programs, "works": found}
    results.conclude("proxy", options, result, lambda: print_all(options, result, wanted, chosen))


if __name__ == "__main__":
    main()
