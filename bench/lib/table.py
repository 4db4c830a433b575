"""Tables for a terminal that are Markdown as well, so that they can be kept as they are."""

import math


def number(value, digits: int = 0) -> str:
    """A figure with its thousands apart; "–" when it is missing."""
    if value is None or math.isnan(value):
        return "–"
    return f"{value:,.{digits}f}"


def render(head, rows) -> str:
    """The first column to the left, the others to the right."""
    lines = [[str(cell) for cell in line] for line in (head, *rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]

    def text(line):
        cells = [line[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(line[1:], widths[1:]))]
        return "| " + " | ".join(cells) + " |"

    rule = "| " + " | ".join(
        ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]) + " |"
    return "\n".join([text(lines[0]), rule, *map(text, lines[1:])])


def verdict(value: float, target: float, smaller_is_better: bool) -> str:
    """"met", or "missed" with how far off it is."""
    if math.isnan(value):
        return "not measured"
    met = value <= target if smaller_is_better else value >= target
    if met:
        return "met"
    return f"missed by {abs(value - target) / target:.0%}"
