"""The targets: what each row is to reach, against a peer in the same run, and whether it does."""

import dataclasses
import math

from lib import samples, table

_GO_NAMES = 247  # a second, seen of a library for Go that intercepts; it is no peer here


def median(reports, key: str) -> float:
    """Of one figure over the rounds; NaN when no round has it."""
    return samples.median([r[key] for r in reports if key in r and not math.isnan(r[key])])


def p50(reports) -> float:
    """The median over the rounds of each round's p50, µs."""
    return samples.median([r["latency_us"]["p50"] for r in reports if r["completed"]])


@dataclasses.dataclass(frozen=True)
class Target:
    """`of` is what is judged: a row's figure, its processor time, or what is added to direct."""

    row: str
    limit: float
    peer: str = ""            # the limit is that many times the peer's; without: absolute
    of: str = "figure"        # or "cpu_us", "added"
    at_most: bool = False
    base_row: str = ""        # the peer's row, when it is another
    note: str = ""

    def value(self, found, peer: str, row: str) -> float:
        """What `peer` has in `row`; NaN when it was not measured."""
        reports = found.get(row, {})
        if self.of == "added":
            return p50(reports.get(peer, [])) - p50(reports.get("direct", []))
        return median(reports.get(peer, []), self.of)

    def judge(self, found, title: str) -> list:
        """The target's line of the table."""
        ours = self.value(found, "aileron", self.row)
        base = self.value(found, self.peer, self.base_row or self.row) if self.peer else math.nan
        value = samples.ratio(ours, base) if self.peer else ours
        sign = "≤" if self.at_most else "≥"
        unit = (f" × {self.peer}" if self.peer else "") + self.note
        what = {"figure": "", "cpu_us": ": processor time a request, µs",
                "added": ": p50 added to direct, µs"}[self.of]
        digits = 0 if self.of == "figure" else 1
        failed = any(r["errors"] for peer in ("aileron", self.peer)
                     for r in found.get(self.row, {}).get(peer, []))
        said = "not counted: requests failed" if failed else table.verdict(
            value, self.limit, smaller_is_better=self.at_most)
        return [title + what, f"{sign} {self.limit:g}{unit}",
                table.number(ours, digits),
                table.number(base, digits), table.number(value, 2) if self.peer else "–", said]


ALL = (
    *(Target(f"keepalive-{n}", 0.9, "nginx") for n in (1, 16, 64)),
    Target("keepalive-16", 1.5, "squid"),
    *(Target(f"keepalive-{n}", 1.2, "nginx", of="cpu_us", at_most=True) for n in (1, 16, 64)),
    Target("keepalive-1", 1.2, "nginx", of="added", at_most=True),
    Target("newconn", 0.9, "nginx"),
    Target("names", round(1.2 * _GO_NAMES), note=" a second"),
    Target("names", 2.5, "squid"),
    Target("names", 5, "mitmproxy"),
    Target("down", 0.9, "nginx"),
    Target("up", 1.1, "haproxy"),
    Target("down-64k", 0.9, "nginx"),
    Target("websocket", 0.9, "nginx"),
    Target("h2", 0.9, "nginx"),
    Target("events", 100, of="added", at_most=True),
    Target("tunnels", 24, at_most=True, note=" KiB"),
    Target("sessions-10", 0.9, "aileron", base_row="keepalive-16",
           note=" with one session"),
)


def lines(found, titles) -> list:
    """A line for each target of a row that was measured."""
    return [target.judge(found, titles[target.row]) for target in ALL
            if found.get(target.row, {}).get("aileron")]
