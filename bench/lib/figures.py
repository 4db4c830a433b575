"""The tables of ./dev bench proxy."""

from lib import samples, table, targets

_LATENCIES_OF = ("keepalive-1", "keepalive-16", "keepalive-64", "newconn", "names", "down-64k",
                 "websocket", "h2")


def _row_name(work) -> str:
    return work.title.rpartition(",")[0]


def medians(wanted, chosen, found) -> str:
    """The rows' figures, the medians over the rounds."""
    rows = [[work.title, *(table.number(targets.median(found[work.key][name], "figure"))
                           for name in chosen)] for work in wanted]
    return table.render(["work", *chosen], rows)


def costs(wanted, chosen, found) -> str:
    """Processor time of the proxy for each request, message or event."""
    rows = []
    for work in wanted:
        values = [targets.median(found[work.key][name], "cpu_us") for name in chosen]
        if not work.held and any(value == value for value in values):
            rows.append([_row_name(work), *(table.number(value, 1) for value in values)])
    return table.render(["processor time of the proxy, µs each", *chosen], rows)


def latencies(wanted, chosen, found) -> str:
    """p50 and p99 of the rows whose operations are short."""
    rows = []
    for work in wanted:
        if work.key not in _LATENCIES_OF:
            continue
        for which in ("p50", "p99"):
            rows.append([f"{_row_name(work)}: {which}"] + [
                table.number(samples.median([r["latency_us"][which]
                                             for r in found[work.key][name] if r["completed"]]))
                for name in chosen])
    return table.render(["latency, µs", *chosen], rows)


def spread(wanted, chosen, found) -> str:
    """The lowest and the highest round, which tell how noisy the machine was."""
    rows = []
    for work in wanted:
        line = [work.title]
        for name in chosen:
            figures = [r["figure"] for r in found[work.key][name]]
            line.append(f"{table.number(min(figures))} to {table.number(max(figures))}"
                        if figures else "–")
        rows.append(line)
    return table.render(["lowest and highest round", *chosen], rows)


def errors(found) -> str:
    """What failed in which run; or that nothing did."""
    wrong = [f"- {key} through {name}: {report['error_kinds']}" for key, peer in found.items()
             for name, reports in peer.items() for report in reports if report["errors"]]
    if wrong:
        return "Requests failed:\n\n" + "\n".join(wrong)
    return ("No request failed: every answer had the status and the whole body that were expected, "
            "and every certificate was verified and issued by the peer named.")


def judged(wanted, found) -> str:
    """The targets, met or missed."""
    titles = {work.key: _row_name(work) for work in wanted}
    return table.render(["target", "", "aileron", "the peer", "ratio", "said plainly"],
                        targets.lines(found, titles))
